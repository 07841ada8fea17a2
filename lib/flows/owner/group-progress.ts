/**
 * What becomes of a group when something in it has come to its end: the last volume that it begins with is made, the last part of a group
 * snapshot is taken or gone, the last volume of a group that is deleted is gone.
 *
 * A group is looked at as a whole each time, so that it does not matter in which order its parts end, or how often that is said. How each
 * has ended is forgotten in a crash, and looked at again.
 */
import { type GroupSnapshot, groupSnapshotOf, type GroupSnapshotStatus, type SnapshotMember, withGroupSnapshot } from '../../model/group.ts'
import type { GroupId, GroupSnapshotId } from '../../model/ids.ts'
import { type Snapshot, snapshotOf, withSnapshot } from '../../model/snapshot.ts'
import { type Out, timer } from '../out.ts'
import { beatSoon } from '../spread/beat.ts'
import { publishOwned, publishTomb } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { isUnsureOf } from './forgotten.ts'
import { groupOn, groupWith, membersOf } from './members.ts'
import type { Owned, PartEnd, PendingSnapshot } from './owned.ts'
import { endOf, settle } from './settle.ts'

const NOT_MADE = { kind: 'backend', step: 'create', tool: 'group', detail: 'a volume of it could not be made' } as const
const NOT_REMOVED = { kind: 'backend', step: 'delete', tool: 'group', detail: 'a volume of it could not be removed' } as const

/** Whether the volume is one of those that its group begins with, and the group is not there yet. */
export function isMadeWithGroup(peer: Peer, { volume: { id, group } }: Owned): boolean {
  const of = group === undefined ? null : groupOn(peer, group)
  return of?.step === 'committed' && of.volume.holds?.members.some((member) => member.id === id) === true
}

/** One of them is made, or never will be: it shows when all are. */
export function endMember(peer: Peer, out: Out, { volume: { id, group } }: Owned, end: PartEnd, now: Now): void {
  peer.partsEnded.set(id, end)
  if (group !== undefined) onMemberMade(peer, out, group, now)
}

/** Volumes that are granted together count together: in the grant until the last of them has come to its end, and then in the totals. */
export function onMemberMade(peer: Peer, out: Out, id: GroupId, now: Now): void {
  const group = groupOn(peer, id)
  if (group?.step !== 'committed' || group.volume.holds === undefined) return
  const { volume } = group
  const { members } = group.volume.holds
  const begun = members.flatMap((member) => peer.owned.get(member.id) ?? [])
  if (begun.some((member) => member.step === 'committed' && !peer.partsEnded.has(member.volume.id))) return
  const ended = begun.map((member) => (member.step === 'committed' ? showMember(peer, out, member, now) : member))
  const isWhole = ended.length === members.length && ended.every((member) => member.step === 'built')
  const shown = isWhole ? ({ status: 'available', failure: null } as const) : ({ status: 'error', failure: NOT_MADE } as const)
  const holds = { ...group.volume.holds, members: [] }
  publishOwned(peer, out, { ...group, step: isWhole ? 'built' : 'failed', volume: { ...volume, ...shown, holds } }, now)
  settle(peer, out, volume.project, volume.rid)
  beatSoon(peer, out)
}

function showMember(peer: Peer, out: Out, member: Owned, now: Now): Owned {
  const { volume } = member
  const end = peer.partsEnded.get(volume.id)
  peer.partsEnded.delete(volume.id)
  if (end === 'made') {
    peer.tries.delete(`build/${volume.id}`)
    return publishOwned(peer, out, { ...member, step: 'built', volume: { ...volume, status: 'available' } }, now)
  }
  const trouble = typeof end === 'object' ? end : { tool: 'group', detail: '' }
  const failure = { kind: 'backend', step: 'create', ...trouble } as const
  return publishOwned(peer, out, { ...member, step: 'failed', volume: { ...volume, status: 'error', failure } }, now)
}

/** A group that is to be deleted goes when nothing is in it any more. */
export function onMemberGone(peer: Peer, out: Out, id: GroupId): void {
  const group = groupOn(peer, id)
  if (group?.step !== 'deleting' || membersOf(peer, id).length > 0) return
  publishTomb(peer, out, id)
  settle(peer, out, group.volume.project, endOf(id))
  beatSoon(peer, out)
}

