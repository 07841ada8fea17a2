/**
 * Deletes a group: D1 for it and for all of its volumes in one batch, each volume as if it had been deleted alone, and D2 when the last of
 * them is gone (`group-progress.ts`). A group whose delete was taken while its host was away goes the same way.
 */
import { type Failure, failure } from '../../model/failure.ts'
import type { PeerId, ProjectId, RequestId } from '../../model/ids.ts'
import type { Intent } from '../../model/ledger.ts'
import type { OperationRequest } from '../../model/request.ts'
import type { VolumeStatus } from '../../model/volume.ts'
import { type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { isUnsureOf, recovering } from './forgotten.ts'
import { onMemberGone } from './group-progress.ts'
import { membersOf } from './members.ts'
import type { Owned } from './owned.ts'
import { takeAway } from './remove.ts'
import { isBeingCopied } from './source.ts'
import { answerNow, endWell, waitFor } from './work.ts'

/** Cinder's list; who deletes its volumes too is not asked for it. */
const DELETABLE: readonly VolumeStatus[] = ['available', 'error']

/** @param cascade its volumes, too */
export function startGroupDelete(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  cascade: boolean,
  now: Now,
): void {
  const facts = refuseGroupDelete(peer, owned, cascade)
  if (facts !== null) return answerNow(out, from, rid, failure(facts))
  waitFor(peer, rid, from)
  begin(peer, out, owned, rid, now)
}

/** @returns as of a volume (`remove.ts`) */
export function deleteGroupAsIntended(
  peer: Peer,
  out: Out,
  project: ProjectId,
  owned: Owned,
  { rid, cascade }: Intent,
  now: Now,
): 'wait' | 'gone' | 'refused' {
  if (owned.volume.project !== project) return 'gone'
  if (owned.step === 'reserved' || owned.step === 'committed' || owned.step === 'deleting' || owned.pending !== null) return 'wait'
  const facts = refuseGroupDelete(peer, owned, cascade === true)
  if (facts?.code === 'volume-busy' || facts?.code === 'recovering') return 'wait'
  if (facts !== null) return 'refused'
  begin(peer, out, owned, rid, now)
  return 'wait'
}

/** After a crash: what is in it goes with it, as was promised. */
export function resumeGroupDelete(peer: Peer, out: Out, owned: Owned, now: Now): void {
  const { id, rid } = owned.volume
  for (const member of membersOf(peer, id)) if (member.step === 'built' || member.step === 'failed') takeAway(peer, out, member, rid, now)
  onMemberGone(peer, out, id)
}

function refuseGroupDelete(peer: Peer, { volume, step }: Owned, cascade: boolean): Failure | null {
  const { id, status, project, groupSnapshots = [] } = volume
  if (step === 'committed' || (!cascade && !DELETABLE.includes(status)))
    return { code: 'group-status', group: id, action: 'delete', status, allowed: DELETABLE }
  if (groupSnapshots.length > 0) return { code: 'group-has-snapshots', group: id, snapshots: groupSnapshots.length }
  const members = membersOf(peer, id).filter((member) => member.step !== 'deleting')
  if (members.length > 0 && !cascade) return { code: 'group-has-volumes', group: id, volumes: members.length }
  // A volume in it may be promised without this host's knowing.
  if (isUnsureOf(peer, project)) return recovering(peer)
  for (const member of members) {
    const facts = refuseToGo(peer, member)
    if (facts !== null) return facts
  }
  return null
}

function refuseToGo(peer: Peer, { volume, step, working, pending }: Owned): Failure | null {
  const { id, group = id, attachments, snapshots } = volume
  if (step === 'reserved' || step === 'committed') return { code: 'volume-busy', volume: id, running: 'create' }
  const running = working?.kind ?? pending?.kind ?? (isBeingCopied(peer, id, null) ? 'copy' : null)
  if (running !== null) return { code: 'volume-busy', volume: id, running }
  if (attachments.length > 0) return { code: 'group-volume-held', group, volume: id, by: 'attachments' }
  return snapshots.length > 0 ? { code: 'group-volume-held', group, volume: id, by: 'snapshots' } : null
}

function begin(peer: Peer, out: Out, owned: Owned, rid: RequestId, now: Now): void {
  const { id, status } = owned.volume
  const members = membersOf(peer, id).filter((member) => member.step !== 'deleting')
  const working = { rid, kind: 'delete', attachment: null, before: status } as const
  // The group first: whoever knows that one of its volumes is to go knows that all are.
  const deleting = publishOwned(peer, out, { ...owned, step: 'deleting', working, volume: { ...owned.volume, status: 'deleting' } }, now)
  endWell(peer, out, rid, deleting.volume, null, now)
  for (const member of members) takeAway(peer, out, member, rid, now)
  timer(out, `remove/${id}`, 0)
}
