/** Runs a rival (`main.js --bare`) as a process of its own, so that it is measured as an agent is. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AGENT_NODE_FLAGS } from '../../lib/config/node-flags.ts'

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url))

export interface Rival {
  readonly pid: number
  readonly address: { readonly host: string; readonly port: number }
  /** From its start until it listened. */
  readonly startMs: number
  stop(): Promise<void>
}

/** @param body file or folder that the rival works with */
export async function startRival(kind: 'route' | 'agent', body: string): Promise<Rival> {
  const beganMs = performance.now()
  const child = spawn(process.execPath, [...AGENT_NODE_FLAGS, PROGRAM, '--bare', kind, '--body', body], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const port = await Promise.race([
    new Promise<number>((resolve) => child.stdout.once('data', (line) => resolve(Number(String(line))))),
    ended.then(() => Promise.reject(new Error(`the rival ${kind} did not start`))),
  ])
  return {
    pid: child.pid ?? 0,
    address: { host: '127.0.0.1', port },
    startMs: performance.now() - beganMs,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
