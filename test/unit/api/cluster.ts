/**
 * A small cluster in one process for tests of the REST edge: the real rules and the real server on a loopback port; a
 * journal, volumes and exports in memory; messages that take no time.
 *
 * A host that is cut off is unreachable for all others, as behind a dead link. The first host holds the cluster's key;
 * what it signs is everybody's manifest at once.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Identity } from '../../../agent/api/identity/identity.ts'
import { noauth } from '../../../agent/api/identity/noauth.ts'
import { type Api, type ApiOptions, startApi } from '../../../agent/api/server.ts'
import { type Functions, withFunctions } from '../../../agent/backend/with-functions.ts'
import { createService } from '../../../agent/run/cluster-service.ts'
import type { LogHead } from '../../../lib/model/log.ts'
import { createRunner, type ReplicaCache, type Runner } from '../../../agent/run/runner.ts'
import { createManifestChanges } from '../../../agent/peer/manifest-changes.ts'
import { createMembership } from '../../../agent/peer/membership.ts'
import type { Service } from '../../../agent/run/service.ts'
import { createPeer } from '../../../lib/flows/restore.ts'
import { TIMINGS } from '../../../lib/flows/timings.ts'
import { LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { hashHex } from '../../../lib/model/hash.ts'
import { type PeerId, peerId } from '../../../lib/model/ids.ts'
import type { Manifest } from '../../../lib/model/manifest.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { leaving, stepDone } from '../../../lib/model/manifest-steps.ts'
import { DEFAULT_LIMITS, type Limits } from '../../../lib/model/quota.ts'
import { DEFAULT_TYPE_NAME } from '../../../lib/model/volume-type.ts'
import type { LogLevelName } from '../../../lib/wire/cinder/log-request.ts'
import { DEFAULT_PLACEMENT } from '../../../lib/placement/rank.ts'
import type { Backend } from '../../../lib/ports/backend.ts'
import type { Joining } from '../../../lib/ports/joining.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { Target } from '../../../lib/ports/target.ts'
import { FakeExports } from '../../sim/fakes/exports.ts'
import { existingPort, FakeVolumes, snapshotPort, UNWATCHED } from '../../sim/fakes/volumes.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON, or null for an empty body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes
  readonly body: any
}

export interface Sent {
  readonly method?: string
  readonly body?: unknown
  /** Sent as it is, in place of `body`. */
  readonly text?: string
  /** Null sends no token. */
  readonly token?: string | null
  readonly microversion?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestHost {
  readonly name: string
  readonly url: string
  /** What lies in its pool, `NAME@memory#pool`. */
  readonly volumes: FakeVolumes
  call(path: string, sent?: Sent): Promise<Answered>
  renew: Api['renew']
  /** Lets no message in or out. */
  cut(): void
  /** The connections of all others to it are seen as down. */
  down(): void
}

export interface TestCluster {
  readonly hosts: readonly TestHost[]
  readonly first: TestHost
  manifest(): Manifest
  /** The registers have moved: the step that is under way ends. */
  endStep(): Promise<void>
  /** The host goes at once: it has said that it holds nothing. */
  leave(name: string): Promise<void>
  stop(): Promise<void>
}

export const PROJECT = 'demo'
export const TYPE_ID = 'b1d2a9b0-6a52-4a0e-8f0e-6f7f2f3a1c10'
export const SHARED_TYPE_ID = '0f6f1d0e-58a5-4d9e-9a3c-1c9c6de9f001'

export interface ClusterOptions {
  readonly hosts?: number
  /** Hosts of the manifest that run; the others are down from the start. */
  readonly running?: number
  /** Founding hosts that the manifest waits for. */
  readonly expect?: number
  readonly limits?: Partial<Limits>
  readonly capacityGiB?: number
  readonly publicEndpoint?: string
  /** What operators say of the backends of these hosts, by name. */
  readonly functions?: Readonly<Record<string, Partial<Functions>>>
  /** Whether exports show that their volume has grown; they do if nothing is said. */
  readonly followsGrowth?: boolean
  /** Messages that never arrive. */
  readonly loses?: (message: PeerMessage) => boolean
  /** Unix milliseconds, of the edge alone. */
  readonly clock?: () => number
  /** What the edge is given in place of what it gets else: plain HTTP, and callers who say who they are. */
  readonly edge?: Partial<Pick<ApiOptions, 'requestsPerSecond' | 'tls' | 'log' | 'monoMs'>> & {
    readonly identity?: Identity | ((service: Service) => Identity)
  }
}

