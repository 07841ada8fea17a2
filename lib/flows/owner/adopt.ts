/**
 * A grant of this host that its journal does not explain: the register bound a reservation that is gone.
 *
 * It takes a BIND that was on its way for longer than the register remembers closed reservations. A bound request stays
 * bound, so this host takes it on: room is checked anew, and the volume is made, or is in error.
 */
import { hostOf } from '../../model/manifest.ts'
import type { ProjectId, RequestId } from '../../model/ids.ts'
import type { Binding } from '../../model/ledger.ts'
import type { Certificate, ChangeOutcome } from '../../model/message.ts'
import { askRegister } from '../group/ask.ts'
import { keepOwned, note, type Out } from '../out.ts'
import { publishOwned, publishTomb } from '../spread/publish.ts'
import { creatingVolume } from '../shape.ts'
import type { Now } from '../step.ts'
import type { Owned, Peer } from '../tables.ts'
import { commitCreate } from './build.ts'
import { refusalOf, typeOf } from './capacity.ts'
import { settle } from './settle.ts'

/** The certificate alone does not say what to build; the register does. */
export function askToAdopt(peer: Peer, out: Out, { project, rid }: Certificate): void {
  askRegister(peer, out, project, { kind: 'read', volume: null }, { kind: 'adopt', rid })
}

export function onAdopted(peer: Peer, out: Out, project: ProjectId, rid: RequestId, outcome: ChangeOutcome, now: Now): void {
  if (outcome.kind !== 'decided' || outcome.answer.kind !== 'contents') return
  const binding = outcome.answer.contents.bound.find((one) => one.rid === rid && one.host === peer.self)
  if (binding === undefined || peer.settled.has(rid)) return
  const known = peer.owned.get(binding.volume)
  if (known?.volume.rid === rid || known?.extend?.rid === rid) return
  note(out, 'warn', 'grant-without-reservation', { rid, volume: binding.volume })
  if (binding.spec !== null && known === undefined && !peer.tombs.has(binding.volume)) return adopt(peer, out, binding, now)
  // An extend that nobody waits for any more: the volume stays as it is, and the grant goes with the next totals.
  if (known === undefined) publishTomb(peer, out, binding.volume)
  else publishOwned(peer, out, known, now)
  settle(peer, out, project, rid)
}

function adopt(peer: Peer, out: Out, binding: Binding, now: Now): void {
  const { spec, rid, pool, reservation } = binding
  if (spec === null) return
  const zone = hostOf(peer.options.manifest, peer.self)?.zone ?? ''
  const volume = creatingVolume(spec, rid, peer.self, pool, zone)
  const owned: Owned = { volume, step: 'reserved', reservation, seq: 0, generation: 0, extend: null, working: null }
  if (refusalOf(peer, pool, spec.sizeGiB, [], typeOf(peer, spec)) === null) return commitCreate(peer, out, keepOwned(peer, out, owned))
  publishOwned(peer, out, { ...owned, step: 'failed', volume: { ...volume, status: 'error', failure: { kind: 'lost' } } }, now)
  settle(peer, out, spec.project, rid)
}
