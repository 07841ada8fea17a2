/**
 * Makes what the register has bound to this host: a volume, or a group with the volumes that it begins with.
 *
 * A group has no bytes. One that begins empty is there at once; else its volumes are in this host's records, as being made, in the batch
 * that commits the group, and the group is there when the last of them is.
 */
import { type GroupMember, isGroup, memberRid } from '../../model/group.ts'
import type { Volume, VolumeSpec } from '../../model/volume.ts'
import { cancel, keepOwned, type Out } from '../out.ts'
import { creatingVolume } from '../shape.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { commitCreate, lookAtBuild, make } from './build.ts'
import { onMemberMade } from './group-progress.ts'
import type { Owned } from './owned.ts'
import { flagsOf } from './source.ts'

/** C: the register has bound the request to this reservation. */
export function commitNew(peer: Peer, out: Out, owned: Owned, now: Now): void {
  const { volume } = owned
  if (!isGroup(volume)) return commitCreate(peer, out, owned)
  cancel(out, `resolve/${volume.id}`)
  const committed = keepOwned(peer, out, { ...owned, step: 'committed' })
  // Its volumes first: whoever knows the group from this host's log knows what it began with.
  for (const member of volume.holds.members) if (isMissing(peer, member)) beginMember(peer, out, owned, member, now)
  publishOwned(peer, out, committed, now)
  onMemberMade(peer, out, volume.id, now)
}

/** After a crash: a volume is looked at, of a group what is missing is begun. */
export function resumeNew(peer: Peer, out: Out, owned: Owned, now: Now): void {
  if (isGroup(owned.volume)) commitNew(peer, out, owned, now)
  else lookAtBuild(out, owned)
}

function isMissing(peer: Peer, { id }: GroupMember): boolean {
  return !peer.owned.has(id) && !peer.tombs.has(id)
}

function beginMember(peer: Peer, out: Out, { volume: group, reservation }: Owned, member: GroupMember, now: Now): void {
  const spec = specOf(group, member)
  peer.strays.delete(spec.id)
  const volume = {
    ...creatingVolume(spec, memberRid(group.rid, spec.id), peer.self, group.pool, group.availabilityZone),
    ...flagsOf(peer, spec),
  }
  const begun: Owned = { volume, step: 'committed', reservation, seq: 0, hash: null, pending: null, working: null }
  make(out, publishOwned(peer, out, begun, now))
}

function specOf(group: Volume, { id, sizeGiB, source, type, typeId, multiattach }: GroupMember): VolumeSpec {
  const { project, user, zone, createdAtMs } = group
  const plain = { name: null, description: null, metadata: {} }
  return { ...plain, id, project, user, sizeGiB, zone, type, typeId, multiattach, source, group: group.id, createdAtMs }
}
