/**
 * A host that has forgotten takes its own records back from its peers, and believes them rather than its journal.
 *
 * What a record does not say is filled in carefully: a secret follows from the host's key, a command that may have been
 * at work is looked at again, and what was only reserved asks the register as after any start.
 */
import type { Attachment } from '../../model/attachment.ts'
import { hashHex } from '../../model/hash.ts'
import { requestId, reservationId } from '../../model/ids.ts'
import type { LogHead, PublishedRecord } from '../../model/log.ts'
import { recordHash } from '../../model/log.ts'
import { statusFromAttachments, type Volume } from '../../model/volume.ts'
import type { OwnerLog } from '../../replica/log.ts'
import { replaceLog } from '../../replica/view.ts'
import { tombKey } from '../keys.ts'
import { dropOwned, journalDrop, journalPut, keepHost, keepOwned, type Out } from '../out.ts'
import type { Peer } from '../tables.ts'
import { groupPendingOf } from './group-snapshot.ts'
import type { Owned, OwnedStep, PendingGroupSnapshot, PendingSnapshot, Working } from './owned.ts'
import { pendingOf } from './snapshot.ts'

/** The names of its reservations are not in a host's records. */
const NO_RESERVATION = reservationId('0.0')

export function importOwn(peer: Peer, out: Out, own: OwnerLog): void {
  const { head } = own
  if (head === null) return
  for (const [id, owned] of peer.owned) {
    if (own.records.has(id)) continue
    // Whether what was only begun has ended by now, the register knows.
    if (owned.seq > 0) dropOwned(peer, out, id)
    else keepOwned(peer, out, { ...owned, step: 'reserved', pending: null, working: null })
  }
  for (const id of peer.tombs.keys()) if (!own.records.has(id)) journalDrop(out, tombKey(id))
  peer.tombs.clear()
  for (const record of own.records.values()) importRecord(peer, out, record)
  adoptLog(peer, out, head, [...own.records.values()])
}

function importRecord(peer: Peer, out: Out, record: PublishedRecord): void {
  const { id, seq, volume } = record
  const hash = recordHash(record)
  if (volume === null) {
    dropOwned(peer, out, id)
    peer.tombs.set(id, { seq, hash })
    journalPut(out, tombKey(id), { seq, hash })
    return
  }
  const known = peer.owned.get(id)
  if (known?.seq === seq && known.hash === hash) return
  keepOwned(peer, out, ownedFrom(volume, seq, hash))
}

function ownedFrom(volume: Volume, seq: number, hash: string): Owned {
  const pending = pendingIn(volume)
  return {
    volume: withoutExtend(volume),
    step: stepOf(volume),
    reservation: NO_RESERVATION,
    seq,
    hash,
    pending,
    working:
      pending?.kind !== 'snapshot' ? workingOf(volume) : { rid: pending.rid, kind: 'snapshot', attachment: null, before: volume.status },
  }
}

/** An export that was being made or cut is cut; the attachment then is as it was before, or gone, as was asked for. A revert is carried out again. */
function workingOf({ attachments, snapshots, status }: Volume): Working | null {
  const revert = snapshots.find((snapshot) => snapshot.status === 'restoring')?.revert ?? null
  if (revert !== null) return { rid: revert, kind: 'revert', attachment: null, before: 'available' }
  const half = attachments.find((attachment) => attachment.export === 'exporting' || attachment.export === 'revoking')
  if (half === undefined) return null
  const rid = requestId(hashHex('import', half.id, String(half.generation)).slice(0, 32))
  return { rid, kind: halfDone(half), attachment: half.id, before: status }
}

/** A detach says so in the attachment's status; a connection that is terminated leaves it. */
function halfDone({ export: state, status }: Attachment): Working['kind'] {
  if (state === 'exporting') return 'connect'
  return status === 'detaching' || status === 'error_detaching' ? 'detach' : 'terminate'
}

/** A snapshot that was being made is looked at, and made if it is not there. */
function pendingIn({ snapshots, groupSnapshots = [] }: Volume): PendingSnapshot | PendingGroupSnapshot | null {
  const group = groupSnapshots.find(({ status }) => status === 'creating')
  if (group !== undefined) return groupPendingOf(group, NO_RESERVATION)
  const creating = snapshots.find(({ status }) => status === 'creating')
  return creating === undefined ? null : pendingOf(creating, NO_RESERVATION)
}

/** An extend that was at work is bound in the register, and taken up again from there. */
function withoutExtend(volume: Volume): Volume {
  return volume.status === 'extending' ? { ...volume, status: statusFromAttachments(volume.attachments) } : volume
}

function stepOf({ status }: Volume): OwnedStep {
  if (status === 'deleting' || status === 'unmanaging') return 'deleting'
  // Renamed while it was being made: it is looked at, and made if it is not there.
  if (status === 'creating') return 'committed'
  return status === 'error' || status === 'error_deleting' ? 'failed' : 'built'
}

function adoptLog(peer: Peer, out: Out, head: LogHead, records: readonly PublishedRecord[]): void {
  const { owner: _, signature: __, ...state } = head
  peer.log = state
  replaceLog(peer.view, peer.self, head, records)
  keepHost(peer, out)
}
