/** The faults that backends make on purpose in a run without storage, and how often each of them came. */
import { textAt } from '../cluster/client.ts'
import type { Host } from '../cluster/host.ts'

/** Parts of the calls in percent; a third of them meets something. */
export const DRILL = { failBeforePercent: 6, failAfterPercent: 5, unknownPercent: 8, hangPercent: 8, slowPercent: 8, slowMsMax: 2000 }

/** Kinds as they are logged, the calls that they met put together. */
export function drillFaults(hosts: readonly Host[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of hosts.flatMap((host) => host.logged('drill-fault'))) {
    const fault = textAt(line, 'fault')
    counts.set(fault, (counts.get(fault) ?? 0) + 1)
  }
  return new Map([...counts].sort())
}
