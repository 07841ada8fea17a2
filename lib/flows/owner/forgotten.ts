/**
 * What this host may have forgotten: a journal that is older than what it told others, or gone.
 *
 * Until a project's register has been read, nobody is told that something of it does not exist, and no room is promised
 * that a forgotten grant may hold.
 */
import type { ProjectId, SnapshotId, VolumeId } from '../../model/ids.ts'
import type { Failure } from '../../model/failure.ts'
import { hostName } from '../../model/manifest.ts'
import type { Peer } from '../tables.ts'

/** Projects whose totals are to be told once more. */
export function toldAgain(peer: Peer): readonly ProjectId[] {
  return [...peer.settled.values()].filter(({ isAgain }) => isAgain).map(({ project }) => project)
}

/** Room may be promised to grants, or taken by bytes, that this host has forgotten and not been told of yet. */
export function isUnsure(peer: Peer): boolean {
  return toldAgain(peer).some((project) => peer.unread.has(project))
}

/** The project's register may hold grants that this host has forgotten, and it has not been read since. */
export function isUnsureOf(peer: Peer, project: ProjectId): boolean {
  return peer.unread.has(project) && toldAgain(peer).includes(project)
}

/** A register that has not been read yet may hold the volume's grant, and bytes that nobody has explained yet may be its own. */
function mayBeForgotten(peer: Peer, volume: VolumeId, project: ProjectId | null): boolean {
  return peer.strays.has(volume) || (project === null ? peer.unread.size > 0 : peer.unread.has(project))
}

/** The answer about a volume that is not among this host's. */
export function missingVolume(peer: Peer, volume: VolumeId, project: ProjectId | null): Failure {
  return mayBeForgotten(peer, volume, project) ? recovering(peer) : { code: 'volume-not-found', volume }
}

/** The answer about a snapshot that its volume does not have. */
export function missingSnapshot(peer: Peer, snapshot: SnapshotId, project: ProjectId): Failure {
  const mayBeThere = peer.unread.has(project) || peer.straySnapshots.has(snapshot)
  return mayBeThere ? recovering(peer) : { code: 'snapshot-not-found', snapshot }
}

/** Ask again in a moment. */
export function recovering(peer: Peer): Failure {
  return { code: 'recovering', host: hostName(peer.options.manifest, peer.self) }
}
