/** What lies in a pool, as Cinder's `manageable_volumes` shows it: its name, whole GiB, and why it is not safe to manage. */
import type { Existing, Hindrance } from '../../model/existing.ts'
import { assertNever } from '../../model/invariant.ts'
import type { Volume } from '../../model/volume.ts'

const GIB = 1024 ** 3

/** One row; `id` is the name under which the pool has it. */
export interface Manageable {
  readonly id: string
  readonly sizeGiB: number
  /** Null: it may be managed. */
  readonly reason: string | null
  /** The volume that it is already. */
  readonly volume: Volume['id'] | null
  readonly extra: object | null
}

export function manageableThing({ name, sizeBytes, hindrance, former }: Existing): Manageable {
  const reason = hindrance !== null ? hindranceText(hindrance) : former === null ? null : SET_ASIDE
  const extra = former === null ? null : { was: former }
  // As Cinder: what is not whole is shown as if it were, and does not fit the reason that stands beside it.
  return { id: name, sizeGiB: Math.ceil(sizeBytes / GIB), reason, volume: null, extra }
}

export function managedThing({ id, sizeGiB }: Pick<Volume, 'id' | 'sizeGiB'>): Manageable {
  return { id: `volume-${id}`, sizeGiB, reason: 'already managed', volume: id, extra: null }
}

export function manageableBody({ id, sizeGiB, reason, volume, extra }: Manageable, isDetailed: boolean): object {
  const summary = { reference: { 'source-name': id }, size: sizeGiB, safe_to_manage: reason === null }
  return isDetailed ? { ...summary, reason_not_safe: reason, cinder_id: volume, extra_info: extra } : summary
}

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
