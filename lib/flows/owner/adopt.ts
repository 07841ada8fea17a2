/**
 * A grant of this host that its journal does not explain: the register bound a reservation that is gone.
 *
 * It takes a journal that was lost, or a BIND that was on its way for longer than the register remembers closed
 * reservations. A bound request stays bound, so this host takes it on: what is there already is looked at, room is
 * checked anew, and the volume is made, or is in error.
 */
import { hostOf } from '../../model/manifest.ts'
import { type ProjectId, type RequestId, reservationId } from '../../model/ids.ts'
import type { Binding } from '../../model/ledger.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import type { Certificate } from '../../model/proof.ts'
import type { VolumeSpec } from '../../model/volume.ts'
import { askRegister } from '../group/ask.ts'
import { keepOwned, note, type Out } from '../out.ts'
import { creatingVolume } from '../shape.ts'
import { publishOwned, publishTomb } from '../spread/publish.ts'
import type { ListedVolume, Now } from '../step.ts'
import type { Owned, Peer } from '../tables.ts'
import { commitCreate } from './build.ts'
import { refusalOf, typeOf } from './capacity.ts'
import { commitExtend } from './extend.ts'
import { settle } from './settle.ts'

const GIB = 1024 ** 3

/** The certificate alone does not say what to build; the register does. */
export function askToAdopt(peer: Peer, out: Out, { project, rid }: Certificate): void {
  askRegister(peer, out, project, { kind: 'read', volume: null }, { kind: 'adopt', rid })
}

export function onAdopted(peer: Peer, out: Out, project: ProjectId, rid: RequestId, outcome: ChangeOutcome, now: Now): void {
  if (outcome.kind !== 'decided' || outcome.answer.kind !== 'contents') return
  const binding = outcome.answer.contents.bound.find((one) => one.rid === rid && one.host === peer.self)
  if (binding !== undefined) explain(peer, out, project, binding, now)
}

/** An open grant that names this host: whatever the journal lacks of it is made up for. */
export function explain(peer: Peer, out: Out, project: ProjectId, binding: Binding, now: Now): void {
  const { rid, volume: id, reservation } = binding
  if (peer.settled.has(rid)) return
  const known = peer.owned.get(id)
  if (known?.volume.rid === rid) {
    if (known.step === 'reserved') return commitCreate(peer, out, { ...known, reservation })
    // It was made, and that it was has been forgotten before the register heard of it.
    if (known.step !== 'committed') {
      publishOwned(peer, out, known, now)
      settle(peer, out, project, rid)
    }
    return
  }
  if (known?.extend?.rid === rid) return known.extend.committed ? undefined : commitExtend(peer, out, known, peer.self, now)
  note(out, 'warn', 'grant-without-reservation', { rid, volume: id })
  if (binding.spec !== null && known === undefined && !peer.tombs.has(id)) return adopt(peer, out, binding, now)
  if (known !== undefined && binding.spec === null && known.step === 'built' && binding.sizeGiB > known.volume.sizeGiB) {
    return growAfterAll(peer, out, known, binding, now)
  }
  if (known === undefined) publishTomb(peer, out, id)
  else publishOwned(peer, out, known, now)
  settle(peer, out, project, rid)
}

/** An extend that was promised and forgotten. While the volume is busy it waits: a member of its group will say so again. */
function growAfterAll(peer: Peer, out: Out, known: Owned, { rid, reservation, sizeGiB }: Binding, now: Now): void {
  const { pool, status, project, sizeGiB: before } = known.volume
  if (known.working !== null || known.extend !== null) return
  const hasRoom = pool !== null && refusalOf(peer, pool, sizeGiB - before, [], null) === null
  if (status === 'available' && hasRoom) {
    return commitExtend(peer, out, { ...known, extend: { rid, reservation, sizeGiB, committed: false } }, peer.self, now)
  }
  const detail = hasRoom ? `the volume is ${status} by now` : 'its room has been given to others'
  const failure = { kind: 'backend', step: 'extend', tool: 'a host that had forgotten the request', detail } as const
  publishOwned(peer, out, { ...known, volume: { ...known.volume, failure } }, now)
  settle(peer, out, project, rid)
}

/** Bytes of ours that only their tags explain: nobody has their record any more. */
export function adoptBytes(peer: Peer, out: Out, { id, poolName, sizeBytes, tags }: ListedVolume, now: Now): void {
  if (tags === null) return
  const spec: VolumeSpec = {
    id,
    project: tags.project,
    user: '',
    name: null,
    description: null,
    sizeGiB: Math.max(1, Math.floor(sizeBytes / GIB)),
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    createdAtMs: now.wallMs,
  }
  const volume = { ...creatingVolume(spec, tags.rid, peer.self, poolName, zoneOf(peer)), status: 'available' as const }
  note(out, 'warn', 'volume-adopted', { volume: id, project: tags.project, sizeGiB: spec.sizeGiB })
  publishOwned(peer, out, { ...reservedAs(volume, reservationId('0.0')), step: 'built' }, now)
  settle(peer, out, tags.project, tags.rid)
}

function adopt(peer: Peer, out: Out, binding: Binding, now: Now): void {
  const { spec, rid, pool, reservation } = binding
  if (spec === null) return
  const volume = creatingVolume(spec, rid, peer.self, pool, zoneOf(peer))
  const owned = reservedAs(volume, reservation)
  // Bytes that are there already take no more room.
  const isThere = peer.strays.delete(spec.id)
  if (isThere || refusalOf(peer, pool, spec.sizeGiB, [], typeOf(peer, spec)) === null) {
    return commitCreate(peer, out, keepOwned(peer, out, owned))
  }
  publishOwned(peer, out, { ...owned, step: 'failed', volume: { ...volume, status: 'error', failure: { kind: 'lost' } } }, now)
  settle(peer, out, spec.project, rid)
}

function reservedAs(volume: Owned['volume'], reservation: Owned['reservation']): Owned {
  return { volume, step: 'reserved', reservation, seq: 0, hash: null, extend: null, working: null }
}

function zoneOf(peer: Peer): string {
  return hostOf(peer.options.manifest, peer.self)?.zone ?? ''
}
