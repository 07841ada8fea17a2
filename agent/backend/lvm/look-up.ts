/**
 * What lies under a name in a volume group, as far as this backend is concerned.
 *
 * Ours is an LV whose name follows from its own tags and that lies in this backend's pool. Whatever else has the name is
 * somebody else's: it is never listed, used or removed.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { FoundSnapshot, FoundVolume } from '../../../lib/ports/backend.ts'
import { growthLv, type LvName, revertLv, snapshotLv, volumeLv } from './names.ts'
import type { Lv, VgState } from './report.ts'
import { identityOf, type LvIdentity } from './tags.ts'

export interface Place {
  readonly vg: string
  /** Null: thick, straight from the volume group. */
  readonly thinPool: string | null
}

export type Found =
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign'; readonly detail: string }
  | {
      readonly kind: 'ours'
      readonly lv: Lv
      readonly identity: LvIdentity
      /** It is what it is for whoever asks; else it is half made or half removed. */
      readonly isReady: boolean
    }

export type Ours = Extract<Found, { kind: 'ours' }>

export function lookUp(place: Place, state: VgState, name: LvName): Found {
  const lv = state.lvs.find((one) => one.name === name)
  if (lv === undefined) return { kind: 'absent' }
  const remedy = 'rename or remove it, or give this backend a volume group of its own'
  return oursIn(place, state, lv) ?? { kind: 'foreign', detail: `${place.vg}/${name} is there and was not made by this backend: ${remedy}` }
}

/** The volume; or what is about to have its name, if what had it is gone already. */
export function lookUpVolume(place: Place, state: VgState, volume: VolumeId): Found {
  const found = lookUp(place, state, volumeLv(volume))
  return found.kind === 'absent' ? lookUp(place, state, revertLv(volume)) : found
}

/** Everything of this backend, quarantine excepted. */
export function allOurs(place: Place, state: VgState): readonly Ours[] {
  return state.lvs.flatMap((lv) => oursIn(place, state, lv) ?? [])
}

export function seenVolume(found: Found, pool: string): FoundVolume | null {
  if (found.kind !== 'ours' || !found.isReady || found.identity.snapshot !== null) return null
  return { id: found.identity.volume, pool, sizeBytes: found.lv.sizeBytes, tags: found.identity.tags }
}

export function seenSnapshot(found: Found, pool: string): FoundSnapshot | null {
  if (found.kind !== 'ours' || !found.isReady || found.identity.snapshot === null) return null
  const { volume, snapshot, tags } = found.identity
  return { id: snapshot, volume, pool, sizeBytes: found.lv.sizeBytes, tags }
}

/** It takes its room from where this backend's volumes take theirs. */
export function isOfPlace({ thinPool }: Place, lv: Lv): boolean {
  return thinPool === null ? lv.kind === 'thick' : lv.kind === 'thin' && lv.pool === thinPool
}

function oursIn(place: Place, state: VgState, lv: Lv): Ours | null {
  const identity = identityOf(lv.tags)
  if (identity === null) return null
  const isReverting = identity.state === 'reverting'
  const isInPlace = lv.name === nameOf(identity)
  const isNext = isReverting && lv.name === revertLv(identity.volume)
  if ((!isInPlace && !isNext) || !isOfPlace(place, lv)) return null
  // Once the volume is gone, what was to have its place has it.
  const isReady = isNext ? state.lvs.every(({ name }) => name !== volumeLv(identity.volume)) : isReverting || identity.state === 'ready'
  return { kind: 'ours', lv, identity, isReady }
}

function nameOf({ volume, snapshot, state }: LvIdentity): LvName {
  if (snapshot !== null) return snapshotLv({ id: snapshot })
  return state === 'growing' ? growthLv(volume) : volumeLv(volume)
}
