/** What the agents of a run hold in memory, as Linux counts it. */
import { readFileSync } from 'node:fs'
import type { Host } from '../cluster/host.ts'

export interface Memory {
  readonly meanMiB: number
  readonly mostMiB: number
}

export function memoryOf(hosts: readonly Host[]): Memory {
  const each = hosts.flatMap((host) => (host.isRunning() ? residentMiB(host.pid() ?? 0) : []))
  return {
    meanMiB: Math.round(each.reduce((sum, one) => sum + one, 0) / Math.max(1, each.length)),
    mostMiB: Math.round(Math.max(0, ...each)),
  }
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? 0) / 1024
}
