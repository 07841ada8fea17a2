/** Single histories of snapshots, told so that they can be read. */
import t from 'tap'
import { snapshotId, type VolumeId } from '../../lib/model/ids.ts'
import type { Operation, OperationReply } from '../../lib/model/request.ts'
import { type Snapshot, snapshotOf } from '../../lib/model/snapshot.ts'
import type { SimNode } from './node.ts'
import { available, cluster, operate, otherThan, ownerOf, PROJECT, shown, until } from './scenario.ts'
import type { Simulation } from './simulation.ts'

const ID = snapshotId('77777777-0000-4000-8000-000000000001')

function snapshot(volume: VolumeId): Operation {
  const named = { name: 'before', description: null, metadata: { keep: 'yes' }, user: 'u' }
  return { kind: 'snapshot', snapshot: { id: ID, volume, project: PROJECT, createdAtMs: 0, ...named }, bodyHash: 's', force: false }
}

function seen(simulation: Simulation, volume: VolumeId, by: string): Snapshot | null {
  const known = shown(simulation, volume, by)
  return known === null ? null : snapshotOf(known, ID)
}

function made(simulation: Simulation, volume: VolumeId): void {
  const reply = operate(simulation, 'a', volume, snapshot(volume))
  if (!reply.ok) throw new Error(JSON.stringify(reply))
  until(simulation, 'it is made', () => seen(simulation, volume, 'a')?.status === 'available')
}

const codeOf = (reply: OperationReply): string => (reply.ok ? 'ok' : reply.failure.code)

/** Its journal is gone, and it has found out what it had. */
function forget(simulation: Simulation, owner: SimNode): void {
  owner.crash('scenario')
  owner.isAmnesic = true
  owner.hasForgotten = true
  owner.journal.putBack(null)
  owner.start()
  until(simulation, 'it takes part again', () => owner.peer?.state === 'ready' && owner.isIdle && owner.peer.unread.size === 0)
  owner.isAmnesic = false
}

function rest(simulation: Simulation): void {
  simulation.heal()
  simulation.comeToRest()
}

t.test('a host whose journal is gone has its snapshots back, as they were', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a', 2)
  const owner = ownerOf(simulation, id)
  made(simulation, id)
  forget(simulation, owner)
  t.match(seen(simulation, id, owner.name), { status: 'available', name: 'before', metadata: { keep: 'yes' }, sizeGiB: 2 })
  t.equal(owner.volumes.listSnapshots().length, 1)
  t.equal(codeOf(operate(simulation, 'b', id, { kind: 'delete', force: false })), 'volume-has-snapshots', 'and it is known to have it')
  rest(simulation)
})

t.test('a snapshot that was promised and that its host has forgotten is made after all', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a', 2)
  const owner = ownerOf(simulation, id)
  const other = otherThan(simulation, owner)
  // The owner never hears that the register has bound its reservation.
  simulation.network.filter = (_, to, message) => !(message.kind === 'commit' && to === owner.id)
  t.equal(codeOf(operate(simulation, other.name, id, snapshot(id))), 'ok', 'promised')
  simulation.network.filter = () => true
  forget(simulation, owner)
  until(simulation, 'it is made', () => seen(simulation, id, other.name)?.status === 'available')
  t.match(seen(simulation, id, other.name), { name: 'before', sizeGiB: 2 })
  rest(simulation)
})

t.test('a delete that comes before the register has let go of the grant ends when it has', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a', 2)
  const owner = ownerOf(simulation, id)
  simulation.network.filter = (_, __, message) => !(message.kind === 'change' && message.change.kind === 'fold')
  made(simulation, id)
  t.equal(codeOf(operate(simulation, 'b', id, { kind: 'delete-snapshot', snapshot: ID })), 'ok', 'taken')
  simulation.pass(5000)
  t.equal(seen(simulation, id, owner.name)?.status, 'deleting', 'the record is what says that the grant was carried out')
  t.equal(codeOf(operate(simulation, 'c', id, { kind: 'update', name: 'n' })), 'ok', 'the volume is free meanwhile')
  simulation.network.filter = () => true
  until(simulation, 'it is gone', () => shown(simulation, id, 'b') !== null && seen(simulation, id, 'b') === null)
  t.same(owner.volumes.listSnapshots(), [])
  rest(simulation)
})

t.test('while a snapshot is made nothing else is done with its volume, and other volumes go on', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a', 2)
  const owner = ownerOf(simulation, id)
  simulation.network.filter = (_, to, message) => !(message.kind === 'commit' && to === owner.id)
  t.equal(codeOf(operate(simulation, otherThan(simulation, owner).name, id, snapshot(id))), 'ok')
  t.equal(codeOf(operate(simulation, 'b', id, { kind: 'delete', force: true })), 'volume-busy', 'its room is set aside, and may be bound')
  t.equal(codeOf(operate(simulation, 'b', id, { kind: 'extend', sizeGiB: 5, online: false })), 'volume-busy')
  available(simulation, 'c')
  simulation.network.filter = () => true
  until(simulation, 'it is made', () => seen(simulation, id, 'b')?.status === 'available')
  rest(simulation)
})
