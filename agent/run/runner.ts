/**
 * One peer at work: its rules, its hands and its clock. Carries effects to the ports and brings their outcomes back.
 */
import type { PeerId, PoolName, VolumeId } from '../../lib/model/ids.ts'
import { poolName, volumeId } from '../../lib/model/ids.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import { hostOf } from '../../lib/model/manifest.ts'
import type { AbortSignalLike, Backend, BackendVolume } from '../../lib/ports/backend.ts'
import type { Journal } from '../../lib/ports/journal.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Network } from '../../lib/ports/network.ts'
import { done, type Outcome } from '../../lib/ports/outcome.ts'
import type { Target } from '../../lib/ports/target.ts'
import type { BackendCall, BackendOutcome, Effect, MeasuredPool, Now, PeerEvent, TargetCall, TargetOutcome } from '../../lib/flows/step.ts'
import type { Peer } from '../../lib/flows/tables.ts'
import { assertNever } from '../../lib/model/invariant.ts'
import { LUN } from '../../lib/flows/owner/work.ts'
import { createJobs } from './jobs.ts'
import { createLoop } from './loop.ts'

/** A cache of the other owners' records; whatever it loses is fetched again. */
export interface ReplicaCache {
  put(owner: PeerId, epoch: number, upTo: number, records: Extract<Effect, { kind: 'replicate' }>['records']): void
}

export interface RunnerOptions {
  readonly peer: Peer
  readonly journal: Journal
  readonly replica: ReplicaCache
  readonly network: Network
  readonly backends: readonly Backend[]
  /** Null where nothing can be attached. */
  readonly target: Target | null
  readonly log: Log
  readonly now: () => Now
  /** Fatal: the journal could not be written. */
  readonly onJournalError: (error: unknown) => void
  readonly clientsMax: number
  /** Between looks at what the target exports; null where there is no target. */
  readonly lookMs: number | null
}

export interface Runner {
  give(event: PeerEvent): void
  ask(request: ClientRequest): Promise<ClientReply>
  /** Measures, lists what lies here, and starts the rules. */
  start(): Promise<void>
  stop(): Promise<void>
}

const MEASURE_MS = 10_000
const CALL_TIMEOUT_MS = 60_000
const JOBS_AT_ONCE = 16