const NO_FUNCTIONS: Functions = { filterFunction: null, goodnessFunction: null }
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }

export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const count = options.hosts ?? 1
  const ids = Array.from({ length: count }, (_, index) => peerId(`peer-${index + 1}`))
  const cluster = { manifest: manifestOf(ids, options) }
  const runners = new Map<PeerId, Runner>()
  const dead = new Set<PeerId>()
  const logLevels = new Map<PeerId, LogLevelName>()
  const deliver = (from: PeerId, to: PeerId, message: PeerMessage): void => {
    if (options.loses?.(message) === true) return
    const runner = dead.has(from) || dead.has(to) ? undefined : runners.get(to)
    if (runner === undefined) queueMicrotask(() => runners.get(from)?.give({ kind: 'unreachable', to, message }))
    else runner.give({ kind: 'message', from, message: JSON.parse(JSON.stringify(message)) })
  }
  const changes = createManifestChanges({
    sign: (manifest) => ({ manifest, signature: '' }),
    signedManifest: () => ({ manifest: cluster.manifest, signature: '' }),
    onManifest: async ({ manifest }) => {
      cluster.manifest = manifest
      for (const runner of runners.values()) runner.give({ kind: 'manifest', manifest })
    },
  })
  const services: Service[] = []
  const apis: Api[] = []
  const hosts: TestHost[] = []
  const ready: Promise<void>[] = []
  for (const self of ids.slice(0, options.running ?? count)) {
    const { runner, peer, recovered, volumes } = createHost(self, cluster.manifest, options, deliver, runners)
    runners.set(self, runner)
    runner.start()
    ready.push(recovered)
    const service = createService(peer, runner, now)
    services.push(service)
    const membership = createMembership({
      changes: self === ids[0] ? changes : null,
      manifest: service.manifest,
      hosts: service.hosts,
      log: SILENT,
    })
    const api = await startApi({
      service,
      joining: noJoining(cluster.manifest),
      membership,
      log: SILENT,
      logLevel: async (host, wanted) => {
        if (host !== self && (dead.has(host) || dead.has(self) || !runners.has(host))) return null
        if (wanted !== null) logLevels.set(host, wanted)
        return logLevels.get(host) ?? 'info'
      },
      clock: options.clock ?? Date.now,
      monoMs: () => performance.now(),
      uuid: randomUUID,
      listen: { host: '127.0.0.1', port: 0 },
      tls: null,
      requestsPerSecond: 10_000,
      connectionsMax: 1000,
      publicEndpoint: options.publicEndpoint ?? null,
      ...options.edge,
      identity: identityFor(service, options),
    })
    apis.push(api)
    const down = (): void => {
      dead.add(self)
      for (const [other, runner] of runners) if (other !== self) runner.give({ kind: 'peer', peer: self, state: 'down' })
    }
    hosts.push(
      testHost({
        name: nameOf(cluster.manifest, self),
        url: `${options.edge?.tls ? 'https' : 'http'}://${api.address}:${api.port}`,
        volumes,
        renew: api.renew,
        cut: () => dead.add(self),
        down,
      }),
    )
  }
  for (const [self, runner] of runners)
    for (const other of runners.keys()) if (other !== self) runner.give({ kind: 'peer', peer: other, state: 'up' })
  await Promise.all(ready)
  await untilAllKnowPools(services, runners.size)
  const [first] = hosts
  if (first === undefined) throw new Error('a cluster needs a host')
  return {
    hosts,
    first,
    manifest: () => cluster.manifest,
    endStep: async () => void (await changes.change((manifest, prev) => ({ kind: 'next', manifest: stepDone(manifest, prev) }))),
    async leave(name) {
      await changes.change((manifest, prev) => {
        const next = leaving(manifest, name, prev)
        return next.ok ? { kind: 'next', manifest: next.manifest } : { kind: 'refused', refusal: next.problem }
      })
    },
    async stop() {
      await Promise.all(apis.map((api) => api.close()))
      await Promise.all([...runners.values()].map((runner) => runner.stop()))
    },
  }
}

