/**
 * Short histories of one volume, each about one operation: what led up to it runs undisturbed, and then a host may die at
 * any point of what the operation does, and of what it has left to do afterwards.
 *
 * The client is patient: what is not answered it asks again, with the same key, through another host. Whether it gets
 * what it wants is not asked here; that nothing is wrong in the end is the checkers' business.
 */
import type { Connection } from '../../../lib/model/attachment.ts'
import { attachmentId, projectId, snapshotId, type TransferId, transferId, type VolumeId } from '../../../lib/model/ids.ts'
import type { ClientReply, ClientRequest, Operation } from '../../../lib/model/request.ts'
import type { SnapshotSpec } from '../../../lib/model/snapshot.ts'
import { keyProof } from '../../../lib/model/transfer.ts'
import type { AttachmentBook } from '../history.ts'
import { againAs, attach, available, copyOf, create, existingAs, operate, PROJECT, wanted } from '../scenario.ts'
import type { Simulation } from '../simulation.ts'
import { GROUP_LIVES } from './group-lives.ts'
import { insist, type Life, operation } from './life.ts'

/** Which takes volumes over. */
const OTHER = projectId('green')
const ROOMY = 100
/** No pool of this size takes a volume of the next. */
const TIGHT = 5
const TOO_LARGE = 6