/** A volume of it would not go: the group stays too, and may be deleted again. */
export function onMemberStays(peer: Peer, out: Out, id: GroupId, now: Now): void {
  const group = groupOn(peer, id)
  if (group?.step !== 'deleting') return
  publishOwned(
    peer,
    out,
    { ...group, step: 'failed', working: null, volume: { ...group.volume, status: 'error', failure: NOT_REMOVED } },
    now,
  )
}

/** One of its parts is taken, or never will be: it shows when all are. */
export function endPart(peer: Peer, out: Out, { snapshot }: PendingSnapshot, end: PartEnd, now: Now): void {
  peer.partsEnded.set(snapshot.id, end)
  if (snapshot.groupSnapshot !== undefined) onMemberSnapshotTaken(peer, out, snapshot.groupSnapshot, now)
}

/** As of the volumes that a group begins with: parts that are granted together count together. */
export function onMemberSnapshotTaken(peer: Peer, out: Out, id: GroupSnapshotId, now: Now): void {
  const group = groupWith(peer, id)
  const known = group === null ? null : groupSnapshotOf(group.volume, id)
  if (group === null || known?.status !== 'creating') return
  const { members } = known
  if (members.some((member) => isYetToTake(peer, member))) return
  for (const member of members) showPart(peer, out, member, now)
  const parts = partsOf(peer, known)
  const isWhole = parts.length === members.length && parts.every(({ status }) => status === 'available')
  const pending = group.pending?.rid === known.rid ? null : group.pending
  become(peer, out, { ...group, pending }, known, isWhole ? 'available' : 'error', now)
  settle(peer, out, group.volume.project, known.rid)
  beatSoon(peer, out)
}

function showPart(peer: Peer, out: Out, { volume: id, snapshot }: SnapshotMember, now: Now): void {
  const end = peer.partsEnded.get(snapshot)
  peer.partsEnded.delete(snapshot)
  const owned = peer.owned.get(id)
  const taken = owned === undefined ? null : snapshotOf(owned.volume, snapshot)
  if (owned === undefined || taken?.status !== 'creating') return
  const failure = typeof end === 'object' ? ({ step: 'create', ...end } as const) : null
  const shown = { ...taken, status: failure === null ? 'available' : 'error', failure, updatedAtMs: now.wallMs } as const
  publishOwned(peer, out, { ...owned, pending: null, working: null, volume: withSnapshot(owned.volume, snapshot, shown) }, now)
}

/** A part of it is out of its volume's record, or would not go. What has gone altogether leaves the group's record once its grant is folded. */
export function onMemberSnapshotGone(peer: Peer, out: Out, id: GroupSnapshotId, now: Now): void {
  const group = groupWith(peer, id)
  const known = group === null ? null : groupSnapshotOf(group.volume, id)
  if (group === null || known?.status !== 'deleting') return
  const left = partsOf(peer, known)
  if (left.some(({ status }) => status === 'error_deleting')) return become(peer, out, group, known, 'error', now)
  if (left.length > 0) return
  if (peer.settled.has(known.rid) || isUnsureOf(peer, group.volume.project))
    return timer(out, `ungroup/${id}`, peer.options.timings.retryMs)
  publishOwned(peer, out, { ...group, volume: withGroupSnapshot(group.volume, id, null) }, now)
}

function become(peer: Peer, out: Out, group: Owned, known: GroupSnapshot, status: GroupSnapshotStatus, now: Now): void {
  publishOwned(peer, out, { ...group, volume: withGroupSnapshot(group.volume, known.id, { ...known, status }) }, now)
}

/** The volume is there and has no such snapshot yet, or one that is being made. */
function isYetToTake(peer: Peer, { volume, snapshot }: SnapshotMember): boolean {
  const owned = peer.owned.get(volume)
  if (owned?.step !== 'built' || peer.partsEnded.has(snapshot)) return false
  const taken = snapshotOf(owned.volume, snapshot)
  return taken === null || taken.status === 'creating'
}

/** Its parts that are in the records of volumes. */
export function partsOf(peer: Peer, { members }: Pick<GroupSnapshot, 'members'>): readonly Snapshot[] {
  return members.flatMap(({ volume, snapshot }) => {
    const owned = peer.owned.get(volume)
    return (owned === undefined ? null : snapshotOf(owned.volume, snapshot)) ?? []
  })
}