function identityFor(service: Service, { edge }: ClusterOptions): Identity {
  const identity = edge?.identity ?? noauth
  return typeof identity === 'function' ? identity(service) : identity
}

/** A host that has just started tells what it has a moment later. */
async function untilAllKnowPools(services: readonly Service[], count: number): Promise<void> {
  const isMet = (): boolean => services.every((service) => new Set(service.pools().map(({ peer }) => peer)).size === count)
  while (!isMet()) await new Promise((resolve) => setImmediate(resolve))
}

function createHost(
  self: PeerId,
  manifest: Manifest,
  options: ClusterOptions,
  deliver: (from: PeerId, to: PeerId, message: PeerMessage) => void,
  runners: ReadonlyMap<PeerId, Runner>,
) {
  const rng = {
    hex: (bytes: number) => randomBytes(bytes).toString('hex'),
    below: (below: number) => randomBytes(4).readUInt32LE() % below,
  }
  const signatureOf = (peer: PeerId, text: string): string => hashHex('signature', peer, text)
  const { promise: recovered, resolve: onReady } = promiseOf()
  const peer = createPeer(
    {
      self,
      manifest,
      rng,
      signer: { sign: (text) => signatureOf(self, text), verify: (peer, text, signature) => signature === signatureOf(peer, text) },
      secretOf: (iqn) => hashHex('secret', self, iqn).slice(0, 16),
      isNew: true,
      placement: DEFAULT_PLACEMENT,
      rules: LEDGER_RULES,
      timings: TIMINGS,
      portal: '192.0.2.1:3260',
      version: 'test',
      api: '',
    },
    [],
    { heads: [], records: [] },
  )
  const volumes = new FakeVolumes(options.capacityGiB ?? 100, UNWATCHED)
  const functions = options.functions?.[nameOf(manifest, self)]
  const runner = createRunner({
    peer,
    journal: { entries: () => [], write: () => Promise.resolve(), close: () => Promise.resolve() },
    replica: keptAtOnce(),
    network: {
      send: (to, message) => deliver(self, to, message),
      publish: (beat) => {
        for (const [other, to] of runners) if (other !== self) to.give({ kind: 'beat', beat })
      },
    },
    backends: [withFunctions(memoryBackend(volumes, options.capacityGiB ?? 100), { ...NO_FUNCTIONS, ...functions })],
    target: memoryTarget(options.followsGrowth ?? true),
    log: SILENT,
    now,
    onJournalError: (error) => {
      throw error
    },
    clientsMax: 100,
    callTimeoutMs: 60_000,
    lookMs: null,
    reconcileMs: 3_600_000,
    onReady,
  })
  return { peer, runner, recovered, volumes }
}

