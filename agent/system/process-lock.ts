/**
 * One process per folder: a file that holds the process id and the moment it started.
 *
 * A lock whose process is gone is taken over; the start time tells a live owner from a stranger that got the same id.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'

export type Lock = { readonly ok: true; release(): void } | { readonly ok: false; readonly pid: number }

/** @throws if the folder cannot be written */
export function takeLock(file: string): Lock {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, nameOf(process.pid), { flag: 'wx', mode: 0o600 })
      return { ok: true, release: () => rmSync(file, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const holder = liveHolder(file)
      if (holder !== null) return { ok: false, pid: holder }
      rmSync(file, { force: true })
    }
  }
  return { ok: false, pid: liveHolder(file) ?? 0 }
}

/** Notes a process that this one has started, for `liveHolder` to find after a crash. */
export function noteProcess(file: string, pid: number): void {
  writeFileSync(file, nameOf(pid), { mode: 0o600 })
}

/** Id of the process that the file names, or null if it has ended. */
export function liveHolder(file: string): number | null {
  const [pidText, started] = readText(file).split(' ')
  const pid = Number(pidText)
  return Number.isInteger(pid) && pid > 0 && started === startedAt(pid) ? pid : null
}

function nameOf(pid: number): string {
  return `${pid} ${startedAt(pid)}`
}

/** Clock ticks from boot to the start of the process (field 22 of proc_pid_stat(5)); empty if there is none. */
function startedAt(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  // The name in field 2 may hold spaces and brackets: count from the last bracket.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}
