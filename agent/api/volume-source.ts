/**
 * What a new volume is to be a copy of, and what follows from it: where it lies, its size, its type and its zone.
 *
 * Looked up here for a clear answer; whether it may be copied its owner decides, when it sets the room aside.
 */
import type { CopySource, SourcePlace } from '../../lib/model/volume-source.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { WantedSource } from '../../lib/wire/cinder/volume-request.ts'
import type { Call, Edge } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { locateSnapshot } from './locate-snapshot.ts'
import { locateVolume } from './locate.ts'

export interface FoundSource {
  readonly source: CopySource
  readonly place: SourcePlace
  readonly sizeGiB: number
  readonly typeId: string | null
  readonly zone: string
}

export type LocatedSource =
  | { readonly ok: true; readonly found: FoundSource | null }
  | { readonly ok: false; readonly failure: EdgeFailure; readonly isGone: boolean }

export async function locateSource(edge: Edge, call: Call, wanted: WantedSource | null): Promise<LocatedSource> {
  if (wanted === null) return { ok: true, found: null }
  if (wanted.kind === 'volume') {
    const located = await locateVolume(edge, call, wanted.id)
    if (!located.ok) return missing(located.failure)
    const { volume } = located.view
    return placed({ kind: 'volume', volume: volume.id }, volume, volume.sizeGiB)
  }
  const located = await locateSnapshot(edge, call, wanted.id)
  if (!located.ok) return missing(located.failure)
  const { id, volume, sizeGiB } = located.snapshot
  const behind = await locateVolume(edge, call, volume)
  return behind.ok ? placed({ kind: 'snapshot', snapshot: id, volume }, behind.view.volume, sizeGiB) : missing(behind.failure)
}

function placed(source: CopySource, volume: Volume, sizeGiB: number): LocatedSource {
  const { id, owner, pool, status, typeId, availabilityZone } = volume
  if (owner !== null && pool !== null)
    return { ok: true, found: { source, place: { owner, pool }, sizeGiB, typeId, zone: availabilityZone } }
  // It is on no host, or nobody has said yet on which pool.
  const action = 'create a volume from it'
  return { ok: false, isGone: false, failure: { code: 'invalid-status', volume: id, action, status, allowed: ['available', 'in-use'] } }
}

function missing(failure: EdgeFailure): LocatedSource {
  return { ok: false, failure, isGone: failure.code === 'volume-not-found' || failure.code === 'snapshot-not-found' }
}
