/**
 * Keeps whose a volume is beside its bytes as well, so that a host which has lost everything knows its volumes again.
 *
 * The record comes first, the tags follow, and may be late: whatever a look finds tagged otherwise than the record says is tagged anew.
 */
import type { VolumeId } from '../../model/ids.ts'
import { note, type Out, timer } from '../out.ts'
import type { BackendOutcome, ListedSnapshot, ListedVolume } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { backend, mayTryAgain } from './work.ts'

export function retag(out: Out, { volume: { id, project } }: Owned): void {
  backend(out, id, 'retag', { kind: 'retag', volume: id, project })
}

export function onRetagTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned !== undefined && owned.step !== 'deleting') retag(out, owned)
}

export function onRetagged(peer: Peer, out: Out, { volume: { id } }: Owned, outcome: BackendOutcome): void {
  const what = `retag/${id}`
  if (outcome.kind === 'ok') {
    peer.tries.delete(what)
    return
  }
  // Beyond that the next look sees to it.
  if (mayTryAgain(peer, what)) return timer(out, what, peer.options.timings.retryMs)
  note(out, 'warn', 'volume-not-tagged', { volume: id, tool: outcome.tool, detail: outcome.detail })
}

/** Volumes whose bytes, or those of a snapshot of theirs, say that they are another project's. */
export function taggedOtherwise(peer: Peer, volumes: readonly ListedVolume[], snapshots: readonly ListedSnapshot[]): readonly Owned[] {
  const odd = new Set<Owned>()
  const look = (id: VolumeId, tags: ListedVolume['tags']): void => {
    const owned = peer.owned.get(id)
    const isMade = owned?.step === 'built' || owned?.step === 'failed'
    if (owned !== undefined && isMade && tags !== null && tags.project !== owned.volume.project) odd.add(owned)
  }
  for (const { id, tags } of volumes) look(id, tags)
  for (const { volume, tags } of snapshots) look(volume, tags)
  return [...odd]
}
