/** Words for scenarios: a calm cluster, and what clients do with it, one thing after the other. */
import type { Connection } from '../../lib/model/attachment.ts'
import { NO_HINTS } from '../../lib/model/hints.ts'
import { attachmentId, type AttachmentId, poolName, projectId, volumeId, type VolumeId } from '../../lib/model/ids.ts'
import type { ClientRequest, Operation, OperationReply } from '../../lib/model/request.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { CopySource, SourcePlace, VolumeSource } from '../../lib/model/volume-source.ts'
import { bytesLaid } from './checkers/bytes.ts'
import type { AttachmentBook } from './history.ts'
import type { SimNode } from './node.ts'
import { CALM, type SimOptions } from './options.ts'
import { Random } from './random.ts'
import { bodyHashOf, type CreateRequest, createOf, ridOf } from './requests.ts'
import { Simulation, type SimulationSetup } from './simulation.ts'

export const PROJECT = projectId('blue')

const PATIENCE_MS = 60_000
/** Names come from the scenario itself, so that it is the same wherever and after whatever it runs. */
const streams = new WeakMap<Simulation, Random>()

function namesOf(simulation: Simulation): Random {
  const known = streams.get(simulation) ?? new Random('scenario')
  streams.set(simulation, known)
  return known
}

/** Hosts a, b, c … that know each other, with nothing on them. */
export function cluster(options: Partial<SimOptions> = {}, setup: Pick<SimulationSetup, 'points' | 'distortion'> = {}): Simulation {
  const simulation = new Simulation({ seed: 'scenario', options: { ...CALM, ...options }, ...setup })
  simulation.start()
  simulation.pass(2000)
  return simulation
}

/** A create with a key of its own that nobody has sent yet. */
export function wanted(simulation: Simulation, sizeGiB: number, multiattach = false): CreateRequest {
  return requestFor(simulation, sizeGiB, multiattach, null, null)
}

/** The same, of a volume that begins as a copy. */
export function copyOf(simulation: Simulation, source: CopySource, sizeGiB: number): CreateRequest {
  const volume = simulation.node('a').peer?.view.volumes.get(source.volume)?.volume
  if (volume === undefined || volume.owner === null || volume.pool === null) throw new Error(`${source.volume} is on no host`)
  return requestFor(simulation, sizeGiB, false, source, { owner: volume.owner, pool: volume.pool })
}

/** Lays something into the pool of the host of this name, and would have it as a volume. */
export function existingAs(simulation: Simulation, host: string, name: string, sizeGiB: number): CreateRequest {
  const { volumes, laid } = simulation.node(host)
  volumes.lay(name, { sizeBytes: sizeGiB * 1024 ** 3, hindrance: null, former: null, bytes: bytesLaid(name) })
  laid.push(bytesLaid(name))
  return againAs(simulation, host, name, sizeGiB)
}

/** The same of what lies there already. */
export function againAs(simulation: Simulation, host: string, name: string, sizeGiB: number): CreateRequest {
  const place = { owner: simulation.node(host).id, pool: poolName(host, 'fake', 'p') }
  return requestFor(simulation, sizeGiB, false, { kind: 'existing', name }, place)
}

function requestFor(
  simulation: Simulation,
  sizeGiB: number,
  multiattach: boolean,
  source: VolumeSource | null,
  place: SourcePlace | null,
): CreateRequest {
  const names = namesOf(simulation)
  const rid = ridOf(PROJECT, names.hex(8))
  const spec = {
    id: volumeId(names.uuid()),
    project: PROJECT,
    user: 'u',
    name: null,
    description: null,
    sizeGiB,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach,
    source,
    createdAtMs: simulation.world.nowMs,
  }
  return createOf(simulation.history.open(spec, rid, bodyHashOf(spec), true, place))
}

/** The same key, for another size. */
export function abused({ rid, spec }: CreateRequest, sizeGiB: number): CreateRequest {
  const other = { ...spec, sizeGiB }
  return { kind: 'create', rid, spec: other, bodyHash: bodyHashOf(other), sourceAt: null, hints: NO_HINTS }
}

