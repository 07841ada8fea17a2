/**
 * Changes what a group is called and which volumes are in it: one batch for the group and for every volume that is put in or taken out.
 *
 * Nothing moves. What does not lie with the group's host, on its backend, cannot be in it, as in Cinder.
 */
import { failure, type Failure } from '../../model/failure.ts'
import { type Holds, MEMBERS_MAX, withGroup } from '../../model/group.ts'
import type { GroupVolumeProblem } from '../../model/group-refusal.ts'
import type { GroupId, PeerId, VolumeId } from '../../model/ids.ts'
import type { Operation, OperationRequest } from '../../model/request.ts'
import { editText } from '../../model/text-edit.ts'
import type { Volume, VolumeStatus } from '../../model/volume.ts'
import { backendOf } from '../../placement/filters/affinity.ts'
import type { Out } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { isUnsure, recovering } from './forgotten.ts'
import { membersOf } from './members.ts'
import type { Owned } from './owned.ts'
import { recordFailure } from './snapshot.ts'
import { answerNow, endWell, waitFor } from './work.ts'

type Change = Extract<Operation, { kind: 'change-group' }>

const PUT_IN: readonly VolumeStatus[] = ['available', 'in-use']
const TAKEN_OUT: readonly VolumeStatus[] = ['available', 'in-use', 'error', 'error_deleting']

export function changeGroup(peer: Peer, out: Out, from: PeerId, owned: Owned, { rid }: OperationRequest, change: Change, now: Now): void {
  const { name, description } = change
  const { id } = owned.volume
  const isIn = (volume: VolumeId): boolean => peer.owned.get(volume)?.volume.group === id
  // What is in it already need not be put in.
  const wanted = { ...change, add: change.add.filter((volume) => !isIn(volume) || change.remove.includes(volume)) }
  const edit = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) }
  const volume = editText(owned.volume, edit)
  const facts = refuseChange(peer, owned, volume, wanted) ?? recordFailure(volume)
  if (facts !== null) return answerNow(out, from, rid, failure(facts))
  for (const one of wanted.add) move(peer, out, one, id, now)
  for (const one of wanted.remove) move(peer, out, one, null, now)
  const changed = publishOwned(peer, out, { ...owned, volume }, now)
  waitFor(peer, rid, from)
  endWell(peer, out, rid, changed.volume, null, now)
}

function refuseChange(peer: Peer, { volume, step }: Owned, edited: Volume, { add, remove }: Change): Failure | null {
  const { id, status, holds } = volume
  if (step !== 'built' || status !== 'available' || holds === undefined)
    return { code: 'group-status', group: id, action: 'update', status, allowed: ['available'] }
  const refused = (one: VolumeId, why: GroupVolumeProblem): Failure => ({ code: 'group-volume', group: id, volume: one, why })
  const both = add.find((one) => remove.includes(one))
  if (both !== undefined) return refused(both, { kind: 'to-be-in-and-out' })
  for (const one of add) {
    // Its type is about to be another one.
    if (peer.owned.get(one)?.pending?.kind === 'retype') return { code: 'volume-busy', volume: one, running: 'retype' }
    const why = refusePut(peer, one, volume, holds)
    // A volume that this host has forgotten may be its own.
    if (why !== null) return why.kind === 'absent' && isUnsure(peer) ? recovering(peer) : refused(one, why)
  }
  for (const one of remove) {
    const why = refuseTake(peer.owned.get(one), id)
    if (why !== null) return refused(one, why)
  }
  if (membersOf(peer, id).length + add.length > MEMBERS_MAX) return { code: 'group-full', group: id, of: 'volumes', limit: MEMBERS_MAX }
  const isRenamed = edited.name !== volume.name || edited.description !== volume.description
  return isRenamed || add.length > 0 || remove.length > 0 ? null : { code: 'group-unchanged', group: id }
}

/** In Cinder's order. */
function refusePut(peer: Peer, one: VolumeId, group: Volume, holds: Holds): GroupVolumeProblem | null {
  const owned = peer.owned.get(one)
  const known = owned?.volume ?? peer.view.volumes.get(one)?.volume
  if (known === undefined || known.project !== group.project || known.holds !== undefined || owned?.step === 'reserved')
    return { kind: 'absent' }
  const { group: other, typeId, status, pool } = known
  if (other !== undefined) return { kind: 'in-another', group: other }
  if (typeId === null || !holds.volumeTypes.includes(typeId)) return { kind: 'type', type: typeId }
  if (!PUT_IN.includes(status)) return { kind: 'status', status, allowed: PUT_IN }
  const isHere =
    owned !== undefined && pool !== null && group.pool !== null && backendOf({ name: pool }) === backendOf({ name: group.pool })
  return isHere ? null : { kind: 'elsewhere' }
}

function refuseTake(owned: Owned | undefined, group: GroupId): GroupVolumeProblem | null {
  if (owned === undefined || owned.volume.group !== group || owned.step === 'reserved') return { kind: 'not-in-it' }
  const { status } = owned.volume
  return TAKEN_OUT.includes(status) ? null : { kind: 'status', status, allowed: TAKEN_OUT }
}

function move(peer: Peer, out: Out, id: VolumeId, to: GroupId | null, now: Now): void {
  const owned = peer.owned.get(id)
  if (owned !== undefined) publishOwned(peer, out, { ...owned, volume: withGroup(owned.volume, to) }, now)
}
