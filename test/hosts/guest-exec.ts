/** The exec port on a test host: the code under test runs here, with a debugger and a coverage; its commands run there. */
import { COMMAND_ENVIRONMENT } from '../../agent/system/environment.ts'
import type { Exec } from '../../lib/ports/exec.ts'
import type { Guest } from './guest.ts'

/** What `timeout` ends with when the time was up. */
const TIME_IS_UP: readonly number[] = [124, 137]
const NOT_FOUND = 127
/** A host without power says nothing: to whoever sent the command its end is unknown. */
const NO_ANSWER = { exitCode: null, stdout: '', timedOut: false, missing: false } as const

export function guestExec(guest: Guest): Exec {
  const environment = Object.entries(COMMAND_ENVIRONMENT).map(([name, value]) => `${name}=${value}`)
  return async ({ file, args, timeoutMs }) => {
    try {
      const { code, stdout, stderr } = await guest.run(['env', '-i', ...environment, file, ...args], { timeoutMs })
      if (TIME_IS_UP.includes(code)) return { ...NO_ANSWER, stdout, stderr, timedOut: true }
      return { exitCode: code, stdout, stderr, timedOut: false, missing: code === NOT_FOUND }
    } catch (error) {
      return { ...NO_ANSWER, stderr: error instanceof Error ? error.message : String(error) }
    }
  }
}
