/**
 * Snapshots of a whole group: one grant for all of its parts, each of which is an ordinary snapshot in its volume's record.
 *
 * RESERVE sets room aside in every volume at once, in one batch, so that none of them changes before the register has decided; COMMIT
 * makes all parts in one batch as well. They are taken one volume at a time, and the group snapshot is there when the last of them is.
 */
import { failure, type Failure, success } from '../../model/failure.ts'
import {
  creatingGroupSnapshot,
  GROUP_SNAPSHOTS_MAX,
  type GroupSnapshot,
  groupSnapshotOf,
  type GroupSnapshotStatus,
  isGroup,
  memberRid,
  memberSnapshotId,
  type SnapshotMember,
  withGroupSnapshot,
} from '../../model/group.ts'
import type { GroupId, GroupSnapshotId, PeerId, PoolName, VolumeId } from '../../model/ids.ts'
import type { PeerMessage } from '../../model/message.ts'
import { addUsage, NO_USAGE, type Usage, usageOfType } from '../../model/quota.ts'
import { NO_VALUE, type Operation, type OperationReply, type OperationRequest, type RoomOperation } from '../../model/request.ts'
import { type Snapshot, snapshotOf, type SnapshotSpec } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import { cancel, keepOwned, type Out, send, timer } from '../out.ts'
import { roomBody } from '../shape.ts'
import { answerWhenSeen, publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { refusalOf } from './capacity.ts'
import { isUnsure, missingVolume, recovering } from './forgotten.ts'
import { endPart, onMemberSnapshotGone, onMemberSnapshotTaken, partsOf } from './group-progress.ts'
import { partIn } from './group-parts.ts'
import { membersOf } from './members.ts'
import type { Owned, PendingGroupSnapshot, PendingSnapshot } from './owned.ts'
import { nextReservation } from './reserve.ts'
import { refuseSnapshot, takeSnapshot } from './snapshot.ts'
import { DELETABLE_SNAPSHOTS, deleteSnapshot } from './snapshot-change.ts'
import { isBeingCopied } from './source.ts'
import { answerNow, endWith, refuseAnswer, waitFor } from './work.ts'

type ReserveRoom = Extract<PeerMessage, { kind: 'reserve-room' }>
type Wanted = Extract<RoomOperation, { kind: 'group-snapshot' }>
type Op<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

const RESTING: readonly GroupSnapshotStatus[] = ['available', 'error']

export function reserveGroupSnapshot(peer: Peer, out: Out, from: PeerId, message: ReserveRoom, wanted: Wanted): void {
  const { rid, volume: id, project } = message
  const group = peer.owned.get(id)
  const done = doneBefore(peer, group, message, wanted)
  if (done !== null) return refuseAnswer(out, from, rid, done)
  if (group?.pending?.kind === 'group-snapshot' && group.pending.rid === rid)
    return reserved(peer, out, from, group.volume, group.pending, wanted)
  const refuse = (facts: Failure): void => refuseAnswer(out, from, rid, failure(facts))
  if (isUnsure(peer)) return refuse(recovering(peer))
  if (group === undefined) return refuse(missingVolume(peer, id, project))
  if (group.volume.project !== project || !isGroup(group.volume)) return refuse({ code: 'group-not-found', group: id })
  const members = membersOf(peer, id)
  const specs = members.map(({ volume }) => partOf(wanted, volume))
  const facts = refuseGroupSnapshot(group) ?? refuseParts(peer, id, members, specs) ?? refuseRoom(peer, members)
  if (facts !== null) return refuse(facts)

  const reservation = nextReservation(peer, out)
  const held = { reservation, committed: false }
  const { groupSnapshot, bodyHash } = wanted
  const pending: PendingGroupSnapshot = { ...held, rid, kind: 'group-snapshot', groupSnapshot, bodyHash, members: members.map(memberOf) }
  for (const owned of members) {
    const snapshot = partOf(wanted, owned.volume)
    keepOwned(peer, out, { ...owned, pending: pendingPart({ rid, reservation, bodyHash }, owned, snapshot) })
  }
  keepOwned(peer, out, { ...group, pending })
  timer(out, `resolve/${id}`, peer.options.timings.resolveMs)
  reserved(peer, out, from, group.volume, pending, wanted)

  function memberOf({ volume }: Owned): SnapshotMember {
    return { volume: volume.id, snapshot: memberSnapshotId(groupSnapshot.id, volume.id), sizeGiB: volume.sizeGiB }
  }
}

/** The register has bound the room of all parts. Answers `from` once everybody can see them. */
export function commitGroupSnapshot(peer: Peer, out: Out, group: Owned, pending: PendingGroupSnapshot, from: PeerId, now: Now): void {
  const { rid, groupSnapshot, bodyHash, members } = pending
  cancel(out, `resolve/${group.volume.id}`)
  const begun = groupSnapshotOf(group.volume, groupSnapshot.id) ?? creatingGroupSnapshot({ ...groupSnapshot, members }, { rid, bodyHash })
  const volume = withGroupSnapshot(group.volume, begun.id, begun)
  // The group first: whoever knows one of the parts from this host's log knows of which it is one.
  const taking = publishOwned(peer, out, { ...group, pending: { ...pending, committed: true }, volume }, now)
  endWith(peer, out, rid, { ...NO_VALUE, volume: taking.volume, groupSnapshot: begun }, now)
  answerWhenSeen(peer, out, from, rid, 'committed')
  takeParts(peer, out, taking.volume, begun, now)
}

/** Those that are not taken yet. After a crash, too; what a host that has forgotten finds busy waits. */
function takeParts(peer: Peer, out: Out, group: Volume, of: GroupSnapshot, now: Now): void {
  for (const { volume: id, snapshot } of of.members) {
    const owned = peer.owned.get(id)
    if (owned?.step === 'built' && snapshotOf(owned.volume, snapshot) === null) takePart(peer, out, owned, group, of, now)
  }
  onMemberSnapshotTaken(peer, out, of.id, now)
}

function takePart(peer: Peer, out: Out, owned: Owned, group: Volume, of: GroupSnapshot, now: Now): void {
  const kept = partIn(owned, { groupSnapshot: of })
  if (kept !== null) return void takeSnapshot(peer, out, { ...owned, pending: kept }, kept, now)
  if (owned.pending !== null || owned.working !== null) return timer(out, `group/${group.id}`, peer.options.timings.retryMs)
  const { pool, sizeGiB } = owned.volume
  const spec = partOf({ groupSnapshot: of }, owned.volume)
  const pending = pendingPart({ rid: of.rid, reservation: owned.reservation, bodyHash: of.bodyHash }, owned, spec)
  // Bytes that are there already take no more room.
  const hasRoom = peer.straySnapshots.has(spec.id) || (pool !== null && refusalOf(peer, pool, sizeGiB, [], null) === null)
  if (hasRoom) takeSnapshot(peer, out, { ...owned, pending }, pending, now)
  else endPart(peer, out, pending, 'never', now)
}

/** After a crash, and while a part has to wait. */
export function resumeGroup(peer: Peer, out: Out, group: Owned, now: Now): void {
  for (const one of group.volume.groupSnapshots ?? []) {
    if (one.status === 'creating') takeParts(peer, out, group.volume, one, now)
    if (one.status === 'deleting') removeParts(peer, out, one, now)
  }
}

export function onGroupTimer(peer: Peer, out: Out, id: GroupId, now: Now): void {
  const group = peer.owned.get(id)
  if (group !== undefined) resumeGroup(peer, out, group, now)
}

export function startGroupSnapshotDelete(
  peer: Peer,
  out: Out,
  from: PeerId,
  group: Owned,
  { rid }: OperationRequest,
  { groupSnapshot: id }: Op<'delete-group-snapshot'>,
  now: Now,
): void {
  const known = groupSnapshotOf(group.volume, id)
  const facts = known === null ? missing(peer, group, id) : refuseDelete(peer, known)
  if (known === null || facts !== null)
    return answerNow(out, from, rid, failure(facts ?? { code: 'group-snapshot-not-found', groupSnapshot: id }))
  const going: GroupSnapshot = { ...known, status: 'deleting' }
  const deleting = publishOwned(peer, out, { ...group, volume: withGroupSnapshot(group.volume, id, going) }, now)
  waitFor(peer, rid, from)
  endWith(peer, out, rid, { ...NO_VALUE, volume: deleting.volume, groupSnapshot: going }, now)
  removeParts(peer, out, going, now)
}

/** What is being done with it goes on. */
export function resetGroupSnapshot(
  peer: Peer,
  out: Out,
  from: PeerId,
  group: Owned,
  { rid }: OperationRequest,
  { groupSnapshot: id, status }: Op<'reset-group-snapshot'>,
  now: Now,
): void {
  const known = groupSnapshotOf(group.volume, id)
  if (known === null) return answerNow(out, from, rid, failure(missing(peer, group, id)))
  if (!RESTING.includes(known.status)) return answerNow(out, from, rid, failure(wrongStatus(known, `reset to ${status}`)))
  const groupSnapshot = { ...known, status }
  const reset = publishOwned(peer, out, { ...group, volume: withGroupSnapshot(group.volume, id, groupSnapshot) }, now)
  waitFor(peer, rid, from)
  endWith(peer, out, rid, { ...NO_VALUE, volume: reset.volume, groupSnapshot }, now)
}

/** What all parts add to their project's account. */
function deltaOf(peer: Peer, { members }: Pick<PendingGroupSnapshot, 'members'>): Usage {
  const typeOf = (volume: VolumeId): string | null => peer.owned.get(volume)?.volume.typeId ?? null
  const parts = members.map(({ volume, sizeGiB }) => usageOfType(typeOf(volume), { snapshots: 1, gigabytes: sizeGiB }))
  return parts.reduce(addUsage, NO_USAGE)
}

function reserved(
  peer: Peer,
  out: Out,
  from: PeerId,
  { pool, project: source }: Volume,
  pending: PendingGroupSnapshot,
  wanted: Wanted,
): void {
  const { rid, reservation, members } = pending
  if (pool === null) return
  const held = { rid, pool, reservation, delta: deltaOf(peer, pending), sizeGiB: 0, source, body: roomBody(wanted), members }
  send(out, from, { kind: 'reserved', ...held })
}

function doneBefore(peer: Peer, group: Owned | undefined, { rid, volume }: ReserveRoom, wanted: Wanted): OperationReply | null {
  const reply = peer.results.get(rid)?.reply ?? null
  const known = group === undefined ? null : groupSnapshotOf(group.volume, wanted.groupSnapshot.id)
  const made = (reply?.ok === true ? reply.value.groupSnapshot : undefined) ?? known
  if (made === null) return reply
  if (made.bodyHash !== wanted.bodyHash) return failure({ code: 'request-mismatch', volume })
  // While it is being made the answer is its reservation, once more.
  if (group?.pending?.rid === rid) return null
  return reply ?? success({ ...NO_VALUE, groupSnapshot: made })
}

function refuseGroupSnapshot({ volume, step, pending, working }: Owned): Failure | null {
  const { id, status, groupSnapshots = [] } = volume
  if (step === 'reserved') return { code: 'volume-busy', volume: id, running: 'create' }
  const running = working?.kind ?? pending?.kind ?? null
  if (running !== null) return { code: 'volume-busy', volume: id, running }
  if (step !== 'built' || status !== 'available')
    return { code: 'group-status', group: id, action: 'snapshot', status, allowed: ['available'] }
  return groupSnapshots.length >= GROUP_SNAPSHOTS_MAX
    ? { code: 'group-full', group: id, of: 'snapshots', limit: GROUP_SNAPSHOTS_MAX }
    : null
}

function refuseParts(peer: Peer, group: GroupId, members: readonly Owned[], specs: readonly SnapshotSpec[]): Failure | null {
  if (members.length === 0) return { code: 'group-empty', group }
  for (const [at, owned] of members.entries()) {
    const { step, working, pending, volume } = owned
    const isBegun = step === 'reserved' || step === 'committed'
    const running = isBegun ? 'create' : (working?.kind ?? pending?.kind ?? null)
    if (running !== null) return { code: 'volume-busy', volume: volume.id, running }
    const snapshot = specs[at]
    const facts = snapshot === undefined ? null : refuseSnapshot(peer, owned, { kind: 'snapshot', snapshot, bodyHash: '', force: true })
    if (facts !== null) return facts
  }
  return null
}

/** Each pool has room for all parts that lie there. */
function refuseRoom(peer: Peer, members: readonly Owned[]): Failure | null {
  const wanted = new Map<PoolName, number>()
  for (const { volume } of members) if (volume.pool !== null) wanted.set(volume.pool, (wanted.get(volume.pool) ?? 0) + volume.sizeGiB)
  for (const [pool, sizeGiB] of wanted) {
    const rejection = refusalOf(peer, pool, sizeGiB, [], null)
    if (rejection !== null) return { code: 'no-room', rejected: [rejection] }
  }
  return null
}

function partOf({ groupSnapshot }: Pick<Wanted, 'groupSnapshot'>, { id: volume, project }: Volume): SnapshotSpec {
  const { id, name, description, user, createdAtMs } = groupSnapshot
  const snapshot = memberSnapshotId(id, volume)
  return { id: snapshot, volume, project, user, name, description, metadata: {}, createdAtMs, groupSnapshot: id }
}

function pendingPart(
  { rid, reservation, bodyHash }: Pick<PendingGroupSnapshot, 'rid' | 'reservation' | 'bodyHash'>,
  { volume }: Owned,
  snapshot: SnapshotSpec,
): PendingSnapshot {
  // Each part's grant is folded for itself, and each is removed for itself.
  const held = { rid: memberRid(rid, snapshot.id), reservation, bodyHash, committed: false }
  return { ...held, kind: 'snapshot', sizeGiB: volume.sizeGiB, snapshot }
}

function removeParts(peer: Peer, out: Out, of: GroupSnapshot, now: Now): void {
  for (const { id, volume, status } of partsOf(peer, of)) if (status !== 'deleting') deleteSnapshot(peer, out, volume, id, now)
  onMemberSnapshotGone(peer, out, of.id, now)
}

function refuseDelete(peer: Peer, known: GroupSnapshot): Failure | null {
  if (!RESTING.includes(known.status)) return wrongStatus(known, 'delete')
  for (const part of partsOf(peer, known)) {
    const facts = refusePart(peer, part)
    if (facts !== null) return facts
  }
  return null
}

function refusePart(peer: Peer, { id, volume, status }: Snapshot): Failure | null {
  if (isBeingCopied(peer, volume, id)) return { code: 'volume-busy', volume, running: 'copy' }
  if (status === 'deleting' || DELETABLE_SNAPSHOTS.includes(status)) return null
  return { code: 'snapshot-status', snapshot: id, action: 'delete', status, allowed: DELETABLE_SNAPSHOTS }
}

function wrongStatus({ id, status }: GroupSnapshot, action: string): Failure {
  return { code: 'group-snapshot-status', groupSnapshot: id, action, status, allowed: RESTING }
}

function missing(peer: Peer, { volume }: Owned, id: GroupSnapshotId): Failure {
  return peer.unread.has(volume.project) ? recovering(peer) : { code: 'group-snapshot-not-found', groupSnapshot: id }
}

/** A volume keeps room for a part of a group snapshot that its group knows nothing of any more: an older journal had it. */
export function dropStrayPart(peer: Peer, out: Out, owned: Owned): void {
  const { pending, volume } = owned
  if (pending?.kind !== 'snapshot' || pending.committed || pending.snapshot.groupSnapshot === undefined) return
  const group = volume.group === undefined ? undefined : peer.owned.get(volume.group)
  const isWanted = group?.pending?.kind === 'group-snapshot' && group.pending.groupSnapshot.id === pending.snapshot.groupSnapshot
  if (!isWanted) keepOwned(peer, out, { ...owned, pending: null })
}

/** As it is in the group's record, with its reservation's name gone. */
export function groupPendingOf(
  { members, status: _, rid, bodyHash, ...groupSnapshot }: GroupSnapshot,
  reservation: PendingGroupSnapshot['reservation'],
): PendingGroupSnapshot {
  return { kind: 'group-snapshot', rid, reservation, committed: true, groupSnapshot, bodyHash, members }
}
