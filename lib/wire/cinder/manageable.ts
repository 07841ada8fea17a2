/** What lies in a pool, as Cinder's `manageable_volumes` and `manageable_snapshots` show it: its name, whole GiB, and why it is not safe to manage. */
import type { Existing, Hindrance } from '../../model/existing.ts'
import type { SnapshotId, VolumeId } from '../../model/ids.ts'
import { assertNever } from '../../model/invariant.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'

const GIB = 1024 ** 3

/** One row; `id` is the name under which the pool has it. */
export interface Manageable {
  readonly id: string
  readonly sizeGiB: number
  /** Null: it may be managed. */
  readonly reason: string | null
  /** The volume or snapshot that it is already. */
  readonly managed: VolumeId | SnapshotId | null
  readonly extra: object | null
  /** Of a snapshot: the name of what it is one of; null in a list of volumes. */
  readonly source: string | null
}

export function manageableThing(thing: Existing): Manageable {
  const { name, sizeBytes, former } = thing
  const extra = former === null ? null : { was: former }
  // As Cinder: what is not whole is shown as if it were, and does not fit the reason that stands beside it.
  return { id: name, sizeGiB: Math.ceil(sizeBytes / GIB), reason: reasonOf(thing), managed: null, extra, source: null }
}

export function managedThing({ id, sizeGiB }: Pick<Volume, 'id' | 'sizeGiB'>): Manageable {
  return { id: `volume-${id}`, sizeGiB, reason: MANAGED, managed: id, extra: null, source: null }
}

/** Null: nobody says that it is a snapshot. @param isThere whether the pool has this volume */
export function manageableSnapshot(thing: Existing, isThere: (volume: VolumeId) => boolean): Manageable | null {
  const { origin } = thing
  if (origin === null) return null
  const isOfOurs = origin.volume !== null && isThere(origin.volume)
  const reason =
    reasonOf(thing) ?? (isOfOurs ? null : `${origin.name}, which it is a snapshot of, is no volume of this pool: manage that first`)
  return { ...manageableThing(thing), reason, source: origin.name }
}

export function managedSnapshot({ id, volume, sizeGiB }: Pick<Snapshot, 'id' | 'volume' | 'sizeGiB'>): Manageable {
  return { id: `_snapshot-${id}`, sizeGiB, reason: MANAGED, managed: id, extra: null, source: `volume-${volume}` }
}

/** Why a thing is no snapshot of this volume; null if it is. */
export function notSnapshotOf({ origin }: Existing, volume: VolumeId): string | null {
  if (origin?.volume === volume) return null
  return `it is not known as a snapshot of volume ${volume}${origin === null ? '' : `, but of ${origin.name}`}`
}

function reasonOf({ hindrance, former }: Existing): string | null {
  if (hindrance !== null) return hindranceText(hindrance)
  return former === null ? null : SET_ASIDE
}

export function manageableBody({ id, sizeGiB, reason, managed, extra, source }: Manageable, isDetailed: boolean): object {
  const origin = source === null ? {} : { source_reference: { 'source-name': source } }
  const summary = { reference: { 'source-name': id }, size: sizeGiB, safe_to_manage: reason === null, ...origin }
  return isDetailed ? { ...summary, reason_not_safe: reason, cinder_id: managed, extra_info: extra } : summary
}

const MANAGED = 'already managed'

export const SET_ASIDE = 'set aside by Scoria, which does not know it: scoria orphan list'

export function hindranceText(hindrance: Hindrance): string {
  switch (hindrance) {
    case 'name':
      return 'its name has characters other than A-Z a-z 0-9 + _ . -, or begins with a dash: rename it'
    case 'in-use':
      return 'it is in use on its host: see lsof, or lsblk, and stop who uses it'
    case 'snapshots':
      return 'it is a snapshot, or has snapshots: merge or remove them'
    case 'pool-part':
      return 'it is no plain volume but a pool, or a part of a mirror or a cache'
    case 'size':
      return 'its size is no whole number of GiB: grow it first (lvextend --size, truncate --size)'
    case 'linked':
      return 'it is no file of its own: a link, or a file that has other names'
    case 'half-made':
      return 'Scoria has not finished making or clearing it'
    case 'tagged':
      return 'it has tags of Scoria and not the name of its volume: rename it back, or remove the tags (lvs -o +tags, lvchange --deltag)'
    default:
      return assertNever(hindrance)
  }
}