function promiseOf(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

const now = () => ({ wallMs: Date.now(), monoMs: performance.now() })
const nameOf = (manifest: Manifest, peer: PeerId): string => manifest.hosts.find((host) => host.peer === peer)?.name ?? ''

function manifestOf(ids: readonly PeerId[], options: ClusterOptions): Manifest {
  return {
    cluster: '6e0a6d8c-6d2f-4ff8-bf59-8f0f1a2b3c4d',
    epoch: 1,
    prev: '',
    expect: options.expect ?? ids.length,
    voting: { epoch: (options.expect ?? 0) > ids.length ? 0 : 1, former: null },
    hosts: ids.map((peer, index) => {
      return { peer, name: `alpha${index + 1}`, addrs: [], zone: `zone-${index + 1}`, voter: true, state: 'member' }
    }),
    left: [],
    types: [
      { id: TYPE_ID, name: DEFAULT_TYPE_NAME, description: null, extraSpecs: {} },
      { id: SHARED_TYPE_ID, name: 'shared', description: 'for two', extraSpecs: { multiattach: '<is> True' } },
    ],
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  }
}

function noJoining(manifest: Manifest): Joining {
  return {
    invite: async (ttlMs) => ({ ok: true, value: { token: 'invite-1', expiresAtMs: Date.UTC(2030, 0, 1) + ttlMs } }),
    signedManifest: () => ({ manifest, signature: '' }),
  }
}

function memoryBackend(volumes: FakeVolumes, capacityGiB: number): Backend {
  return {
    name: 'memory',
    isLasting: true,
    measure: async () =>
      done([
        {
          pool: 'pool',
          state: 'up',
          totalGiB: capacityGiB - volumes.existingGiB(),
          capabilities: {
            total_capacity_gb: capacityGiB - volumes.existingGiB(),
            free_capacity_gb: capacityGiB - volumes.usedGiB(),
            reserved_percentage: 0,
            max_over_subscription_ratio: 1,
            thin_provisioning_support: false,
            thick_provisioning_support: true,
            volume_backend_name: 'memory',
            storage_protocol: 'iSCSI',
            multiattach: true,
            online_extend_support: true,
          },
        },
      ]),
    create: async (volume, tags) => emptied(volumes.create(volume, tags)),
    copy: async (volume, source, tags) => emptied(volumes.copy(volume, source, tags)),
    extend: async (volume) => emptied(volumes.extend(volume)),
    retag: async (volume, project) => emptied(volumes.retag(volume, project)),
    remove: async (volume) => emptied(volumes.remove(volume)),
    inspect: async (volume) => volumes.inspect(volume),
    list: async () => done(volumes.list()),
    quarantine: async (volume) => emptied(volumes.quarantine(volume)),
    ...snapshotPort(volumes),
    ...existingPort(volumes, 'pool'),
    devicePath: (volume) => `/memory/${volume}`,
    wake: async () => done(undefined),
  }
}

function memoryTarget(followsGrowth: boolean): Target {
  const exports = new FakeExports({ onExpose() {}, onLogin() {}, onWrite() {} })
  return {
    portal: '192.0.2.1:3260',
    followsGrowth,
    expose: async (spec) => emptied(exports.expose(spec)),
    fence: async (iqn) => emptied(exports.fence(iqn)),
    list: async () => done(exports.list()),
  }
}

function emptied(outcome: Outcome<null>): Outcome<void> {
  return outcome.kind === 'ok' ? done(undefined) : outcome
}

function testHost(host: Omit<TestHost, 'call'>): TestHost {
  const { url } = host
  return {
    ...host,
    async call(path, sent = {}) {
      const { method = 'GET', body, text, token = `user:${PROJECT}`, microversion = '3.71', headers = {} } = sent
      const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(token === null ? {} : { 'x-auth-token': token }),
          'openstack-api-version': `volume ${microversion}`,
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(payload === undefined ? {} : { body: payload }),
      })
      const received = await response.text()
      return { status: response.status, headers: response.headers, body: received === '' ? null : JSON.parse(received) }
    },
  }
}

/** A machine with other things to do takes its time; what never comes is told before the test's own time is over. */
const PATIENCE_MS = 20_000

/** Looks again until it is so. @throws if it never is */
export async function eventually<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  const endMs = performance.now() + PATIENCE_MS
  for (;;) {
    const seen = await look()
    if (isSo(seen)) return seen
    if (performance.now() > endMs) throw new Error(`it never came about; last seen: ${JSON.stringify(seen)}`)
  }
}

/** Asks again until the volume has the status. @throws if it never does */
export function until(host: TestHost, id: string, status: string): Promise<Answered> {
  return untilStatus(host, 'volume', id, status)
}

/** Asks again until the snapshot has the status. @throws if it never does */
export function untilSnapshot(host: TestHost, id: string, status: string): Promise<Answered> {
  return untilStatus(host, 'snapshot', id, status)
}

function untilStatus(host: TestHost, kind: 'volume' | 'snapshot', id: string, status: string): Promise<Answered> {
  const show = () => host.call(`/v3/${PROJECT}/${kind}s/${id}`)
  return eventually(show, (answer) => (answer.status === 404 ? status === 'gone' : answer.body[kind]?.status === status))
}

/** A volume that is ready to use. */
export async function createVolume(host: TestHost, volume: object = {}): Promise<Answered['body']> {
  const created = await host.call(`/v3/${PROJECT}/volumes`, { method: 'POST', body: { volume: { size: 1, name: 'v', ...volume } } })
  if (created.status !== 202) throw new Error(`create: ${created.status} ${JSON.stringify(created.body)}`)
  const ready = await until(host, created.body.volume.id, 'available')
  return ready.body.volume
}

/** A disk on which everything is at once. */
function keptAtOnce(): ReplicaCache {
  let told: (heads: readonly LogHead[]) => void = () => undefined
  return {
    put: (head) => told([head]),
    watch: (tell) => {
      told = tell
    },
  }
}
