/** What Linux says of a running process. */
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100
const MIB = 1024

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / MIB
}

/** Processor time so far, of all threads, in the kernel and out of it. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

const LOOK_MS = 1000
const QUIET_LOOKS = 3
const LOOKS_MAX = 20

/** Once it has stopped changing by more than a hundredth (or after 20 s): what it holds when nobody asks anything. */
export async function settledMiB(pid: number): Promise<number> {
  let last = residentMiB(pid)
  for (let looks = 0, quiet = 0; looks < LOOKS_MAX && quiet < QUIET_LOOKS; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    const now = residentMiB(pid)
    quiet = Math.abs(now - last) < last / 100 ? quiet + 1 : 0
    last = now
  }
  return last
}