export const LIVES: readonly Life[] = [
  {
    name: 'create',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const request = wanted(simulation, 2)
      return () => insist(simulation, request)
    },
  },
  {
    name: 'delete',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      return () => insist(simulation, operation(id, 'delete', { kind: 'delete', force: false }))
    },
  },
  {
    name: 'extend',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      return () => insist(simulation, operation(id, 'extend', { kind: 'extend', sizeGiB: 3, online: false }))
    },
  },
  {
    name: 'extend of a volume in use',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const book = bookOf(simulation, id, '1')
      use(simulation, book, insist(simulation, operation(id, 'attach', attachOf(book))))
      insist(simulation, operation(id, 'complete', { kind: 'complete', attachment: book.id }))
      return () => insist(simulation, operation(id, 'extend', { kind: 'extend', sizeGiB: 3, online: true }))
    },
  },
  {
    name: 'update',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      return () => {
        insist(simulation, operation(id, 'one', { kind: 'update', name: 'one' }))
        insist(simulation, operation(id, 'two', { kind: 'update', name: 'two' }))
      }
    },
  },
  {
    name: 'two other types, by a host that has heard of the first alone, and one that its pool is none for',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const types = [0, 1, 2].map((n) => claimOf(simulation, n, n < 2 ? 'fake' : 'another'))
      for (const claim of types.slice(0, 1)) insist(simulation, claim)
      simulation.pass(2000)
      const change = (n: number, typeVersion: number) =>
        insist(simulation, operation(id, `retype ${n}`, { kind: 'retype', typeId: typeNamed(n), typeVersion, mayMove: false }))
      return () => {
        change(0, 1)
        for (const claim of types.slice(1)) insist(simulation, claim)
        change(1, 2)
        change(2, 3)
      }
    },
  },
  {
    name: 'attach',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const book = bookOf(simulation, id, '1')
      return () => {
        use(simulation, book, insist(simulation, operation(id, 'attach', attachOf(book))))
        insist(simulation, operation(id, 'complete', { kind: 'complete', attachment: book.id }))
      }
    },
  },
  {
    name: 'detach',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const { id: attachment, initiator, connection } = attach(simulation, 'b', id)
      login(simulation, initiator, connection)
      operate(simulation, 'c', id, { kind: 'complete', attachment })
      return () => insist(simulation, operation(id, 'detach', { kind: 'detach', attachment, allowUnsafe: true }))
    },
  },
  {
    name: 'multiattach',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = create(simulation, wanted(simulation, 2, true), 'a')
      simulation.pass(2000)
      const [one, two] = [bookOf(simulation, id, '1'), bookOf(simulation, id, '2')]
      return () => {
        use(simulation, one, insist(simulation, operation(id, 'attach-1', attachOf(one))))
        use(simulation, two, insist(simulation, operation(id, 'attach-2', attachOf(two))))
        insist(simulation, operation(id, 'complete-1', { kind: 'complete', attachment: one.id }))
        insist(simulation, operation(id, 'detach-2', { kind: 'detach', attachment: two.id, allowUnsafe: true }))
      }
    },
  },
  {
    name: 'the calls from before attachments were a resource',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const [reserved, connected, held] = ['1', '2', '3'].map((digit) => bookOf(simulation, id, digit, true))
      if (reserved === undefined || connected === undefined || held === undefined) throw new Error('three')
      const { initiator } = connected
      const connector = { initiator, host: 'h', ip: null, multipath: false, mountpoint: null }
      const call = (key: string, what: Operation) => insist(simulation, operation(id, key, what))
      return () => {
        call('reserve', { kind: 'reserve', attachment: reserved.id })
        use(simulation, connected, call('initialize', { kind: 'initialize', attachment: connected.id, connector, mode: null }))
        call('attach', { kind: 'hold', attachment: held.id, instance: null, host: 'h', mode: 'rw', mountpoint: '/dev/vdb' })
        call('begin', { kind: 'begin-detaching' })
        call('terminate', { kind: 'terminate', initiator, allowUnsafe: true })
        call('detach', { kind: 'let-go', which: null, initiator: null, allowUnsafe: true })
      }
    },
  },
  {
    name: 'unplaced create and delete',
    poolGiB: TIGHT,
    prepare: (simulation) => {
      const request = wanted(simulation, TOO_LARGE)
      return () => {
        insist(simulation, request)
        insist(simulation, operation(request.spec.id, 'delete', { kind: 'delete', force: false }))
      }
    },
  },
  {
    name: 'snapshot',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      return () => insist(simulation, operation(id, 'snapshot', snapshotOf(simulation, id)))
    },
  },
  {
    name: 'delete with its snapshots',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      insist(simulation, operation(id, 'snapshot', snapshotOf(simulation, id)))
      simulation.pass(1500)
      return () => insist(simulation, operation(id, 'delete', { kind: 'delete', force: false, cascade: true }))
    },
  },
  {
    name: 'revert to a snapshot',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const { id: attachment, initiator, connection } = attach(simulation, 'b', id)
      login(simulation, initiator, connection)
      const snapshot = snapshotOf(simulation, id)
      insist(simulation, operation(id, 'snapshot', snapshot))
      simulation.pass(500)
      write(simulation)
      operate(simulation, 'c', id, { kind: 'detach', attachment, allowUnsafe: true })
      return () => {
        insist(simulation, operation(id, 'revert', { kind: 'revert', snapshot: snapshot.snapshot.id }))
        simulation.pass(500)
        const book = bookOf(simulation, id, '1')
        use(simulation, book, insist(simulation, operation(id, 'attach', attachOf(book))))
      }
    },
  },
  {
    name: 'copy of a snapshot and of a volume, whose sources are deleted',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const snapshot = snapshotOf(simulation, id)
      insist(simulation, operation(id, 'snapshot', snapshot))
      simulation.pass(500)
      const ofSnapshot = copyOf(simulation, { kind: 'snapshot', snapshot: snapshot.snapshot.id, volume: id }, 3)
      const ofVolume = copyOf(simulation, { kind: 'volume', volume: id }, 2)
      return () => {
        insist(simulation, ofSnapshot)
        insist(simulation, ofVolume)
        insist(simulation, operation(id, 'unsnapshot', { kind: 'delete-snapshot', snapshot: snapshot.snapshot.id }))
        simulation.pass(500)
        insist(simulation, operation(id, 'delete', { kind: 'delete', force: false }))
      }
    },
  },
  {
    name: 'snapshot of a volume in use, deleted before the volume',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const { id: attachment } = attach(simulation, 'b', id)
      const snapshot = snapshotOf(simulation, id)
      return () => {
        insist(simulation, operation(id, 'snapshot', snapshot))
        simulation.pass(500)
        insist(simulation, operation(id, 'detach', { kind: 'detach', attachment, allowUnsafe: true }))
        insist(simulation, operation(id, 'delete too early', { kind: 'delete', force: true }))
        insist(simulation, operation(id, 'unsnapshot', { kind: 'delete-snapshot', snapshot: snapshot.snapshot.id }))
        simulation.pass(500)
        insist(simulation, operation(id, 'delete', { kind: 'delete', force: false }))
      }
    },
  },
  {
    name: 'what lies in a pool is taken in, which another one wants too',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const request = existingAs(simulation, 'a', 'found', 2)
      const other = againAs(simulation, 'a', 'found', 2)
      return () => {
        insist(simulation, request)
        insist(simulation, other)
      }
    },
  },
  {
    name: 'what lies in a pool has another size, and the volume that came to nothing is deleted',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { spec } = existingAs(simulation, 'a', 'found', 2)
      const wrong = againAs(simulation, 'a', 'found', 3)
      simulation.history.books.delete(spec.id)
      return () => {
        insist(simulation, wrong)
        simulation.pass(500)
        insist(simulation, operation(wrong.spec.id, 'delete', { kind: 'delete', force: false }))
      }
    },
  },
  {
    name: 'a volume is given back, and taken in again',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const found = existingAs(simulation, 'a', 'found', 2)
      insist(simulation, found)
      simulation.pass(1500)
      const { id } = found.spec
      return () => {
        insist(simulation, operation(id, 'unmanage', { kind: 'unmanage' }))
        simulation.pass(1000)
        insist(simulation, againAs(simulation, 'a', `unmanaged-${id}`, 2))
      }
    },
  },
  {
    name: 'a snapshot is given back, and taken in again, which another one wants too',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const snapshot = snapshotOf(simulation, id)
      insist(simulation, operation(id, 'snapshot', snapshot))
      simulation.pass(1500)
      const { snapshot: given } = snapshot
      return () => {
        insist(simulation, operation(id, 'unmanage', { kind: 'unmanage-snapshot', snapshot: given.id }))
        simulation.pass(1000)
        const taken = takenBack(simulation, given, '8')
        insist(simulation, operation(id, 'taken', taken))
        insist(simulation, operation(id, 'rival', takenBack(simulation, given, '9')))
        simulation.pass(500)
        insist(simulation, operation(id, 'unsnapshot', { kind: 'delete-snapshot', snapshot: taken.snapshot.id }))
      }
    },
  },
  {
    name: 'what was given back has another size, and the snapshot that came to nothing goes with its volume',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const snapshot = snapshotOf(simulation, id)
      insist(simulation, operation(id, 'snapshot', snapshot))
      simulation.pass(1500)
      insist(simulation, operation(id, 'unmanage', { kind: 'unmanage-snapshot', snapshot: snapshot.snapshot.id }))
      simulation.pass(1000)
      const wrong = takenBack(simulation, snapshot.snapshot, '8', 3)
      return () => {
        insist(simulation, operation(id, 'wrong', wrong))
        simulation.pass(500)
        insist(simulation, operation(id, 'delete', { kind: 'delete', force: false, cascade: true }))
      }
    },
  },
  {
    name: 'a volume is offered with its snapshot, and accepted by another project, which deletes it',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const snapshot = snapshotOf(simulation, id)
      insist(simulation, operation(id, 'snapshot', snapshot))
      simulation.pass(500)
      return () => {
        const key = keyIn(insist(simulation, operation(id, 'offer', offerOf(simulation, id))))
        insist(simulation, acceptOf(id, 'accept', key))
        insist(simulation, operation(id, 'late', { kind: 'update', name: 'not theirs any more' }))
        insist(simulation, operation(id, 'unsnapshot', { kind: 'delete-snapshot', snapshot: snapshot.snapshot.id }, OTHER))
        simulation.pass(500)
        insist(simulation, operation(id, 'delete', { kind: 'delete', force: false }, OTHER))
      }
    },
  },
  {
    name: 'a transfer that two accept at once, and that is taken back at the same time',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const { id } = available(simulation, 'a', 2)
      const key = keyIn(insist(simulation, operation(id, 'offer', offerOf(simulation, id))))
      return () => {
        simulation.clients.ask(acceptOf(id, 'rival', key, projectId('red')), 0, simulation.node('c'))
        simulation.clients.ask(operation(id, 'cancel', { kind: 'cancel-transfer', transfer: transferOf(id) }), 0, simulation.node('b'))
        insist(simulation, acceptOf(id, 'accept', key))
        simulation.pass(500)
        insist(simulation, acceptOf(id, 'accept', key))
      }
    },
  },
  ...GROUP_LIVES,
  {
    name: 'a whole life',
    poolGiB: ROOMY,
    prepare: (simulation) => {
      const request = wanted(simulation, 2)
      const { id } = request.spec
      return () => {
        insist(simulation, request)
        simulation.pass(1000)
        const book = bookOf(simulation, id, '1')
        use(simulation, book, insist(simulation, operation(id, 'attach', attachOf(book))))
        insist(simulation, operation(id, 'detach', { kind: 'detach', attachment: book.id, allowUnsafe: true }))
        insist(simulation, operation(id, 'extend', { kind: 'extend', sizeGiB: 3, online: false }))
        simulation.pass(500)
        insist(simulation, operation(id, 'delete', { kind: 'delete', force: false }))
      }
    },
  },
]

