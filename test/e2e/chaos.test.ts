/**
 * A short chaos run, the same as `npm run chaos` but for its size: real agents in networks of their own, under load, with every
 * kind of fault at least once; then nothing may be lost, doubled or leaked.
 */
import t from 'tap'
import { FAULT_KINDS } from '../chaos/faults.ts'
import { runChaos } from '../chaos/run.ts'
import { findingText, hitsText } from '../chaos/report.ts'
import { createCluster } from '../cluster/cluster.ts'
import { countsText } from '../load/ledger.ts'

const SEED = 'chaos-1'
const KILLS = 25
const WORKERS = 8
const DISKS = 2
const HOSTS = ['a', 'b', 'c', 'd', 'e']
const ROOMY_GIB = 100_000

t.setTimeout(600_000)

t.test(
  'agents and target daemons killed, agents stopped, links cut both ways and one way, a disk full: every promise is kept',
  async (t) => {
    const capacityGiB = HOSTS.map(() => ROOMY_GIB)
    const cluster = await createCluster({ names: HOSTS, namespaces: true, volumesApart: true, capacityGiB, lookIntervalMs: 1000 })
    const stopping = new AbortController()
    let isPassed = false
    t.teardown(async () => {
      stopping.abort()
      const left = await cluster.stop({ keep: !isPassed })
      if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
    })
    t.comment(`seed ${SEED}; logs: ${cluster.folder}`)
    const plan = { kills: KILLS, minMs: 0, kinds: FAULT_KINDS }
    const { signal } = stopping
    const end = await runChaos({ cluster, seed: SEED, plan, workers: WORKERS, storage: 'file', disks: DISKS, tell: () => undefined, signal })
    t.comment(`${(end.tookMs.faults / 1000).toFixed(0)} s of faults, at rest ${(end.tookMs.rest / 1000).toFixed(1)} s after the heal`)
    t.comment(`faults: ${hitsText(end.hits)}`)
    t.comment(`operations: ${countsText(end.ledger)}`)
    t.same(
      end.findings.map((finding) => findingText(finding, cluster.folder)),
      [],
      'nothing is lost, doubled or leaked',
    )
    for (const kind of FAULT_KINDS) t.ok(end.hits[kind] > 0, `${kind} happened`)
    const { counts } = end.ledger
    t.ok(counts.created > KILLS && counts.attached > 5 && counts.deleted > 5 && counts.extended > 5, 'there was load', counts)
    isPassed = t.passing()
  },
)
