/**
 * What a process that the agent starts knows of the world: nothing of the agent's own environment.
 *
 * Equal on every host and in every login, so that a tool's output can be parsed: no locale, no proxy, no PATH of a user.
 */
export const COMMAND_ENVIRONMENT: Readonly<Record<string, string>> = {
  // Debian keeps lvm and tgtd in sbin, which the PATH of a plain user leaves out.
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  HOME: '/',
  // lvm complains on stderr about each open descriptor that it inherits.
  LVM_SUPPRESS_FD_WARNINGS: '1',
}
