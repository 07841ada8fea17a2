/**
 * One host of a lab: a kernel of its own that can lose its power and boot again, disks that stay, and commands that run in it.
 *
 * Only what was flushed to its disks survives; the root file system is the machine's own under a layer in memory.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../cluster/process.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { type CommandEnd, runInGuest } from './command.ts'
import { type Kernel, type KernelPlan, startKernel } from './kernel.ts'
import type { Plug } from './network.ts'

export interface GuestPlan extends Pick<KernelPlan, 'name' | 'role' | 'folder' | 'plug' | 'enter' | 'memoryMiB'> {
  /** Sizes of its disks, of which a compute host has none: `/dev/ubda` for volumes, `/dev/ubdb` at `/var/lib/scoria`. */
  readonly dataGiB: number
  readonly stateGiB: number
}

export interface RunOptions {
  /** Then it is ended, and the code is 124 or 137. */
  readonly timeoutMs?: number
}

export interface Guest {
  readonly name: string
  readonly address: string
  readonly plug: Plug
  /** Folder of the machine that the guest sees as `/lab`, and may write to; a power cut takes nothing of it. */
  readonly outbox: string
  readonly consoleFile: string
  /** Resolves when it takes commands. @throws with the end of its console if it does not */
  boot(): Promise<void>
  /** What was not flushed to a disk is gone. Resolves when no process of the host is left. */
  powerCut(): Promise<void>
  isUp(): boolean
  /** Program and arguments, or a text for sh. @throws if no answer comes: whether it was done is not known then */
  run(command: readonly string[] | string, options?: RunOptions): Promise<CommandEnd>
  /** For whoever expects that it succeeds. @returns what it printed. @throws with what it said */
  must(command: readonly string[] | string, options?: RunOptions): Promise<string>
}

const COMMAND_MS = 60_000
const BOOT_MS = 120_000
const CONSOLE_LINES_SHOWN = 12
const GIB = 1024 ** 3

export async function createGuest({ dataGiB, stateGiB, ...plan }: GuestPlan): Promise<Guest> {
  const { name, role, folder, plug, enter } = plan
  const { address } = plug
  const outbox = join(folder, 'outbox')
  const consoleFile = join(folder, 'console.log')
  mkdirSync(outbox, { recursive: true, mode: 0o700 })
  const disks = role === 'storage' ? await makeDisks(folder, dataGiB, stateGiB) : []
  let kernel: Kernel | null = null

  const run: Guest['run'] = async (command, { timeoutMs = COMMAND_MS } = {}) => {
    if (kernel === null) throw new Error(`${name} has no power`)
    return await runInGuest({ command, timeoutMs, enter, address, signal: kernel.gone })
  }
  const isAnswering = async (): Promise<undefined | NotYet> => {
    if (kernel?.isRunning() !== true) throw new Error('its kernel ended')
    if (!existsSync(join(outbox, 'up'))) return new NotYet('its first process is not through')
    return run(['true'], { timeoutMs: 5000 }).then(
      () => undefined,
      (error: unknown) => new NotYet(String(error)),
    )
  }
  const powerCut = async (): Promise<void> => {
    const ending = kernel
    kernel = null
    await ending?.cutPower()
  }
  return {
    name,
    address,
    plug,
    outbox,
    consoleFile,
    async boot() {
      if (kernel !== null) throw new Error(`${name} has power already`)
      rmSync(join(outbox, 'up'), { force: true })
      kernel = startKernel({ ...plan, outbox, consoleFile, disks })
      try {
        await waitFor(`${name} takes commands`, isAnswering, { timeoutMs: BOOT_MS })
      } catch (error) {
        await powerCut()
        throw new Error(`${name} does not boot: ${error instanceof Error ? error.message : error}\n${lastLines(consoleFile)}`, {
          cause: error,
        })
      }
    },
    powerCut,
    isUp: () => kernel?.isRunning() === true,
    run,
    async must(command, options) {
      const { code, stdout, stderr } = await run(command, options)
      if (code === 0) return stdout
      const text = typeof command === 'string' ? command : command.join(' ')
      throw new Error(`${name}: ${text} ended with ${code}: ${stderr.trim() || stdout.trim()}`)
    },
  }
}

async function makeDisks(folder: string, dataGiB: number, stateGiB: number): Promise<readonly string[]> {
  const data = await makeDisk(join(folder, 'data.img'), dataGiB)
  const state = await makeDisk(join(folder, 'state.img'), stateGiB)
  const made = await runCommand('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=1,lazy_journal_init=1', state])
  if (made.exitCode !== 0) throw new Error(`mkfs.ext4 ${state}: ${made.stderr}`)
  return [data, state]
}

/** Takes no room until it is written to. */
async function makeDisk(file: string, gib: number): Promise<string> {
  const disk = await open(file, 'wx', 0o600)
  try {
    await disk.truncate(gib * GIB)
  } finally {
    await disk.close()
  }
  return file
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-CONSOLE_LINES_SHOWN).join('\n')
}
