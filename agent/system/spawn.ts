/**
 * Starts processes that live beside the agent, under the same rules as commands: no shell, a fixed environment.
 *
 * Keeps only the end of what a daemon writes to its standard error, so that one that talks for weeks costs nothing.
 */
import { execa } from 'execa'
import type { Log } from '../../lib/ports/log.ts'
import type { DaemonEnd, Spawn } from '../../lib/ports/exec.ts'
import { COMMAND_ENVIRONMENT } from './environment.ts'

const STDERR_CHARS_MAX = 4096

export function createSpawn(options: { readonly log: Log }): Spawn {
  const { log } = options
  return ({ file, args }) => {
    const running = execa(file, [...args], {
      shell: false,
      extendEnv: false,
      preferLocal: false,
      env: COMMAND_ENVIRONMENT,
      cwd: '/',
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
      buffer: false,
      encoding: 'utf8',
      reject: false,
      cleanup: true,
    })
    let tail = ''
    running.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-STDERR_CHARS_MAX)
    })
    const exited = running.then((result): DaemonEnd => {
      const missing = result.code === 'ENOENT'
      const end = { exitCode: result.exitCode ?? null, stderr: tail === '' ? (result.originalMessage ?? '') : tail, missing }
      log.info('daemon-ended', { file, args, pid: running.pid ?? null, ...end })
      return end
    })
    log.info('daemon-started', { file, args, pid: running.pid ?? null })
    return {
      pid: running.pid ?? null,
      exited,
      async stop() {
        // tgtd does not end on SIGTERM while it has targets, and none of ours has anything to lose.
        running.kill('SIGKILL')
        await exited
      },
    }
  }
}
