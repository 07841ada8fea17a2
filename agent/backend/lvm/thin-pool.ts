/**
 * When a thin pool takes nothing more, when it is grown, and by how much. Pure.
 *
 * A pool whose data or metadata runs out stops the writes of every volume in it. So it is grown, up to the size that the
 * operator allows, well before new volumes are refused, and they are refused before it is full.
 */
import type { Lv, VgState } from './report.ts'
import { poolNamed } from './report.ts'

export interface Guard {
  /** At or above these the pool takes no new volume and no new snapshot. */
  readonly dataPercentMax: number
  readonly metadataPercentMax: number
}

const GIB = 1024 ** 3
/** From here it is grown, and its operator is told. */
export const FILLING_PERCENT = 80
const GROWTH = 0.2
/** The kernel's limit is some 15.8 GiB. */
const METADATA_BYTES_MAX = 15 * GIB

/** Why this pool takes nothing new; null if it does. */
export function refusalOfPool(vg: string, name: string, guard: Guard, state: VgState): string | null {
  const pool = poolNamed(state, name)
  if (pool === undefined) return `thin pool ${vg}/${name} is not there`
  if (!pool.isZeroing) return `${notZeroing(vg, name)}: lvchange --zero y ${vg}/${name}`
  if (pool.health !== '') return `thin pool ${vg}/${name} is ${pool.health}: see lvs ${vg}/${name} and dmesg`
  const crowded =
    tooFull('data', pool.dataPercent, guard.dataPercentMax, `lvextend --size +SIZE ${vg}/${name}`) ??
    tooFull('metadata', pool.metadataPercent, guard.metadataPercentMax, `lvextend --poolmetadatasize +SIZE ${vg}/${name}`)
  return crowded === null ? null : `thin pool ${vg}/${name} ${crowded}`
}

export function notZeroing(vg: string, name: string): string {
  return `thin pool ${vg}/${name} does not zero what it gives out, so that one tenant could read what another wrote`
}

/** What `lvextend` has to be told for the pool to have room again; empty if it has, or may not grow. */
export function growthOf(pool: Lv, state: VgState, maxBytes: number | null): readonly (readonly string[])[] {
  if (maxBytes === null) return []
  const { extentBytes } = state
  const down = (size: number): number => Math.floor(size / extentBytes) * extentBytes
  const growth: (readonly string[])[] = []
  let freeBytes = state.freeBytes
  if (isFilling(pool.metadataPercent) && pool.metadataBytes !== null) {
    // The spare copy of the metadata grows with it.
    const moreBytes = down(Math.min(pool.metadataBytes, METADATA_BYTES_MAX - pool.metadataBytes, freeBytes / 2))
    if (moreBytes > 0) growth.push(['--poolmetadatasize', `+${moreBytes}b`])
    freeBytes -= 2 * Math.max(0, moreBytes)
  }
  if (isFilling(pool.dataPercent)) {
    const moreBytes = down(Math.min(Math.max(pool.sizeBytes * GROWTH, extentBytes), maxBytes - pool.sizeBytes, freeBytes))
    if (moreBytes > 0) growth.push(['--size', `+${moreBytes}b`])
  }
  return growth
}

export const isFilling = (percent: number | null): boolean => percent !== null && percent >= FILLING_PERCENT

function tooFull(what: string, percent: number | null, percentMax: number, remedy: string): string | null {
  if (percent === null || percent < percentMax) return null
  return `has ${percent}% of its ${what} in use and takes nothing new from ${percentMax}% on: delete volumes or snapshots, or ${remedy}`
}
