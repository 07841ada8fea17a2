/** What a swarm has to say, as text: failures that can be repeated, throughput, and how often each fault hit. */
import { faultCounts } from './faults.ts'
import type { Failed, SwarmResult } from './swarm.ts'

const FACTS_MAX = 4000

export function formatFailure({ seed, options, failure }: Failed, bug: number | null): string {
  const facts = JSON.stringify(failure.facts) ?? ''
  return [
    `seed ${seed}: ${failure.message}`,
    `options   ${JSON.stringify(options)}`,
    `facts     ${facts.length > FACTS_MAX ? `${facts.slice(0, FACTS_MAX)}…` : facts}`,
    'the last events:',
    ...failure.trace.map((line) => `  ${line}`),
    `repeat with: npm run sim -- --seed ${seed}${bug === null ? '' : ` --bug ${bug}`} --verbose`,
  ].join('\n')
}

export function formatSwarm({ runs, failed, events, elapsedMs, repeated, restMs, hits, tookMs }: SwarmResult): string {
  const seconds = tookMs / 1000
  const rest = restMs.toSorted((a, b) => a - b)
  const at = (part: number): string => `${((rest[Math.floor((rest.length - 1) * part)] ?? 0) / 1000).toFixed(1)} s`
  const faults = faultCounts(hits)
  const other = Object.entries(hits).filter(([name]) => !faults.some(({ fault }) => fault === name))
  return [
    ...faults.map(({ group, fault, hits: count }) => `${String(count).padStart(10)}  ${group.padEnd(8)} ${fault}`),
    '',
    ...other.map(([fault, count]) => `${String(count).padStart(10)}  ${fault}`),
    '',
    `${runs} schedules in ${seconds.toFixed(1)} s: ${(runs / seconds).toFixed(0)} schedules/s, ${(events / seconds / 1000).toFixed(0)}k events/s, ${Math.round(events / Math.max(1, runs))} events each`,
    `${(elapsedMs / 3_600_000).toFixed(1)} cluster-hours; at rest after p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)}`,
    `${repeated} seeds ran twice with equal traces; ${failed.length} of ${runs} failed`,
  ].join('\n')
}
