/**
 * npm run chaos -- [--kills N] [--seed TEXT] [--minutes N] [--agents N] [--backend none] [--keep]
 *
 * Exit 0 when nothing was lost, doubled or leaked; 1 with the first violation and its lines in the logs. However it ends,
 * Ctrl-C too, no process, namespace or mount is left.
 */
import { randomBytes } from 'node:crypto'
import { type Cluster, type ClusterOptions, createCluster } from '../cluster/cluster.ts'
import { DRILL } from './drill.ts'
import { FAULT_KINDS, WITHOUT_TARGETS } from './faults.ts'
import { countsText } from '../load/ledger.ts'
import type { Memory } from './memory.ts'
import { type ChaosOptions, parseChaosOptions, USAGE } from './options.ts'
import { drilledText, findingText, hitsText, verdictText } from './report.ts'
import { type ChaosEnd, runChaos } from './run.ts'

const INTERRUPTED = 130
const WRONG_USE = 2
const WORKERS = 12
const DISKS = 2
const MINUTE_MS = 60_000
const HOSTS = ['a', 'b', 'c', 'd', 'e']
const ROOMY_GIB = 100_000
/** Findings besides the first, and how much of each. */
const OTHERS_MAX = 20
const TEXT_CHARS = 400

async function main(args: readonly string[]): Promise<number> {
  const options = parseChaosOptions(args, () => randomBytes(4).toString('hex'))
  if (typeof options === 'string') {
    print(`${options}\n\n${USAGE}`)
    return WRONG_USE
  }
  if (options.agents === null && process.getuid?.() !== 0) {
    print('Namespaces, mounts and tgtd need root: sudo npm run chaos (or --agents N, which needs nothing)')
    return 1
  }
  const cluster = await createCluster(clusterOf(options))
  print(`seed ${options.seed}; ${cluster.hosts.length} agents; logs: ${cluster.folder}`)
  const stopping = new AbortController()
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve('interrupted'))
  })
  try {
    const end = await Promise.race([runChaos(runOf(cluster, options, stopping.signal)), interrupted])
    if (end !== 'interrupted') return await finish(cluster, end, options)
    stopping.abort()
    print('interrupted: stopping and removing everything')
    await cluster.stop({ keep: options.isKept })
    return INTERRUPTED
  } catch (error) {
    print(`FAILED: ${error instanceof Error ? error.message : String(error)}\nlogs: ${cluster.folder}/*.log`)
    await cluster.stop({ keep: true })
    return 1
  }
}

function clusterOf({ agents, storage, seed }: ChaosOptions): ClusterOptions {
  const names = agents === null ? HOSTS : Array.from({ length: agents }, (_, k) => `h${k + 1}`)
  const capacityGiB = names.map(() => ROOMY_GIB)
  if (storage === 'file') return { names, namespaces: true, volumesApart: true, capacityGiB, lookIntervalMs: 1000 }
  const kept = storage === 'drill' ? { drill: { seed, ...DRILL } } : { backend: 'none' as const }
  return { names, namespaces: agents === null, capacityGiB, ...kept }
}

function runOf(cluster: Cluster, options: ChaosOptions, signal: AbortSignal): Parameters<typeof runChaos>[0] {
  const { seed, kills, minutes, agents, storage } = options
  const onNetworks = storage === 'file' ? FAULT_KINDS : WITHOUT_TARGETS
  const plan = { kills, minMs: minutes * MINUTE_MS, kinds: agents === null ? onNetworks : kills > 0 ? (['stop'] as const) : [] }
  return { cluster, seed, plan, workers: WORKERS, storage, disks: agents === null ? DISKS : 0, tell: print, signal }
}

async function finish(cluster: Cluster, end: ChaosEnd, { isKept, seed }: ChaosOptions): Promise<number> {
  const { findings, ledger, hits, drilled, tookMs, memory, volumes } = end
  const [first, ...others] = findings
  print(
    `\nseed ${seed}: ${(tookMs.faults / 1000).toFixed(0)} s of faults, at rest and audited ${(tookMs.rest / 1000).toFixed(1)} s after the heal`,
  )
  const perS = (ledger.counts.created / (tookMs.faults / 1000)).toFixed(1)
  print(`load: ${perS} creates/s; agents hold ${memoryText(memory[0])} at its begin, ${memoryText(memory[1])} at its end`)
  print(`faults: ${hitsText(hits)}`)
  if (drilled.size > 0) print(`faults of the backends: ${drilledText(drilled)}`)
  print(`operations: ${countsText(ledger)}; ${volumes} volumes at the end`)
  const told = first === undefined ? null : findingText(first, cluster.folder)
  const left = await cluster.stop({ keep: isKept || first !== undefined })
  print(verdictText(findings))
  if (told !== null) print(`\n${told}\nlogs: ${cluster.folder}/*.log`)
  for (const { kind, text } of others.slice(0, OTHERS_MAX)) print(`also ${kind}: ${text.slice(0, TEXT_CHARS)}`)
  if (left.length > 0) print(`left behind:\n${left.join('\n')}`)
  return first === undefined && left.length === 0 ? 0 : 1
}

function memoryText({ meanMiB, mostMiB }: Memory): string {
  return `${meanMiB} MiB (at most ${mostMiB})`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

process.exit(await main(process.argv.slice(2)))