export function createRunner(options: RunnerOptions): Runner {
  const { peer, backends, target, log, network } = options
  const jobs = createJobs({ atOnce: JOBS_AT_ONCE })
  const clients = new Map<string, { readonly request: ClientRequest; readonly resolve: (reply: ClientReply) => void }>()
  const strays = new Map<VolumeId, Backend>()
  const rounds: NodeJS.Timeout[] = []
  let clientCount = 0
  let stopped = false

  const loop = createLoop(peer, peer.self, {
    now: options.now,
    write: (batch) => options.journal.write(batch),
    perform,
    onJournalError: options.onJournalError,
  })

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return network.send(effect.to, effect.message)
      case 'gossip':
        return network.publish(effect.beat)
      case 'reply': {
        clients.get(effect.id)?.resolve(effect.reply)
        clients.delete(effect.id)
        return
      }
      case 'replicate':
        return options.replica.put(effect.owner, effect.epoch, effect.upTo, effect.records)
      case 'note':
        return log[effect.level](effect.event, effect.fields)
      case 'backend':
        return runBackend(effect.job, effect.volume, effect.call)
      case 'target':
        return runTarget(effect.job, effect.volume, effect.call)
      case 'timer':
      case 'cancel':
      case 'publish':
        return
      default:
        return assertNever(effect)
    }
  }

  function runBackend(job: string, volume: VolumeId, call: BackendCall): void {
    jobs.run(volume, async () => {
      const outcome = await settled(callBackend(backendOf(volume), call))
      loop.give({ kind: 'backend', job, volume, call, outcome })
    })
  }

  function runTarget(job: string, volume: VolumeId, call: TargetCall): void {
    jobs.run(volume, async () => {
      const outcome = await settled(callTarget(volume, call))
      loop.give({ kind: 'target', job, volume, call, outcome })
    })
  }

  /** The backend that the volume's record names; for what has no record, the one that listed it. */
  function backendOf(volume: VolumeId): Backend | null {
    const pool = peer.owned.get(volume)?.volume.pool ?? null
    return (pool === null ? strays.get(volume) : backends.find((backend) => backendNameOf(pool) === backend.name)) ?? null
  }

  async function callTarget(volume: VolumeId, call: TargetCall): Promise<TargetOutcome> {
    // Where nothing can be exported there is nothing to cut off either.
    if (target === null && call.kind === 'fence') return done(null)
    if (target === null) return { kind: 'failed', tool: 'target', detail: 'this host has no iSCSI target configured (target.kind: none)' }
    if (call.kind === 'fence') return emptied(await target.fence(call.iqn, timeLimit()))
    const devicePath = backendOf(volume)?.devicePath(volume)
    if (devicePath === undefined) return { kind: 'failed', tool: 'target', detail: 'the volume has no backend on this host' }
    const { kind: _, ...spec } = call
    return emptied(await target.expose({ ...spec, lun: LUN, devicePath }, timeLimit()))
  }

  async function measure(): Promise<void> {
    const hostName = hostOf(peer.options.manifest, peer.self)?.name ?? ''
    const pools: MeasuredPool[] = []
    for (const backend of backends) {
      const outcome = await settled(backend.measure(timeLimit()))
      if (outcome.kind === 'ok')
        pools.push(...outcome.value.map((pool) => ({ ...pool, name: poolName(hostName, backend.name, pool.pool) })))
      else log.warn('backend-not-measured', { backend: backend.name, tool: outcome.tool, detail: outcome.detail })
    }
    loop.give({ kind: 'measured', pools })
  }

  async function look(): Promise<void> {
    const outcome = target === null ? done<readonly string[]>([]) : await settled(target.list(timeLimit()))
    if (outcome.kind === 'ok') loop.give({ kind: 'found', exports: outcome.value })
    else log.error('exports-not-listed', { tool: outcome.tool, detail: outcome.detail })
  }

  async function listVolumes(): Promise<readonly VolumeId[] | null> {
    const ids: VolumeId[] = []
    for (const backend of backends) {
      const outcome = await settled(backend.list(timeLimit()))
      if (outcome.kind !== 'ok') {
        log.error('volumes-not-listed', { backend: backend.name, tool: outcome.tool, detail: outcome.detail })
        return null
      }
      for (const { id } of outcome.value) {
        ids.push(volumeId(id))
        strays.set(id, backend)
      }
    }
    return ids
  }

  /** Calls again and again, never twice at once; ends with `stop`. */
  function every(ms: number, work: () => Promise<void>): void {
    const round = setTimeout(() => {
      void work().finally(() => {
        rounds.splice(rounds.indexOf(round), 1)
        if (!stopped) every(ms, work)
      })
    }, ms)
    rounds.push(round)
  }

  return {
    give: loop.give,
    ask(request) {
      if (stopped) return Promise.resolve(refusal(request, { code: 'recovering', host: peer.self }))
      if (clients.size >= options.clientsMax) {
        return Promise.resolve(refusal(request, { code: 'overloaded', queue: 'clients', limit: options.clientsMax }))
      }
      clientCount += 1
      const id = `client-${clientCount}`
      return new Promise((resolve) => {
        clients.set(id, { request, resolve })
        loop.give({ kind: 'client', id, request })
      })
    },
    async start() {
      await measure()
      const volumes = await listVolumes()
      const exports = target === null ? done<readonly string[]>([]) : await settled(target.list(timeLimit()))
      loop.give({ kind: 'start', volumes, exports: exports.kind === 'ok' ? exports.value : null })
      every(MEASURE_MS, measure)
      if (options.lookMs !== null) every(options.lookMs, look)
    },
    async stop() {
      stopped = true
      for (const round of rounds) clearTimeout(round)
      loop.stop()
      for (const { request, resolve } of clients.values()) resolve(refusal(request, { code: 'recovering', host: peer.self }))
      clients.clear()
      await jobs.idle()
    },
  }
}

function callBackend(backend: Backend | null, call: BackendCall): Promise<BackendOutcome> {
  if (backend === null) return Promise.resolve({ kind: 'failed', tool: 'backend', detail: 'no backend of this host has this volume' })
  switch (call.kind) {
    case 'create':
      return backend.create(call.volume, timeLimit()).then(emptied)
    case 'extend':
      return backend.extend(call.volume, timeLimit()).then(emptied)
    case 'remove':
      return backend.remove(call.volume, timeLimit()).then(emptied)
    case 'inspect':
      return backend.inspect(call.volume, timeLimit())
    case 'quarantine':
      return backend.quarantine(call.volume, timeLimit()).then(emptied)
    default:
      return assertNever(call)
  }
}

/** A port never rejects; if one does all the same, nobody knows what it did. */
async function settled<Value>(outcome: Promise<Outcome<Value>>): Promise<Outcome<Value>> {
  try {
    return await outcome
  } catch (error) {
    return { kind: 'unknown', tool: 'agent', detail: error instanceof Error ? error.message : String(error) }
  }
}

function emptied(outcome: Outcome<void>): Outcome<null> & Outcome<BackendVolume | null> {
  return outcome.kind === 'ok' ? done(null) : outcome
}

function timeLimit(): AbortSignalLike {
  return AbortSignal.timeout(CALL_TIMEOUT_MS)
}

function backendNameOf(pool: PoolName): string {
  return pool.slice(pool.indexOf('@') + 1, pool.indexOf('#'))
}

function refusal(request: ClientRequest, failure: Extract<ClientReply['result'], { ok: false }>['failure']): ClientReply {
  const result = { ok: false, failure } as const
  return { kind: request.kind === 'find-attachment' ? 'find' : request.kind, result }
}
