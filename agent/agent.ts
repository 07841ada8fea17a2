/**
 * Puts one agent together: the only place that knows every room.
 *
 * Start: files, hands, journal, replica, rules, network, door, REST. Stop: the same in reverse, so that nothing is asked
 * of a part that is gone. Whatever was started when a later part fails is stopped again. The rules recover meanwhile: REST
 * answers at once, and until they have, with 503 to whatever needs this host.
 */
import { formatHostPort } from '../lib/config/address.ts'
import type { AgentConfig } from '../lib/config/agent-config.ts'
import { directoryFiles } from '../lib/config/directory.ts'
import { createPeer } from '../lib/flows/restore.ts'
import type { Peer } from '../lib/flows/tables.ts'
import { TIMINGS } from '../lib/flows/timings.ts'
import { LEDGER_RULES } from '../lib/ledger/rules.ts'
import type { SignedManifest } from '../lib/model/manifest.ts'
import type { Exec } from '../lib/ports/exec.ts'
import type { Log } from '../lib/ports/log.ts'
import type { Network } from '../lib/ports/network.ts'
import { startApi } from './api/server.ts'
import { type ClusterFiles, openClusterFiles } from './cluster-files.ts'
import { openBackends, openTarget } from './hands.ts'
import { isNewHost, withMarker } from './new-host.ts'
import { signerOf } from './peer/identity.ts'
import { createJoining } from './peer/joining.ts'
import { createManifestChanges } from './peer/manifest-changes.ts'
import { createMembership } from './peer/membership.ts'
import { type RunningNetwork, startNetwork } from './peer/network.ts'
import { createStepper } from './peer/stepper.ts'
import { createService } from './run/cluster-service.ts'
import { createRunner, type Runner } from './run/runner.ts'
import { StartProblem } from './start-problem.ts'
import { openJournal, type OpenedJournal } from './store/journal.ts'
import { openReplica, type ReplicaStore } from './store/replica.ts'
import { type CertificatePair, namesOfHost, readCertificate, selfSignedCertificate } from './system/certificate.ts'
import { watchCertificate } from './system/certificate-watch.ts'
import { systemClock } from './system/clock.ts'
import { writeDurably } from './system/durable-file.ts'
import { createExec } from './system/exec.ts'
import type { SwitchedLog } from './system/log.ts'
import { openFilesMax } from './system/open-files.ts'
import { systemRng, systemUuid } from './system/random.ts'
import { randomBytes } from 'node:crypto'
import { VERSION } from './version.ts'
import { openIdentity } from './who-may-call.ts'

export interface AgentDeps {
  readonly log: SwitchedLog
  /** The agent can't go on (its journal failed): the process must end. */
  readonly onFatal: (error: unknown) => void
}

export interface RunningAgent {
  /** `host:port` that the REST API listens on. */
  readonly api: string
  stop(): Promise<void>
}

const SPACE_LOOK_MS = 5000
/** Of the API. One that asks nothing costs some kilobytes for ten seconds; ten thousand of them shut nobody out. */
const CONNECTIONS_MAX = 16_000
const CONNECTIONS_LEAST = 100
/** Files that are not the API's connections. */
const OTHER_FILES = 1024
/** Twice this until bytes that are gone, or that nobody knows, are noticed. */
const RECONCILE_MS = 120_000

