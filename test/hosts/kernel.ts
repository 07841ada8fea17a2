/**
 * The processes of one guest: a User-mode Linux kernel, from its start to its power cut.
 *
 * They are in a process namespace of their own, which dies with the one that was started here, which dies with us:
 * nothing of it can be left behind. Nothing inside hears of the end; what it had flushed is in the files of its disks.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type RunningProcess, startProcess } from '../cluster/process.ts'
import type { Plug } from './network.ts'

export interface KernelPlan {
  readonly name: string
  readonly role: 'storage' | 'compute'
  /** Folder of its own. */
  readonly folder: string
  /** Folder that the guest sees as `/lab`. */
  readonly outbox: string
  readonly consoleFile: string
  readonly plug: Plug
  /** Goes before a command that is to run in the network of the lab. */
  readonly enter: readonly string[]
  readonly memoryMiB: number
  /** Files of its disks: `/dev/ubda`, `/dev/ubdb` … */
  readonly disks: readonly string[]
}

export interface Kernel {
  isRunning(): boolean
  /** Aborted when it has ended, however. */
  readonly gone: AbortSignal
  /** Resolves when no process of it is left. */
  cutPower(): Promise<void>
}

const CHECKOUT = join(import.meta.dirname, '..', '..', '..')
const INIT = join(CHECKOUT, 'test', 'hosts', 'guest', 'init.sh')
const END_MS = 10_000

export function startKernel({ name, role, folder, outbox, consoleFile, plug, enter, memoryMiB, disks }: KernelPlan): Kernel {
  const kernel = startProcess(
    [
      ...enter,
      ...['unshare', '--pid', '--fork', '--kill-child=KILL', '--'],
      // A kernel that panics ends itself by a signal, which the first process of a namespace would not even notice.
      ...['sh', '-c', '"$@"; exit', 'sh', 'linux.uml', `mem=${memoryMiB}M`],
      // The kernel empties this folder at its start.
      ...[`umid=${name}`, `uml_dir=${join(folder, 'ids')}/`],
      ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${INIT}`, 'con=null', 'con0=fd:0,fd:1'],
      ...disks.map((file, k) => `ubd${k}=${file}`),
      `vec0:transport=tap,ifname=${plug.tap},mac=${plug.mac},depth=128,gro=1`,
      // What the kernel does not know becomes the environment of its first process.
      ...[`LAB_NAME=${name}`, `LAB_ROLE=${role}`, `LAB_ADDRESS=${plug.address}/${plug.prefix}`],
      ...[`LAB_CHECKOUT=${CHECKOUT}`, `LAB_OUTBOX=${outbox}`, `LAB_NODE=${dirname(process.execPath)}`],
    ],
    consoleFile,
  )
  const gone = new AbortController()
  void kernel.ended.then(() => gone.abort(new Error(`${name} has lost its power`)))
  return { isRunning: kernel.isRunning, gone: gone.signal, cutPower: () => cutPower(kernel) }
}

/** The first process of the namespace takes all others with it; the one that we started ends when the last of them is gone. */
async function cutPower(kernel: RunningProcess): Promise<void> {
  const insist = setTimeout(() => kernel.signal('SIGKILL'), END_MS)
  if (kernel.isRunning()) for (const pid of childrenOf(kernel.pid)) kill(pid)
  await kernel.ended
  clearTimeout(insist)
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
}
