/**
 * Gives a volume's bytes back: D1 `unmanaging`, release, see that it is ours no more, D2 with a tombstone. No byte changes.
 *
 * The same way goes what was to be taken in and never was, when its volume is deleted: what lies there under somebody else's name
 * was never the volume's to remove. Whatever a crash cut off is begun again; a release that the tool refuses leaves the volume as it was.
 */
import { failure, type Failure } from '../../model/failure.ts'
import { hostName } from '../../model/manifest.ts'
import type { PeerId } from '../../model/ids.ts'
import type { OperationRequest } from '../../model/request.ts'
import type { Volume } from '../../model/volume.ts'
import { type Out, timer } from '../out.ts'
import { beatSoon } from '../spread/beat.ts'
import { publishOwned, publishTomb } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { isUnsureOf } from './forgotten.ts'
import { leaveRoom } from './leaving.ts'
import { endOf, settle } from './settle.ts'
import { isBeingCopied } from './source.ts'
import { answerNow, backend, endWell, mayTryAgain, waitFor } from './work.ts'

/** Whether the bytes under the volume's name, if there are any, are to be given back and not removed. */
export function givesBack({ status, source }: Pick<Volume, 'status' | 'source'>): boolean {
  return status === 'unmanaging' || source?.kind === 'existing'
}

export function startUnmanage(peer: Peer, out: Out, from: PeerId, owned: Owned, request: OperationRequest, now: Now): void {
  const facts = refuseUnmanage(peer, owned)
  if (facts !== null) return answerNow(out, from, request.rid, failure(facts))
  const { volume } = owned
  const working = { rid: request.rid, kind: 'unmanage', attachment: null, before: volume.status } as const
  const leaving = publishOwned(peer, out, { ...owned, step: 'deleting', working, volume: { ...volume, status: 'unmanaging' } }, now)
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, leaving.volume, null, now)
  giveBack(out, leaving)
}

export function giveBack(out: Out, { volume: { id } }: Owned): void {
  backend(out, id, 'release', { kind: 'release', volume: id })
}

export function onReleased(peer: Peer, out: Out, owned: Owned, job: string, outcome: BackendOutcome, now: Now): void {
  const { id } = owned.volume
  const isGone = outcome.kind === 'ok' && (job === 'release' || outcome.value === null)
  if (isGone) {
    peer.tries.delete(`release/${id}`)
    // What was never taken in has been somebody else's all the time.
    if (owned.volume.status === 'unmanaging') leaveRoom(peer, owned.volume.pool, owned.volume.sizeGiB)
    publishTomb(peer, out, id, true)
    settle(peer, out, owned.volume.project, endOf(id))
    return beatSoon(peer, out)
  }
  if (job === 'release') {
    if (outcome.kind === 'failed') peer.troubles.set(id, { tool: outcome.tool, detail: outcome.detail })
    return backend(out, id, 'release-look', { kind: 'inspect', volume: id })
  }
  // It was looked at and is there. Only what a tool refused outright, and refuses again, comes to nothing.
  const trouble = peer.troubles.get(id)
  if (trouble === undefined || outcome.kind !== 'ok' || mayTryAgain(peer, `release/${id}`))
    return timer(out, `remove/${id}`, peer.options.timings.retryMs)
  peer.troubles.delete(id)
  stay(peer, out, owned, trouble, now)
}

/** It is as it was: available, if it was to be unmanaged, and in error, if it had never been taken in. */
function stay(peer: Peer, out: Out, owned: Owned, trouble: { readonly tool: string; readonly detail: string }, now: Now): void {
  const { volume } = owned
  const isBack = volume.status === 'unmanaging'
  const step = isBack ? 'unmanage' : 'delete'
  const left = { ...volume, status: isBack ? 'available' : 'error_deleting', failure: { kind: 'backend', step, ...trouble } } as const
  publishOwned(peer, out, { ...owned, step: isBack ? 'built' : 'failed', working: null, volume: left }, now)
}

/** As Cinder: available only, and nothing that hangs on it. */
function refuseUnmanage(peer: Peer, { volume, step }: Owned): Failure | null {
  const { id, status, attachments, snapshots, project, group } = volume
  if (group !== undefined) return { code: 'volume-in-group', volume: id, group, action: 'unmanage' }
  if (attachments.length > 0)
    return { code: 'volume-attached', volume: id, action: 'unmanage', attachments: attachments.map((attachment) => attachment.id) }
  if (isBeingCopied(peer, id, null)) return { code: 'volume-busy', volume: id, running: 'copy' }
  if (snapshots.length > 0) return { code: 'volume-has-snapshots', volume: id, snapshots: snapshots.length }
  // A snapshot of it may be promised without this host's knowing.
  if (isUnsureOf(peer, project)) return { code: 'recovering', host: hostName(peer.options.manifest, peer.self) }
  if (step !== 'built' || status !== 'available')
    return { code: 'invalid-status', volume: id, action: 'unmanage', status, allowed: ['available'] }
  return null
}
