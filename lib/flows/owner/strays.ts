/**
 * Bytes of ours that no record of this host explains: what a delete has left goes, the rest waits for the word of its register, and what
 * has no tags that could name one is set aside. Nothing else is ever deleted.
 */
import { snapshotOf } from '../../model/snapshot.ts'
import { note, type Out } from '../out.ts'
import type { ListedSnapshot, ListedVolume } from '../step.ts'
import type { Peer } from '../tables.ts'
import { backend } from './work.ts'

/** Bytes on this host that no record explains: the register of the project on their tags may. */
export function look(peer: Peer, out: Out, found: ListedVolume): void {
  const { id, tags } = found
  const owned = peer.owned.get(id)
  if (owned !== undefined && owned.step !== 'reserved') return
  const tomb = peer.tombs.get(id)
  if (tomb !== undefined && tomb.wasReleased !== true) return backend(out, id, 'leftover', { kind: 'remove', volume: id })
  if (tags !== null && tomb === undefined) {
    peer.strays.set(id, found)
    return
  }
  note(out, 'error', 'volume-quarantined', { volume: id })
  backend(out, id, 'quarantine', { kind: 'quarantine', volume: id })
}

/** The same for a snapshot: its record is part of its volume's. */
export function lookAtOne(peer: Peer, out: Out, found: ListedSnapshot): void {
  const { id, volume, tags } = found
  const owned = peer.owned.get(volume)
  if (owned !== undefined && snapshotOf(owned.volume, id) !== null) return
  // Without tags it is nothing that a delete has left: it may have been given back, and called by its old name since.
  if (tags !== null && peer.tombs.has(volume))
    return backend(out, volume, 'leftover', { kind: 'remove-snapshot', snapshot: { id, volume } })
  if (tags !== null) {
    peer.straySnapshots.set(id, found)
    return
  }
  note(out, 'error', 'snapshot-quarantined', { snapshot: id, volume })
  backend(out, volume, 'quarantine', { kind: 'quarantine-snapshot', snapshot: { id, volume } })
}
