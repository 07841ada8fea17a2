/**
 * One peer at work: its rules, its hands and its clock. Carries effects to the ports and brings their outcomes back.
 *
 * The rules begin at once, and recover: what lies on the host is given to them when all of it could be listed, and not
 * before, because what a listing left out would be taken for lost.
 */
import type { HostLook } from '../../lib/model/existing.ts'
import type { PeerId, PoolName, VolumeId } from '../../lib/model/ids.ts'
import type { LogHead, PublishedRecord } from '../../lib/model/log.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import type { Beat } from '../../lib/model/host.ts'
import { hostOf } from '../../lib/model/manifest.ts'
import type { AbortSignalLike, Backend } from '../../lib/ports/backend.ts'
import type { Journal } from '../../lib/ports/journal.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Network } from '../../lib/ports/network.ts'
import { done, type Outcome } from '../../lib/ports/outcome.ts'
import type { Target } from '../../lib/ports/target.ts'
import type { BackendCall, BackendOutcome, Effect, Now, PeerEvent, TargetCall, TargetOutcome } from '../../lib/flows/step.ts'
import { queueOf } from '../../lib/flows/step.ts'
import type { Peer } from '../../lib/flows/tables.ts'
import { assertNever } from '../../lib/model/invariant.ts'
import { LUN } from '../../lib/flows/owner/work.ts'
import { createJobs } from './jobs.ts'
import { createLoop } from './loop.ts'
import { settled } from './port-call.ts'
import { createSurvey } from './survey.ts'

/** A cache of the other owners' records; whatever it loses is fetched again. */
export interface ReplicaCache {
  put(head: LogHead, records: readonly PublishedRecord[], gone: readonly VolumeId[], whole: boolean): void
  /** `tell` hears what of it is on the disk. */
  watch(tell: (heads: readonly LogHead[]) => void): void
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
  /** Of one call to a backend or a target. */
  readonly callTimeoutMs: number
  /** Between looks at what the target exports, after the first, which is at the bytes that lie here too; null for no more than that. */
  readonly lookMs: number | null
  /** Between looks at the bytes that lie here. */
  readonly reconcileMs: number
  /** Called once, when the host has recovered and told the others so. */
  readonly onReady: () => void
}

export interface Runner {
  give(event: PeerEvent): void
  ask(request: ClientRequest): Promise<ClientReply>
  /** The rules begin; what lies here is measured and listed in the background. */
  start(): void
  stop(): Promise<void>
}

const MEASURE_MS = 10_000
/** After a look at the start that came to nothing: the host takes part in nothing before one succeeds. */
const LOOK_AGAIN_MS = 5000
const JOBS_AT_ONCE = 16

