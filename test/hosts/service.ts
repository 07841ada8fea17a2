/**
 * A daemon in a guest, as a service manager would keep it: its id in `/run`, its output and its end in files of this machine.
 *
 * That it has ended is told by a file, for a question to the guest costs it as much as a fair part of the daemon's own start.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Guest } from './guest.ts'

export interface Service {
  /** Resolves when its process is there; it may not be ready yet. */
  start(): Promise<void>
  /** Resolves when it is gone. @throws if it does not go within half a minute */
  stop(signal: 'TERM' | 'KILL'): Promise<void>
  /** It ended by itself, or was stopped; a power cut leaves nobody who could say so. */
  hasEnded(): boolean
}

/** @param command text for sh, of one program. Its output goes to `/lab/<name>.log` */
export function createService(guest: Guest, name: string, command: string): Service {
  const pidFile = `/run/lab-${name}.pid`
  const ended = `${name}.ended`
  return {
    async start() {
      rmSync(join(guest.outbox, ended), { force: true })
      // An id of before is none: whoever looks must find this one.
      const keep = `${command} & echo $! > ${pidFile}; wait $!; echo $? > /lab/${ended}`
      const begin = `rm -f ${pidFile}; setsid sh -c '${keep}' >> /lab/${name}.log 2>&1 < /dev/null &`
      await guest.must(`${begin} for look in $(seq 300); do [ -s ${pidFile} ] && exit 0; sleep 0.1; done; exit 1`)
    },
    async stop(signal) {
      const gone = `for look in $(seq 300); do [ -e /lab/${ended} ] && exit 0; sleep 0.1; done; echo "it does not end" >&2; exit 1`
      await guest.must(`pid=$(cat ${pidFile}) || exit 1; kill -${signal} $pid; ${gone}`)
    },
    hasEnded: () => existsSync(join(guest.outbox, ended)),
  }
}