/** @throws StartProblem with one line that names the remedy */
export async function startAgent(config: AgentConfig, deps: AgentDeps): Promise<RunningAgent> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last()
  }
  try {
    const api = await startParts(config, deps, stops)
    return { api, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(config: AgentConfig, deps: AgentDeps, stops: (() => Promise<void>)[]): Promise<string> {
  const { log } = deps
  const exec = createExec({ log })
  const places = directoryFiles(config.directory)
  const files = await openClusterFiles(places, log)
  const backends = await openBackends(config, exec, log)
  const { target, stop: stopTarget } = await openTarget(config, exec, log)
  stops.push(stopTarget)

  const journal = await startProblemOf(openJournal({ directory: `${config.directory}/journal`, log, onFatal: deps.onFatal }))
  stops.push(() => journal.close())
  const replica = await startProblemOf(openReplica({ directory: `${config.directory}/replica`, log }))
  stops.push(() => replica.close())

  const isNew = await isNewHost(places.newMarker, journal)
  const peer = restorePeer({ config, files, isNew }, journal, replica)
  const recovered = promiseOf()
  const late: { network: RunningNetwork | null } = { network: null }
  const network: Network = { send: (to, message) => late.network?.send(to, message), publish: (beat) => late.network?.publish(beat) }
  const runner = createRunner({
    peer,
    journal: isNew ? withMarker(journal, places.newMarker) : journal,
    replica,
    network,
    backends,
    target,
    log,
    now: systemClock.now,
    onJournalError: deps.onFatal,
    clientsMax: config.limits.maxClients,
    callTimeoutMs: config.limits.callTimeoutMs,
    reconcileMs: RECONCILE_MS,
    lookMs: config.target.kind === 'none' ? null : config.target.lookIntervalMs,
    onReady: recovered.resolve,
  })
  stops.push(() => runner.stop())
  // Before the network, so that the first thing that the rules hear is that they begin.
  runner.start()

  const onManifest = async (signed: SignedManifest): Promise<void> => {
    if (!(await files.takeManifest(signed))) return
    runner.give({ kind: 'manifest', manifest: signed.manifest })
    late.network?.manifestChanged()
  }
  late.network = await startProblemOf(
    startNetwork({
      identity: files.identity,
      swarmKey: files.swarmKey,
      manifest: () => files.signedManifest().manifest,
      signedManifest: files.signedManifest,
      listen: config.peer.listen,
      announce: config.peer.announce,
      handlers: handlersOf(runner),
      logLevel: log.level,
      onManifest: (signed) => void onManifest(signed).catch((error: unknown) => log.error('manifest-not-stored', { error })),
      log,
      version: VERSION,
    }),
  )
  stops.push(async () => late.network?.stop())
  watchSpace(journal, runner, log, stops)

  const { sign, signedManifest, clusterPublicKey, swarmKey } = files
  const service = createService(peer, runner, systemClock.now)
  const changes = sign === null ? null : createManifestChanges({ sign, signedManifest, onManifest })
  const joining = await createJoining({
    folder: places.invites,
    write: writeDurably,
    changes,
    clusterPublicKey,
    swarmKey,
    signedManifest,
    clock: systemClock.wallMs,
    randomBytes: (count) => randomBytes(count),
    door: config.join === null ? null : { listen: config.join.listen, announce: formatHostPort(config.join.announce) },
    log,
  })
  stops.push(() => joining.stop())
  await startProblemOf(joining.startDoor())
  const membership = createMembership({ changes, manifest: service.manifest, hosts: service.hosts, log })
  const stepper = createStepper({ changes, manifest: service.manifest, hosts: service.hosts, log })
  stops.push(() => stepper.stop())
  stepper.start()

  const readTls = (): Promise<CertificatePair | null> => openTls(config, exec, log)
  const tls = await startProblemOf(readTls())
  const identity = await openIdentity(config.api.auth, { service, adminTokenFile: places.adminToken, log })
  stops.push(async () => identity.stop())
  const api = await startProblemOf(
    startApi({
      service,
      joining,
      membership,
      log,
      logLevel: async (host, wanted) => (host === peer.self ? log.level(wanted) : ((await late.network?.logLevel(host, wanted)) ?? null)),
      clock: systemClock.wallMs,
      monoMs: systemClock.monoMs,
      uuid: systemUuid,
      listen: config.api.listen,
      tls,
      identity,
      requestsPerSecond: config.limits.requestsPerSecond,
      connectionsMax: connectionsMax(openFilesMax()),
    }),
  )
  stops.push(() => api.close())
  if (tls !== null) {
    const stopWatch = watchCertificate({ read: async () => (await readTls()) ?? tls, shown: tls, show: api.renew, log })
    stops.push(async () => stopWatch())
  }
  const address = `${api.address}:${api.port}`
  log.info('agent-listening', { api: address, isTls: tls !== null, auth: config.api.auth.kind, peer: peer.self, isNew })
  void recovered.promise.then(() => log.info('agent-ready', { api: address, peer: peer.self, epoch: peer.epoch }))
  return address
}

/** However many strangers connect, the journal, the volumes and the other hosts have files left to open. */
function connectionsMax(filesMax: number | null): number {
  return Math.max(CONNECTIONS_LEAST, Math.min(CONNECTIONS_MAX, (filesMax ?? Number.POSITIVE_INFINITY) - OTHER_FILES))
}

async function openTls({ api, name, directory }: AgentConfig, exec: Exec, log: Log): Promise<CertificatePair | null> {
  if (api.tls === null) return null
  if (api.tls.kind === 'files') return await readCertificate(api.tls, systemClock.wallMs())
  const { apiCertificate: certificateFile, apiKey: keyFile } = directoryFiles(directory)
  const names = namesOfHost(api.listen.host, name)
  return await selfSignedCertificate({ certificateFile, keyFile, names, exec, log, nowMs: systemClock.wallMs() })
}

interface Restoring {
  readonly config: AgentConfig
  readonly files: ClusterFiles
  readonly isNew: boolean
}

function restorePeer({ config, files, isNew }: Restoring, journal: OpenedJournal, replica: ReplicaStore): Peer {
  const options = {
    self: files.identity.peerId,
    manifest: files.signedManifest().manifest,
    rng: systemRng,
    placement: config.placement,
    rules: LEDGER_RULES,
    timings: TIMINGS,
    signer: signerOf(files.identity),
    secretOf: files.secretOf,
    isNew,
    portal: config.target.portal,
    version: VERSION,
    api: formatHostPort(config.api.listen),
  }
  return createPeer(options, journal.entries(), replica.load())
}

function handlersOf(runner: Runner) {
  return {
    onMessage: (from, message) => runner.give({ kind: 'message', from, message }),
    onUnreachable: (to, message) => runner.give({ kind: 'unreachable', to, message }),
    onPeer: (peer, state) => runner.give({ kind: 'peer', peer, state }),
    onBeat: (_from, beat) => runner.give({ kind: 'beat', beat }),
  } satisfies Parameters<typeof startNetwork>[0]['handlers']
}

/** Says when room for the journal runs short, while there is still some: a journal that cannot write ends the process. */
function watchSpace(journal: OpenedJournal, runner: Runner, log: Log, stops: (() => Promise<void>)[]): void {
  let isShort = false
  const look = async (): Promise<void> => {
    const space = await journal.space()
    if (space.isShort === isShort) return
    isShort = space.isShort
    if (isShort)
      log.error('journal-space-short', {
        freeBytes: space.freeBytes,
        totalBytes: space.totalBytes,
        remedy: 'free room where the directory of the agent lies',
      })
    else log.info('journal-space-back', { freeBytes: space.freeBytes, totalBytes: space.totalBytes })
    runner.give({ kind: 'journal-space', isShort })
  }
  const quietly = (): void => void look().catch((error: unknown) => log.warn('journal-space-unknown', { error }))
  quietly()
  const interval = setInterval(quietly, SPACE_LOOK_MS)
  stops.push(async () => clearInterval(interval))
}

/** A part that cannot start says so in one line; the cause stays with it for whoever debugs. */
async function startProblemOf<Value>(starting: Promise<Value>): Promise<Value> {
  try {
    return await starting
  } catch (error) {
    throw new StartProblem(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function promiseOf(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
