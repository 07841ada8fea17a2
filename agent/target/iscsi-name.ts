/**
 * Names of the iSCSI world, as every target of this project reads them.
 *
 * What does not look like a name that this project makes is not ours: it is neither listed nor fenced.
 */

/** RFC 3720 3.2.6. Targets match names exactly; what has no such form would never log in, and tgtd takes `ALL` for an address. */
const ISCSI_NAME = /^(iqn\.\d{4}-\d{2}\.[A-Za-z0-9][A-Za-z0-9.:_-]*|eui\.[0-9A-Fa-f]{16}|naa\.[0-9A-Fa-f]{16}([0-9A-Fa-f]{16})?)$/
const NAME_CHARS_MAX = 223

/** An export of ours; the group is its volume (see exportIqn of the model). */
const OUR_IQN = /^iqn\.2026-01\.io\.scoria:volume-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+$/

export function isIscsiName(name: string): boolean {
  return ISCSI_NAME.test(name) && name.length <= NAME_CHARS_MAX
}

/** Id of the volume that this IQN exports; null: not one of ours. */
export function volumeOfIqn(iqn: string): string | null {
  return OUR_IQN.exec(iqn)?.[1] ?? null
}