export function createRunner(options: RunnerOptions): Runner {
  const { peer, backends, target, log, network } = options
  const hostName = (): string => hostOf(peer.options.manifest, peer.self)?.name ?? ''
  const timeLimit = (): AbortSignalLike => AbortSignal.timeout(options.callTimeoutMs)
  const survey = createSurvey({ backends, target, log, hostName, timeLimit })
  const jobs = createJobs({ atOnce: JOBS_AT_ONCE })
  const clients = new Map<string, { readonly request: ClientRequest; readonly resolve: (reply: ClientReply) => void }>()
  const rounds = new Set<NodeJS.Timeout>()
  let clientCount = 0
  let around: Promise<HostLook> | null = null
  let isReady = false
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
        network.publish(effect.beat)
        return noteState(effect.beat.state)
      case 'reply': {
        clients.get(effect.id)?.resolve(effect.reply)
        clients.delete(effect.id)
        return
      }
      case 'replicate':
        return options.replica.put(effect.head, effect.records, effect.gone, effect.whole)
      case 'note':
        return log[effect.level](effect.event, effect.fields)
      case 'backend':
        return runBackend(effect.job, effect.volume, effect.call)
      case 'target':
        return runTarget(effect.job, effect.volume, effect.call)
      case 'look':
        return lookAround(effect.to, effect.ref)
      case 'timer':
      case 'cancel':
      case 'publish':
        return
      default:
        return assertNever(effect)
    }
  }

  function noteState(state: Beat['state']): void {
    if (isReady || state === 'recovering') return
    isReady = true
    options.onReady()
  }

  function runBackend(job: string, volume: VolumeId, call: BackendCall): void {
    jobs.run(queueOf(volume, call), async () => {
      const outcome = await settled(callBackend(backendOf(volume), call, timeLimit()))
      loop.give({ kind: 'backend', job, volume, call, outcome })
    })
  }

  function runTarget(job: string, volume: VolumeId, call: TargetCall): void {
    jobs.run(volume, async () => {
      const outcome = await settled(callTarget(volume, call))
      loop.give({ kind: 'target', job, volume, call, outcome })
    })
  }

  /** One look at a time, whoever asks: all that ask while it lasts get what it finds. */
  function lookAround(to: PeerId, ref: string): void {
    around ??= survey.lookAround().finally(() => {
      around = null
    })
    void around.then((look) => loop.give({ kind: 'looked', to, ref, look }))
  }

  /** The backend that the volume's record names; for what has no record, the one that listed it. */
  function backendOf(volume: VolumeId): Backend | null {
    const pool = peer.owned.get(volume)?.volume.pool ?? null
    return (pool === null ? survey.listedBy(volume) : backends.find((backend) => backendNameOf(pool) === backend.name)) ?? null
  }

  async function callTarget(volume: VolumeId, call: TargetCall): Promise<TargetOutcome> {
    // Where nothing can be exported there is nothing to cut off either.
    if (target === null && call.kind === 'fence') return done(null)
    if (target === null) return { kind: 'failed', tool: 'target', detail: 'this host has no iSCSI target configured (target.kind: none)' }
    if (call.kind === 'fence') return emptied(await target.fence(call.iqn, timeLimit()))
    const backend = backendOf(volume)
    if (backend === null) return { kind: 'failed', tool: 'target', detail: 'the volume has no backend on this host' }
    const woken = await backend.wake(volume, timeLimit())
    if (woken.kind !== 'ok') return woken
    const devicePath = backend.devicePath(volume)
    const { kind: _, ...spec } = call
    return emptied(await target.expose({ ...spec, lun: LUN, devicePath }, timeLimit()))
  }

  async function measure(): Promise<void> {
    loop.give({ kind: 'measured', pools: await survey.measure() })
  }

  /** Exports alone, or the bytes too: listing those may cost a second of LVM. */
  async function look(isWhole: boolean): Promise<boolean> {
    const found = isWhole ? await survey.list() : await survey.listExports()
    if (found !== null) loop.give({ kind: 'found', ...found })
    return found !== null
  }

  /** Measured first: where bytes are taken on again, their pool has to be known. */
  async function begin(): Promise<void> {
    await measure()
    every(MEASURE_MS, measure)
    await lookFirst()
  }

  async function lookFirst(): Promise<void> {
    const isFound = stopped || (await look(true))
    if (!isFound) return later(LOOK_AGAIN_MS, lookFirst)
    if (options.lookMs !== null) every(options.lookMs, () => look(false))
    every(options.reconcileMs, () => look(true))
  }

  /** Calls again and again, never twice at once; ends with `stop`. */
  function every(ms: number, work: () => Promise<unknown>): void {
    later(ms, async () => {
      await work()
      every(ms, work)
    })
  }

  function later(ms: number, work: () => Promise<void>): void {
    if (stopped) return
    const round = setTimeout(() => {
      rounds.delete(round)
      void work()
    }, ms)
    rounds.add(round)
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
    start() {
      loop.give({ kind: 'start' })
      options.replica.watch((heads) => loop.give({ kind: 'kept', heads }))
      void begin()
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

function callBackend(backend: Backend | null, call: BackendCall, signal: AbortSignalLike): Promise<BackendOutcome> {
  if (backend === null) return Promise.resolve({ kind: 'failed', tool: 'backend', detail: 'no backend of this host has this volume' })
  switch (call.kind) {
    case 'create':
      return backend.create(call.volume, call.tags, signal).then(emptied)
    case 'copy':
      return backend.copy(call.volume, call.source, call.tags, signal).then(emptied)
    case 'extend':
      return backend.extend(call.volume, signal).then(emptied)
    case 'revert':
      return backend.revert(call.volume, call.snapshot, call.rid, signal).then(emptied)
    case 'retag':
      return backend.retag(call.volume, call.project, signal).then(emptied)
    case 'remove':
      return backend.remove(call.volume, signal).then(emptied)
    case 'adopt':
      return backend.adopt(call.volume, call.name, call.tags, signal).then(emptied)
    case 'release':
      return backend.release(call.volume, signal).then(emptied)
    case 'inspect':
      return backend.inspect(call.volume, signal)
    case 'quarantine':
      return backend.quarantine(call.volume, signal).then(emptied)
    case 'create-snapshot':
      return backend.createSnapshot(call.snapshot, call.tags, signal).then(emptied)
    case 'remove-snapshot':
      return backend.removeSnapshot(call.snapshot, signal).then(emptied)
    case 'adopt-snapshot':
      return backend.adoptSnapshot(call.snapshot, call.name, call.tags, signal).then(emptied)
    case 'release-snapshot':
      return backend.releaseSnapshot(call.snapshot, signal).then(emptied)
    case 'inspect-snapshot':
      return backend.inspectSnapshot(call.snapshot, signal)
    case 'quarantine-snapshot':
      return backend.quarantineSnapshot(call.snapshot, signal).then(emptied)
    default:
      return assertNever(call)
  }
}

function emptied(outcome: Outcome<void>): Outcome<null> {
  return outcome.kind === 'ok' ? done(null) : outcome
}

function backendNameOf(pool: PoolName): string {
  return pool.slice(pool.indexOf('@') + 1, pool.indexOf('#'))
}

function refusal(request: ClientRequest, failure: Extract<ClientReply['result'], { ok: false }>['failure']): ClientReply {
  const result = { ok: false, failure } as const
  const isFind = request.kind === 'find-attachment' || request.kind === 'find-transfer' || request.kind === 'find-group-snapshot'
  return { kind: isFind ? 'find' : request.kind, result }
}