const typeNamed = (n: number): string => `88888888-0000-4000-8000-00000000000${n}`

function claimOf({ history }: Simulation, n: number, backend: string): ClientRequest {
  const id = typeNamed(n)
  const named = { name: `type ${n}`, description: null, isPublic: true, extraSpecs: { volume_backend_name: backend } }
  return { kind: 'types', change: history.openType({ kind: 'claim-type', claim: { id, ...named, bodyHash: id } }) }
}

const transferOf = (volume: VolumeId): TransferId => transferId(`66666666${volume.slice(8)}`)

function offerOf({ world }: Simulation, volume: VolumeId): Operation {
  return { kind: 'offer', transfer: transferOf(volume), name: 'gift', noSnapshots: false, createdAtMs: world.nowMs }
}

/** Null if nobody could answer: then nobody knows the key. */
function keyIn(reply: ClientReply | null): string | null {
  return reply?.kind === 'operate' && reply.result.ok ? reply.result.value.authKey : null
}

function acceptOf(volume: VolumeId, key: string, authKey: string | null, project = OTHER): ClientRequest {
  const transfer = transferOf(volume)
  return operation(
    volume,
    key,
    { kind: 'accept', transfer, proof: keyProof(transfer, authKey ?? 'lost'), user: 'u', anyType: false },
    project,
  )
}

