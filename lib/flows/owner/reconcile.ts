/**
 * Compares, every few minutes, the bytes that lie on this host with its records, and says and mends what differs.
 *
 * Bytes of ours that no record explains go the way of those at a start: removed if they are what a delete has left, else their register
 * is asked, else they are set aside. A volume whose bytes are gone is shown in error until they are there again. Only what two looks in a
 * row have found counts: one may be as old as what has been done since.
 */
import type { SnapshotId, VolumeId } from '../../model/ids.ts'
import { isGroup } from '../../model/group.ts'
import { snapshotOf } from '../../model/snapshot.ts'
import { restingStatus } from '../../model/volume.ts'
import { note, type Out } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { FoundHere, ListedVolume, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { retag, taggedOtherwise } from './retag.ts'
import { look, lookAtOne } from './strays.ts'
import { readOwn } from './unread.ts'

const GIB = 1024 ** 3

export function reconcile(peer: Peer, out: Out, found: FoundHere, now: Now): void {
  const { fresh } = found
  if (fresh === null) return
  const before = new Set(peer.oddities)
  peer.oddities.clear()
  const isOddAgain = (name: string): boolean => {
    peer.oddities.add(name)
    return before.has(name)
  }
  explainBytes(peer, out, found, isOddAgain)
  for (const owned of taggedOtherwise(peer, found.volumes, found.snapshots)) if (isOddAgain(`tags/${owned.volume.id}`)) retag(out, owned)
  const there = new Map(found.volumes.map((volume) => [volume.id, volume]))
  for (const owned of [...peer.owned.values()]) {
    if (!isResting(owned) || !isListed(owned, fresh)) continue
    const bytes = there.get(owned.volume.id)
    if (bytes !== undefined) back(peer, out, owned, bytes, now)
    else if (isOddAgain(`gone/${owned.volume.id}`)) missing(peer, out, owned, now)
  }
}

function explainBytes(peer: Peer, out: Out, { volumes, snapshots }: FoundHere, isOddAgain: (name: string) => boolean): void {
  for (const found of volumes) if (!isRecorded(peer, found.id) && isOddAgain(`there/${found.id}`)) look(peer, out, found)
  for (const found of snapshots) {
    if (!isSnapshotRecorded(peer, found.volume, found.id) && isOddAgain(`there/${found.id}`)) lookAtOne(peer, out, found)
  }
  const projects = new Set(
    [...peer.strays.values(), ...peer.straySnapshots.values()].flatMap(({ tags }) => (tags === null ? [] : [tags.project])),
  )
  for (const project of projects) readOwn(peer, out, project)
}

function isRecorded(peer: Peer, id: VolumeId): boolean {
  return peer.owned.has(id)
}

function isSnapshotRecorded(peer: Peer, volume: VolumeId, id: SnapshotId): boolean {
  const owned = peer.owned.get(volume)
  return owned !== undefined && (snapshotOf(owned.volume, id) !== null || owned.pending !== null)
}

/** It has bytes and was made, nothing is being done with it, and nothing else is wrong with it. */
function isResting({ step, volume, working, pending }: Owned): boolean {
  if (working !== null || pending !== null || isGroup(volume)) return false
  return volume.failure?.kind === 'missing' || (step === 'built' && !volume.status.startsWith('error'))
}

/** Its backend has listed all that it has. */
function isListed({ volume: { pool } }: Owned, fresh: readonly string[]): boolean {
  return pool !== null && fresh.includes(pool.slice(0, pool.indexOf('#')))
}

function missing(peer: Peer, out: Out, owned: Owned, now: Now): void {
  const { volume } = owned
  const { id, pool, attachments, failure } = volume
  const status = attachments.length === 0 ? 'error' : volume.status
  if (failure?.kind === 'missing' && volume.status === status) return
  note(out, 'error', 'volume-missing', { volume: id, pool })
  publishOwned(peer, out, { ...owned, volume: { ...volume, status, failure: { kind: 'missing' } } }, now)
}

function back(peer: Peer, out: Out, owned: Owned, { sizeBytes }: ListedVolume, now: Now): void {
  const { volume } = owned
  if (volume.failure?.kind !== 'missing' || sizeBytes !== volume.sizeGiB * GIB) return
  note(out, 'info', 'volume-back', { volume: volume.id, pool: volume.pool })
  const status = restingStatus(volume)
  publishOwned(peer, out, { ...owned, step: 'built', volume: { ...volume, status, failure: null } }, now)
}
