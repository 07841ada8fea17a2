/**
 * One process per folder: a file that holds the process id and the moment it started.
 *
 * A lock whose process is gone is taken over; the start time tells a live owner from a stranger that got the same id. A
 * zombie is gone too: it waits for a parent to take note, and in a container the first process may never do so.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

export type Lock =
  | { readonly ok: true; release(): void }
  /** `isEnding`: the holder was killed and the kernel still takes it apart, its ports and files among the rest. */
  | { readonly ok: false; readonly pid: number; readonly isEnding: boolean }

/** PF_EXITING of the kernel's include/linux/sched.h, in field 9 of proc_pid_stat(5). */
const EXITING = 0x4
/** For a holder that was killed a moment ago. */
const ENDS_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 20

/** @throws if the folder cannot be written */
export function takeLock(file: string): Lock {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, nameOf(process.pid), { flag: 'wx', mode: 0o600 })
      return { ok: true, release: () => rmSync(file, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const holder = liveHolder(file)
      if (holder !== null) return heldBy(holder)
      rmSync(file, { force: true })
    }
  }
  return heldBy(liveHolder(file) ?? 0)
}

/** Like `takeLock`, and waits for a holder that is ending already: who starts again right after a kill is not to be sent away. */
export async function takeLockWhenOver(file: string): Promise<Lock> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const lock = takeLock(file)
    if (lock.ok || !lock.isEnding || waitedMs >= ENDS_WITHIN_MS) return lock
    await setTimeout(LOOK_EVERY_MS)
  }
}

/** Notes a process that this one has started, for `liveHolder` to find after a crash. */
export function noteProcess(file: string, pid: number): void {
  writeFileSync(file, nameOf(pid), { mode: 0o600 })
}

/** Id of the process that the file names, or null if it has ended. */
export function liveHolder(file: string): number | null {
  const [pidText, started] = readText(file).split(' ')
  const pid = Number(pidText)
  return Number.isInteger(pid) && pid > 0 && started !== '' && started === startedAt(pid) ? pid : null
}

function heldBy(pid: number): Lock {
  return { ok: false, pid, isEnding: (Number(statOf(pid)[6]) & EXITING) !== 0 }
}

function nameOf(pid: number): string {
  return `${pid} ${startedAt(pid)}`
}

/** Clock ticks from boot to the start of the process (field 22 of proc_pid_stat(5)); empty if it has ended or never was. */
function startedAt(pid: number): string {
  const fields = statOf(pid)
  const hasEnded = fields[0] === 'Z' || fields[0] === 'X'
  return hasEnded ? '' : (fields[19] ?? '')
}

/** Field 3 and those that follow. */
function statOf(pid: number): readonly string[] {
  const stat = readText(`/proc/${pid}/stat`)
  // The name in field 2 may hold spaces and brackets: count from the last bracket.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}
