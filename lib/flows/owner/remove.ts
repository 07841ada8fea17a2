/**
 * Deletes a volume: D1, remove its bytes, see that they are gone, D2 with a tombstone.
 *
 * From D1 on it is never shown as anything but `deleting`, and after a crash the removal goes on. With `cascade` its snapshots are
 * `deleting` in the same batch, and the volume's own bytes go when the last of them is out of the record.
 */
import type { PeerId, ProjectId, RequestId, VolumeId } from '../../model/ids.ts'
import type { Intent } from '../../model/ledger.ts'
import { hostName } from '../../model/manifest.ts'
import type { VolumeStatus } from '../../model/volume.ts'
import { type Failure, failure } from '../../model/failure.ts'
import type { Operation, OperationRequest } from '../../model/request.ts'
import { isGroup } from '../../model/group.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import { withoutOffer } from '../../model/transfer.ts'
import { type Out, timer } from '../out.ts'
import { beatSoon } from '../spread/beat.ts'
import { publishOwned, publishTomb } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { onMemberGone, onMemberStays } from './group-progress.ts'
import type { Owned } from './owned.ts'
import { isUnsureOf } from './forgotten.ts'
import { endOf, settle } from './settle.ts'
import { DELETABLE_SNAPSHOTS, removeSnapshot } from './snapshot-change.ts'
import { isBeingCopied } from './source.ts'
import { giveBack, givesBack } from './unmanage.ts'
import { answerNow, backend, endWell, mayTryAgain, waitFor } from './work.ts'

/** Cinder's list; `force` skips it. */
const DELETABLE: readonly VolumeStatus[] = ['available', 'error', 'error_extending', 'error_deleting']

export function startDelete(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  { force, cascade = false }: Extract<Operation, { kind: 'delete' }>,
  now: Now,
): void {
  const { id, status, attachments, group } = owned.volume
  if (group !== undefined)
    return answerNow(out, from, request.rid, failure({ code: 'volume-in-group', volume: id, group, action: 'delete' }))
  if (attachments.length > 0) {
    const facts = {
      code: 'volume-attached',
      volume: id,
      action: 'delete',
      attachments: attachments.map((attachment) => attachment.id),
    } as const
    return answerNow(out, from, request.rid, failure(facts))
  }
  if (isBeingCopied(peer, id, null)) return answerNow(out, from, request.rid, failure({ code: 'volume-busy', volume: id, running: 'copy' }))
  const { snapshots } = owned.volume
  if (snapshots.length > 0 && !cascade)
    return answerNow(out, from, request.rid, failure({ code: 'volume-has-snapshots', volume: id, snapshots: snapshots.length }))
  const facts = refuseSnapshots(snapshots)
  if (facts !== null) return answerNow(out, from, request.rid, failure(facts))
  // A snapshot of it may be promised without this host's knowing.
  if (isUnsureOf(peer, owned.volume.project)) {
    return answerNow(out, from, request.rid, failure({ code: 'recovering', host: hostName(peer.options.manifest, peer.self) }))
  }
  if (owned.step === 'committed' || (!force && !DELETABLE.includes(status))) {
    return answerNow(out, from, request.rid, failure({ code: 'invalid-status', volume: id, action: 'delete', status, allowed: DELETABLE }))
  }
  const working = { rid: request.rid, kind: 'delete', attachment: null, before: status } as const
  const going = snapshots.map((snapshot) => ({ ...snapshot, status: 'deleting', failure: null, updatedAtMs: now.wallMs }) as const)
  const volume = { ...withoutOffer(owned.volume), status: 'deleting', snapshots: going } as const
  const deleting = publishOwned(peer, out, { ...owned, step: 'deleting', working, volume }, now)
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, deleting.volume, null, now)
  // Those that were on their way out before are seen to.
  for (const snapshot of snapshots) if (snapshot.status !== 'deleting') removeSnapshot(peer, out, id, snapshot.id)
  clear(out, deleting)
}

