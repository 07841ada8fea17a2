/**
 * One chaos run: a cluster is formed, clients work, faults are made; then all is healed, comes to rest, and is audited.
 *
 * The same for the command and for the tests. What it finds is a value; only what keeps it from running at all is thrown.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.ts'
import type { Host } from '../cluster/host.ts'
import { mountDisk, type SmallDisk } from '../cluster/mounts.ts'
import type { ProcessEnd } from '../cluster/process.ts'
import { audit, type Storage } from '../load/audit.ts'
import { type Finding, finding, type Ledger, newLedger } from '../load/ledger.ts'
import { untilAtRest } from '../load/rest.ts'
import { attachWitness, type Witness } from '../load/witness.ts'
import { work } from '../load/work.ts'
import { Random } from '../sim/random.ts'
import type { World } from './faults.ts'
import { createKeeper } from './keeper.ts'
import { drillFaults } from './drill.ts'
import { type Memory, memoryOf } from './memory.ts'
import { type Hits, type Plan, unleash } from './nemesis.ts'

export interface ChaosRun {
  readonly cluster: Cluster
  readonly seed: string
  readonly plan: Plan
  readonly workers: number
  /** What hosts keep of a volume; only files are exported. */
  readonly storage: Storage
  /** How many hosts have a folder on a disk that can be filled; they are mounted before the cluster is formed. */
  readonly disks: number
  readonly tell: (line: string) => void
  /** Aborted: no fault begins any more and no agent is started; whoever aborts stops the cluster. */
  readonly signal: AbortSignal
}

export interface ChaosEnd {
  readonly hits: Readonly<Hits>
  /** Faults of drills by kind, in the order of the alphabet. */
  readonly drilled: ReadonlyMap<string, number>
  readonly ledger: Ledger
  readonly findings: readonly Finding[]
  readonly volumes: number
  /** When the load began, and when the faults ended. */
  readonly memory: readonly [Memory, Memory]
  /** Of the faults, and from the heal until everything was at rest and audited. */
  readonly tookMs: { readonly faults: number; readonly rest: number }
}

const PROJECT = 'chaos'
const DISK_BYTES = 4 * 1024 ** 3
/** While faults are made a request may find no end. */
const PATIENCE_MS = 24 * 3600 * 1000
const FINISH_MS = 120_000
const AUDIT_WITHIN_MS = 40_000
const AUDIT_EVERY_MS = 1000

export async function runChaos(run: ChaosRun): Promise<ChaosEnd> {
  const { cluster, storage } = run
  const disks = new Map<string, SmallDisk>()
  for (const host of cluster.hosts.slice(0, run.disks)) disks.set(host.name, await mountDisk(host.directory, DISK_BYTES))
  await cluster.form()
  const ledger = newLedger()
  const witness = storage === 'file' ? await attachWitness(cluster, PROJECT) : null
  if (witness !== null) ledger.promised.push(witness.promised)

  const startMs = performance.now()
  const say = sayer(run, startMs)
  const onEnd = (host: Host, end: ProcessEnd): void => {
    const how = end.signal ?? `exit code ${end.exitCode}`
    say(`the agent of ${host.name} ended by itself: ${how}`)
    ledger.surprises.push(finding('wrong', `the agent of ${host.name} ended by itself with ${how}; log: ${host.logFile}`, 'agent-failed'))
  }
  const over = new AbortController()
  const signal = AbortSignal.any([run.signal, over.signal])
  const keeper = createKeeper(cluster.hosts, onEnd)
  run.signal.addEventListener('abort', () => keeper.stop())
  const world: World = { cluster, keeper, disks, tell: say }
  try {
    const random = new Random(run.seed)
    const load = startLoad(run, ledger, random, () => over.abort())
    const { done, hits } = unleash(world, run.plan, random.split('nemesis'), signal)
    const before = memoryOf(cluster.hosts)
    await done
    const memory: [Memory, Memory] = [before, memoryOf(cluster.hosts)]
    const healMs = performance.now()
    await healAll(world)
    await load.finish(FINISH_MS)
    const found = await findingsAtRest(run, ledger, witness)
    const drilled = drillFaults(cluster.hosts)
    return { hits, drilled, ledger, memory, tookMs: { faults: healMs - startMs, rest: performance.now() - healMs }, ...found }
  } finally {
    keeper.stop()
  }
}

interface Load {
  /** Resolves when every worker has had its last answer, or with those that wait for it when the time is up. */
  finish(withinMs: number): Promise<void>
}

/** Clients at work; one that fails calls `onFailure`. */
function startLoad(run: ChaosRun, ledger: Ledger, random: Random, onFailure: () => void): Load {
  const clients = run.cluster.hosts.map((_, k) => run.cluster.client(k, PROJECT))
  const isTargetFailing = run.plan.kinds.some((kind) => kind === 'tgtd' || kind === 'reboot')
  const working = new Set<string>()
  let isOver = false
  const workers = Array.from({ length: run.workers }, async (_, w) => {
    const name = `w${w}`
    const worker = {
      name,
      clients,
      random: random.split(name),
      ledger,
      isExporting: run.storage === 'file',
      isTargetFailing,
      patienceMs: PATIENCE_MS,
    }
    working.add(name)
    try {
      await work(worker, () => isOver)
    } catch (error) {
      ledger.surprises.push(finding('wrong', `${name}: ${error instanceof Error ? error.message : String(error)}`))
      onFailure()
    }
    working.delete(name)
  })
  return {
    async finish(withinMs) {
      isOver = true
      await Promise.race([Promise.all(workers), pause(withinMs, undefined, { ref: false })])
      for (const name of working)
        ledger.surprises.push(finding('wrong', `${name} still waits for an answer ${withinMs / 1000} s after the heal`, `${name}-`))
    },
  }
}

async function healAll({ cluster, keeper, tell }: World): Promise<void> {
  tell('heal')
  await cluster.heal()
  await keeper.untilAllReady()
  await cluster.settled()
}

async function findingsAtRest(
  { cluster, storage }: ChaosRun,
  ledger: Ledger,
  witness: Witness | null,
): Promise<{ readonly findings: readonly Finding[]; readonly volumes: number }> {
  let volumes: Awaited<ReturnType<typeof untilAtRest>>
  try {
    volumes = await untilAtRest(cluster, PROJECT)
  } catch (error) {
    return { findings: [...ledger.surprises, finding('wrong', error instanceof Error ? error.message : String(error))], volumes: 0 }
  }
  const endsAtMs = performance.now() + AUDIT_WITHIN_MS
  let findings = await audit(cluster, PROJECT, ledger, volumes, storage)
  // Targets of a tgtd that came back are made again a moment later; what a client was told never gets better.
  while (findings.length > ledger.surprises.length && performance.now() < endsAtMs) {
    await pause(AUDIT_EVERY_MS)
    findings = await audit(cluster, PROJECT, ledger, volumes, storage)
  }
  const reread = await witness?.reread()
  const isReread = reread === undefined || reread.ok
  return {
    findings: isReread ? findings : [...findings, finding('lost', `the witness reads other bytes: ${reread.text}`)],
    volumes: volumes.length,
  }
}

/** Says each fault with its time, and keeps it beside the logs. */
function sayer({ cluster, tell }: ChaosRun, startMs: number): (line: string) => void {
  return (line) => {
    const timed = `${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${line}`
    appendFileSync(join(cluster.folder, 'faults.log'), `${new Date().toISOString()} ${line}\n`)
    tell(timed)
  }
}
