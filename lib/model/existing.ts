/**
 * What lies in a pool and is none of its volumes: laid there by somebody else, given back, or set aside.
 *
 * Named as its tool names it, and never by a path. Such a thing is looked at and, when an operator says so, taken in as a
 * volume or as a snapshot of one; it is never changed or removed before that.
 */
import type { PeerId, PoolName, ProjectId, RequestId, SnapshotId, VolumeId } from './ids.ts'

/** Why it is not taken in as it stands: a fact, of which the edge makes a sentence. */
export type Hindrance =
  /** Its name has characters that no command here is given. */
  | 'name'
  /** Something on the host has it open. */
  | 'in-use'
  /** It is a snapshot, or has snapshots that hang on it. */
  | 'snapshots'
  /** It is a thin pool, or a part of one, or of a mirror, a cache … */
  | 'pool-part'
  /** It is not a whole number of GiB. */
  | 'size'
  /** A file that has other names, or a link. */
  | 'linked'
  /** Scoria has not finished making it, or clearing it. */
  | 'half-made'
  /** It bears the tags of a volume, and not its name. */
  | 'tagged'

/** What it was before it was set aside, as far as its tags or its name say. */
export interface Former {
  readonly volume: VolumeId
  /** Null: it was the volume itself. */
  readonly snapshot: SnapshotId | null
  readonly project: ProjectId | null
  readonly rid: RequestId | null
}

/** What something is a snapshot of, as its tool names that. */
export interface Origin {
  readonly name: string
  /** The volume that it is, or was when the snapshot was given back; null: nothing that Scoria has made or taken in. */
  readonly volume: VolumeId | null
}

export interface Existing {
  readonly name: string
  readonly sizeBytes: number
  /** Null: it may be taken in. */
  readonly hindrance: Hindrance | null
  /** Set aside by Scoria (`quarantine-…`); null for what was never ours, or was given back. */
  readonly former: Former | null
  /** Null: nobody says that it is a snapshot of anything. */
  readonly origin: Origin | null
  /** Unix milliseconds since which it has lain there under this name, by its host's clock; null if nobody knows. */
  readonly sinceMs: number | null
}

/** What lies on a host and belongs to nobody that it knows. */
export interface HostFinds {
  readonly things: readonly (Existing & { readonly pool: PoolName })[]
  /** Exports that no record of the host explains. */
  readonly exports: readonly string[]
  /** There is more than is listed here. */
  readonly isCut: boolean
}

/** What a host answered when it was asked to look: what it found, or why it could not. */
export type HostLook = { readonly ok: true; readonly finds: HostFinds } | { readonly ok: false; readonly detail: string }

export interface HostsLooked {
  readonly looks: readonly { readonly host: PeerId; readonly look: HostLook }[]
  /** Those who did not answer in time. */
  readonly silent: readonly PeerId[]
}

/** As many as one host lists, so that they fit one message. */
export const FINDS_MAX = 5000

const NAME = /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}$/

/** Whether a name may be given to a command: that of an LV, or of a file. */
export function isExistingName(text: string): boolean {
  return NAME.test(text) && text !== '.' && text !== '..'
}