/** Why one of the snapshots cannot go with its volume; null if all can. */
function refuseSnapshots(snapshots: readonly Snapshot[]): Failure | null {
  const held = snapshots.find(({ status }) => status !== 'deleting' && !DELETABLE_SNAPSHOTS.includes(status))
  if (held !== undefined)
    return { code: 'snapshot-status', snapshot: held.id, action: 'delete', status: held.status, allowed: DELETABLE_SNAPSHOTS }
  for (const { id, groupSnapshot } of snapshots)
    if (groupSnapshot !== undefined) return { code: 'snapshot-in-group', snapshot: id, groupSnapshot }
  return null
}

/**
 * Deletes a volume whose delete was asked for while this host was away.
 *
 * @returns `wait`: it is on its way, or busy; `gone`: nothing of this project is there any more; `refused`: it is in use, or has snapshots
 */
export function deleteAsIntended(
  peer: Peer,
  out: Out,
  project: ProjectId,
  { volume: id, rid }: Intent,
  now: Now,
): 'wait' | 'gone' | 'refused' {
  const owned = peer.owned.get(id)
  if (owned === undefined) return peer.strays.has(id) ? 'wait' : 'gone'
  // It has become another project's since.
  if (owned.volume.project !== project) return 'gone'
  if (owned.volume.attachments.length > 0 || owned.volume.snapshots.length > 0 || owned.volume.group !== undefined) return 'refused'
  if (
    owned.working !== null ||
    owned.pending !== null ||
    owned.step === 'reserved' ||
    owned.step === 'committed' ||
    owned.step === 'deleting' ||
    isBeingCopied(peer, id, null)
  )
    return 'wait'
  const deleting = takeAway(peer, out, owned, rid, now)
  endWell(peer, out, rid, deleting.volume, null, now)
  return 'wait'
}

/** D1 of a volume that nothing keeps, and its bytes. */
export function takeAway(peer: Peer, out: Out, owned: Owned, rid: RequestId, now: Now): Owned {
  const working = { rid, kind: 'delete', attachment: null, before: owned.volume.status } as const
  const volume = { ...withoutOffer(owned.volume), status: 'deleting' } as const
  const deleting = publishOwned(peer, out, { ...owned, step: 'deleting', working, volume }, now)
  clear(out, deleting)
  return deleting
}

/** Takes away what the volume has, or gives it back; after a crash, too. Its last snapshot calls again when it has gone. */
export function clear(out: Out, owned: Owned): void {
  if (owned.volume.snapshots.length > 0) return
  if (givesBack(owned.volume)) giveBack(out, owned)
  else remove(out, owned.volume.id)
}

function remove(out: Out, id: VolumeId): void {
  backend(out, id, 'delete', { kind: 'remove', volume: id })
}

export function onRemoveTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned?.step !== 'deleting') return
  if (isGroup(owned.volume)) onMemberGone(peer, out, id)
  else clear(out, owned)
}

export function onRemoved(peer: Peer, out: Out, owned: Owned, job: string, outcome: BackendOutcome, now: Now): void {
  const { id } = owned.volume
  const isGone = outcome.kind === 'ok' && (job === 'delete' || outcome.value === null)
  if (isGone) {
    peer.tries.delete(`remove/${id}`)
    publishTomb(peer, out, id)
    settle(peer, out, owned.volume.project, endOf(id))
    if (owned.volume.group !== undefined) onMemberGone(peer, out, owned.volume.group)
    return beatSoon(peer, out)
  }
  if (outcome.kind === 'unknown' && job === 'delete') return backend(out, id, 'delete-look', { kind: 'inspect', volume: id })
  if (outcome.kind === 'ok') return remove(out, id)
  // A refusal of the tool counts; a look that could not be made does not.
  if (outcome.kind === 'unknown' || mayTryAgain(peer, `remove/${id}`)) return timer(out, `remove/${id}`, peer.options.timings.retryMs)
  const { tool, detail } = outcome
  const volume = { ...owned.volume, status: 'error_deleting', failure: { kind: 'backend', step: 'delete', tool, detail } } as const
  publishOwned(peer, out, { ...owned, step: 'failed', working: null, volume }, now)
  if (volume.group !== undefined) onMemberStays(peer, out, volume.group, now)
}