/** What a create through this host was answered with. */
export function create(simulation: Simulation, request: CreateRequest, through: string): Volume {
  const reply = simulation.ask(request, through)
  if (reply.kind !== 'create' || !reply.result.ok) throw new Error(`not created: ${JSON.stringify(reply)}`)
  return reply.result.value
}

/** A volume that was asked for through this host, and is there. */
export function available(simulation: Simulation, through: string, sizeGiB = 1): Volume {
  const { id } = create(simulation, wanted(simulation, sizeGiB), through)
  return shownAs(simulation, id, through, 'available')
}

/** Waits until this host shows the volume so. */
export function shownAs(simulation: Simulation, id: VolumeId, by: string, status: Volume['status']): Volume {
  until(simulation, `${id} is ${status}`, () => shown(simulation, id, by)?.status === status)
  const volume = shown(simulation, id, by)
  if (volume === null) throw new Error('it was there a moment ago')
  return volume
}

export function shown(simulation: Simulation, id: VolumeId, by: string): Volume | null {
  return simulation.node(by).peer?.view.volumes.get(id)?.volume ?? null
}

export function operate(simulation: Simulation, through: string, volume: VolumeId, operation: Operation): OperationReply {
  return operated(simulation, through, operationOf(simulation, volume, operation))
}

function operationOf(simulation: Simulation, volume: VolumeId, operation: Operation): ClientRequest {
  const request = { rid: ridOf(PROJECT, namesOf(simulation).hex(8)), project: PROJECT, volume, operation }
  return { kind: 'operate', request }
}

function operated(simulation: Simulation, through: string, request: ClientRequest): OperationReply {
  const reply = simulation.ask(request, through)
  if (reply.kind !== 'operate') throw new Error('another answer than was asked for')
  return reply.result
}

export interface Attached {
  readonly id: AttachmentId
  readonly initiator: string
  readonly connection: Connection
  /** What the client asked, to be asked again. */
  readonly request: ClientRequest
}

/** Attaches the volume and returns what its initiator needs. */
export function attach(simulation: Simulation, through: string, volume: VolumeId): Attached {
  const names = namesOf(simulation)
  const book: AttachmentBook = {
    id: attachmentId(names.uuid()),
    initiator: `iqn.2026-01.example:${names.hex(4)}`,
    isOlder: false,
    connection: null,
    ackedMs: null,
    isDetachAsked: false,
    detachAckedMs: null,
  }
  simulation.history.books.get(volume)?.attachments.set(book.id, book)
  const connector = { initiator: book.initiator, host: null, ip: null, multipath: false, mountpoint: null }
  const request = operationOf(simulation, volume, {
    kind: 'attach',
    attachment: book.id,
    instance: null,
    mode: 'rw',
    connector,
    mountpoint: null,
  })
  const result = operated(simulation, through, request)
  const connection = result.ok ? result.value.connection : null
  if (connection === null) throw new Error(`not attached: ${JSON.stringify(result)}`)
  return { id: book.id, initiator: book.initiator, connection, request }
}

/** The host on which the volume lies. */
export function ownerOf(simulation: Simulation, volume: VolumeId): SimNode {
  const owner = simulation.nodes.find((node) => node.volumes.list().some(({ id }) => id === volume))
  if (owner === undefined) throw new Error('it lies nowhere')
  return owner
}

/** A host that is not this one. */
export function otherThan(simulation: Simulation, node: SimNode): SimNode {
  const other = simulation.nodes.find((one) => one !== node)
  if (other === undefined) throw new Error('there is only one')
  return other
}

/** Lets time pass until it is so. */
export function until(simulation: Simulation, what: string, isSo: () => boolean): void {
  const untilMs = simulation.world.nowMs + PATIENCE_MS
  while (!isSo()) if (!simulation.world.runOne(untilMs)) throw new Error(`it never came to pass that ${what}`)
}
