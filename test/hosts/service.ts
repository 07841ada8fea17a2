/** A daemon in a guest, as a service manager would keep it: its id in `/run`, its output in a file of this machine. */
import type { Guest } from './guest.ts'

export interface Service {
  /** Resolves when its process is there; it may not be ready yet. */
  start(): Promise<void>
  /** Resolves when it is gone. @throws if it does not go within half a minute */
  stop(signal: 'TERM' | 'KILL'): Promise<void>
  isRunning(): Promise<boolean>
}

/** @param command text for sh, of one program. Its output goes to `/lab/<name>.log` */
export function createService(guest: Guest, name: string, command: string): Service {
  const pidFile = `/run/lab-${name}.pid`
  return {
    async start() {
      // The shell's id becomes that of the program. An id of before is none: whoever looks must find this one.
      const begin = `rm -f ${pidFile}; setsid sh -c 'echo $$ > ${pidFile}; exec ${command}' >> /lab/${name}.log 2>&1 < /dev/null &`
      await guest.must(`${begin} for look in $(seq 300); do [ -s ${pidFile} ] && exit 0; sleep 0.1; done; exit 1`)
    },
    async stop(signal) {
      const gone = 'for look in $(seq 300); do kill -0 $pid 2> /dev/null || exit 0; sleep 0.1; done; echo "it does not end" >&2; exit 1'
      await guest.must(`pid=$(cat ${pidFile}) || exit 1; kill -${signal} $pid; ${gone}`)
    },
    isRunning: async () => (await guest.run(`kill -0 $(cat ${pidFile})`)).code === 0,
  }
}