function bookOf(simulation: Simulation, volume: VolumeId, digit: string, isOlder = false): AttachmentBook {
  const book: AttachmentBook = {
    id: attachmentId(`${digit.repeat(8)}${volume.slice(8)}`),
    initiator: `iqn.2026-01.example:${digit}`,
    isOlder,
    connection: null,
    ackedMs: null,
    isDetachAsked: false,
    detachAckedMs: null,
  }
  simulation.history.books.get(volume)?.attachments.set(book.id, book)
  return book
}

function snapshotOf({ world }: Simulation, volume: VolumeId): Extract<Operation, { kind: 'snapshot' }> {
  const id = snapshotId(`77777777${volume.slice(8)}`)
  const named = { name: 'before', description: null, metadata: {}, user: 'u' }
  return { kind: 'snapshot', snapshot: { id, volume, project: PROJECT, createdAtMs: world.nowMs, ...named }, bodyHash: 's', force: true }
}

/** Of what was given back. @param nth a digit */
function takenBack(simulation: Simulation, given: SnapshotSpec, nth: string, sizeGiB = 2): Extract<Operation, { kind: 'snapshot' }> {
  const { snapshot, ...rest } = snapshotOf(simulation, given.volume)
  const existing = { name: `unmanaged-snapshot-${given.id}`, sizeGiB }
  return { ...rest, snapshot: { ...snapshot, id: snapshotId(nth.repeat(8) + given.volume.slice(8)), existing } }
}

function attachOf({ id, initiator }: AttachmentBook): Operation {
  const connector = { initiator, host: null, ip: null, multipath: false, mountpoint: null }
  return { kind: 'attach', attachment: id, instance: null, mode: 'rw', connector, mountpoint: null }
}

/** The initiator logs in with what it was given, and stays. */
function use(simulation: Simulation, { initiator }: AttachmentBook, reply: ClientReply | null): void {
  if (reply?.kind !== 'operate' || !reply.result.ok || reply.result.value.connection === null) return
  login(simulation, initiator, reply.result.value.connection)
}

/** Whoever is logged in. */
function write({ nodes }: Simulation): void {
  for (const { exports } of nodes) for (const session of exports.sessions) exports.write(session)
}

function login({ nodes }: Simulation, initiator: string, { iqn, username, password }: Connection): void {
  for (const { exports } of nodes) exports.login(initiator, iqn, username, password)
}
