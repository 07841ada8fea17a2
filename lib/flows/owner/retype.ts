/**
 * Gives a volume another type, if its own pool is one for it. Judged here, by a copy of the types that is at least as new as
 * that of the peer which was asked; then the register has to have room for it in the account of its new type (`room.ts`). It is
 * done in one batch: no byte is touched, so that nothing is ever half done.
 *
 * What belongs to the type follows: its name and `multiattach` are in the record, its QoS specs are read when somebody
 * attaches. A volume whose pool does not fit stays what it is, and says so in a message: volumes are not moved between pools.
 */
import { effectiveQos, type KnownType } from '../../model/catalogue.ts'
import type { Failure } from '../../model/failure.ts'
import { NO_HINTS } from '../../model/hints.ts'
import type { PeerId, RequestId } from '../../model/ids.ts'
import { hostName } from '../../model/manifest.ts'
import type { Rejection } from '../../model/placement.ts'
import type { Operation } from '../../model/request.ts'
import type { Volume, VolumeStatus } from '../../model/volume.ts'
import { allowsMultiattach } from '../../model/volume-type.ts'
import { suitsType } from '../../placement/rank.ts'
import { placeRequest } from '../coordinator/place.ts'
import { cancel, type Out } from '../out.ts'
import { onTypesNeeded } from '../spread/catalogue.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { ownPools, typeOf } from './capacity.ts'
import type { Owned, PendingRetype } from './owned.ts'
import { settle } from './settle.ts'
import { recordFailure } from './snapshot.ts'
import { endWell, waitFor } from './work.ts'

type Retype = Extract<Operation, { kind: 'retype' }>

const ALLOWED: readonly VolumeStatus[] = ['available', 'in-use']

export type RetypeJudgement =
  | { readonly kind: 'refused'; readonly facts: Failure }
  /** The volume as it stays, with what it says of that. */
  | { readonly kind: 'unsuited'; readonly volume: Volume }
  /** The type, as far as it shows in the record. */
  | { readonly kind: 'fits'; readonly type: PendingRetype['type'] }

/** Whether the volume may have the type, and its pool is one for it. */
export function judgeRetype(peer: Peer, out: Out, owned: Owned, rid: RequestId, wanted: Retype): RetypeJudgement {
  const refused = (facts: Failure): RetypeJudgement => ({ kind: 'refused', facts })
  if (peer.catalogue.version < wanted.typeVersion) {
    onTypesNeeded(peer, out, wanted.typeVersion)
    return refused({ code: 'types-behind', host: hostName(peer.options.manifest, peer.self) })
  }
  const type = typeOf(peer, wanted)
  if (type === null) return refused({ code: 'type-not-found', type: wanted.typeId })
  const { volume } = owned
  const { id, pool: name } = volume
  if (name === null) return refused({ code: 'volume-not-found', volume: id })
  const facts = refuseRetype(peer, owned, type)
  if (facts !== null) return refused(facts)
  const pool = ownPools(peer).find((own) => own.name === name)
  // What a pool can is not known while it does not answer.
  if (pool === undefined || pool.state === 'stalled') {
    const rejection = { pool: name, filter: 'owner', reported: pool?.state ?? 'no such pool here', needed: 'up' }
    return refused({ code: 'no-room', rejected: [rejection] })
  }
  const place = placeRequest(peer, { rid, spec: volume, sizeGiB: 0, type, hints: NO_HINTS })
  const rejection = suitsType(pool, place, peer.options.placement)
  // That its bytes are missing is the more important thing to say of it.
  if (rejection !== null && volume.failure?.kind === 'missing') return refused({ code: 'no-room', rejected: [rejection] })
  const shown = { id: type.id, name: type.name, multiattach: allowsMultiattach(type) }
  const after = rejection === null ? ofType(volume, shown) : unsuited(volume, type, wanted, rejection)
  const full = recordFailure(after)
  if (full !== null) return refused(full)
  return rejection === null ? { kind: 'fits', type: shown } : { kind: 'unsuited', volume: after }
}

/** Taken, and come to nothing. */
export function keepType(peer: Peer, out: Out, from: PeerId, owned: Owned, rid: RequestId, volume: Volume, now: Now): void {
  const kept = publishOwned(peer, out, { ...owned, volume }, now)
  waitFor(peer, rid, from)
  endWell(peer, out, rid, kept.volume, null, now)
}

/** The register has bound what the volume counts for its new type. Answers `from` once everybody can see it. */
export function commitRetype(peer: Peer, out: Out, owned: Owned, { rid, type }: PendingRetype, from: PeerId, now: Now): void {
  const { id, project } = owned.volume
  cancel(out, `resolve/${id}`)
  const done = publishOwned(peer, out, { ...owned, pending: null, volume: ofType(owned.volume, type) }, now)
  settle(peer, out, project, rid)
  waitFor(peer, rid, from)
  endWell(peer, out, rid, done.volume, null, now)
}

/** As Cinder: what whoever uses the volume was told of it does not change under his hands. */
function refuseRetype(peer: Peer, { volume, step }: Owned, type: KnownType): Failure | null {
  const { id, status, typeId, group } = volume
  if (step !== 'built' || !ALLOWED.includes(status))
    return { code: 'invalid-status', volume: id, action: 'retype', status, allowed: ALLOWED }
  if (group !== undefined) return { code: 'volume-in-group', volume: id, group, action: 'retype' }
  if (typeId === type.id) return { code: 'retype-same', volume: id, type: type.name }
  if (type.encryption !== null) return { code: 'type-encrypted', type: type.name }
  if (status === 'available') return null
  if (allowsMultiattach(type) !== volume.multiattach) return { code: 'retype-in-use', volume: id, type: type.name, differs: 'multiattach' }
  const differs = isFrontEndOther(peer, typeOf(peer, volume), type)
  return differs ? { code: 'retype-in-use', volume: id, type: type.name, differs: 'qos' } : null
}

function isFrontEndOther(peer: Peer, before: KnownType | null, after: KnownType): boolean {
  const ids = [before?.qosId ?? null, after.qosId]
  if (ids[0] === ids[1]) return false
  return effectiveQos(peer.catalogue.entries).some(({ id, consumer }) => consumer !== 'back-end' && ids.includes(id))
}

function ofType(volume: Volume, { id: typeId, name: type, multiattach }: PendingRetype['type']): Volume {
  // That an earlier one came to nothing is of no concern any more.
  const failure = volume.failure?.kind === 'retype-refused' ? null : volume.failure
  return { ...volume, type, typeId, multiattach, failure }
}

function unsuited(volume: Volume, type: KnownType, { mayMove }: Retype, rejection: Rejection): Volume {
  return { ...volume, failure: { kind: 'retype-refused', type: type.name, mayMove, rejection } }
}
