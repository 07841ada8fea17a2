/**
 * What a project's register holds, as a flat map of keyed entries.
 *
 * Flat, so that a change is a handful of puts and deletes: acceptors store and ship the difference and not the whole.
 * Keys: `bound/<rid>`, `closed/<rid>/<host>/<reservation>`, `unplaced/<rid>`, `recent/<rid>`, `host/<peer>`, `limits`,
 * `defaults`, `intent/<volume>`, `gone/<volume>`, `left/<volume>`; in the register of the cluster itself `type/<id>`,
 * `group-type/<id>`, `qos/<id>`, `default-type/<project>`, `service/<host>`, `quota-class/<name>`; in those of the users
 * `user/<id>`, `project/<id>`, `token/<hash>`.
 * A rid is in at most one of bound, unplaced and recent.
 */
import type { GroupSnapshotGrant } from './group.ts'
import type { PeerId, PoolName, ProjectId, RequestId, ReservationId, SnapshotId, TransferId, VolumeId } from './ids.ts'
import type { CatalogueChange, CatalogueEntry, CatalogueRefusal } from './catalogue.ts'
import type { IdentityChange, IdentityEntry, IdentityFound, IdentityRefusal } from './identity.ts'
import type { Rejection } from './placement.ts'
import type { CountedLimit, LimitName, Limits, Usage } from './quota.ts'
import type { DefaultLimits } from './quota-class.ts'
import type { SnapshotSpec } from './snapshot.ts'
import type { TextEdit } from './text-edit.ts'
import type { TransferGrant } from './transfer.ts'
import type { VolumeSpec } from './volume.ts'

/** A grant: this request's room is on this host, for good. Open until the host's own totals contain it. */
export interface Binding {
  readonly kind: 'bound'
  readonly rid: RequestId
  readonly volume: VolumeId
  readonly host: PeerId
  readonly pool: PoolName
  readonly reservation: ReservationId
  /** Hash of the request's body: a retry with another body is refused. */
  readonly bodyHash: string
  readonly delta: Usage
  /** Size once the request is done, GiB: of the volume, or of the snapshot. */
  readonly sizeGiB: number
  /** What to build, for a create; else null. */
  readonly spec: VolumeSpec | null
  /** What to make, for a snapshot; else null. */
  readonly snapshot: SnapshotSpec | null
  /** Whose volume this project takes over, for an accepted transfer; else null. With none of these it is an extend. */
  readonly transfer: TransferGrant | null
  /** What to make, for a snapshot of a whole group; else absent. */
  readonly groupSnapshot?: GroupSnapshotGrant
  /** Which type the volume is to get, for a retype; else absent. */
  readonly typeId?: string
  /** Unix milliseconds of the proposer, for display and age. */
  readonly atMs: number
}

/** A create that found no room. Shown as a volume in `error` until it is deleted. */
export interface Unplaced {
  readonly kind: 'unplaced'
  readonly rid: RequestId
  readonly spec: VolumeSpec
  readonly bodyHash: string
  readonly delta: Usage
  readonly rejected: readonly Rejection[]
  readonly atMs: number
  readonly updatedAtMs: number | null
  /** Its message is shown no more; absent until somebody has said so. */
  readonly isDismissed?: boolean
}

/** A request that has ended: kept among the last of its kind, so that a late repeat gets the same answer. */
export interface Recent {
  readonly kind: 'recent'
  /** Grows with each that is kept; the lowest are forgotten first. A clock that jumps makes nobody forget. */
  readonly order: number
  readonly rid: RequestId
  readonly volume: VolumeId
  /** The snapshot that the request made, if it made one. */
  readonly snapshot: SnapshotId | null
  /** The transfer that the request accepted, if it accepted one. */
  readonly transfer: TransferId | null
  readonly bodyHash: string
  /** Where it was bound, or null if it never was. */
  readonly host: PeerId | null
  readonly reservation: ReservationId | null
  readonly atMs: number
}

/** A reservation that its host gave up with the register's consent; a late BIND for it is refused. */
export interface Closed {
  readonly kind: 'closed'
  /** As in `Recent`. */
  readonly order: number
  readonly rid: RequestId
  readonly host: PeerId
  readonly reservation: ReservationId
  readonly atMs: number
}

/** What one host holds of this project, as the host itself counted it at (epoch, seq). */
export interface HostTotals {
  readonly kind: 'host'
  readonly host: PeerId
  readonly epoch: number
  readonly seq: number
  readonly usage: Usage
  /** The host is lost, or has left: these were counted by others, and nothing that it says itself counts any more. */
  readonly isFinal: boolean
}

/** A delete that was asked for while the owner was away. It shows as `deleting`; the owner sees to it when it is back. */
export interface Intent {
  readonly kind: 'intent'
  readonly volume: VolumeId
  /** Of a group: its volumes, too. */
  readonly cascade?: true
  readonly rid: RequestId
  readonly host: PeerId
  readonly atMs: number
}

/** A volume of a host that is lost for good or has left, deleted by its tenant: no totals of the host count it any more. */
export interface Gone {
  readonly kind: 'gone'
  readonly volume: VolumeId
  readonly host: PeerId
  readonly atMs: number
}

/** A volume that goes to another project. No delete of it is taken here any more for an owner that is away; it asks first. */
export interface Left {
  readonly kind: 'left'
  /** As in `Recent`. */
  readonly order: number
  readonly volume: VolumeId
  readonly rid: RequestId
  readonly atMs: number
}

/** A volume in the last log of a lost host: what it counts with its snapshots, or null for a tombstone. */
export interface LastRecord {
  readonly volume: VolumeId
  readonly usage: Usage | null
}

/** The project's own: what is not there follows the defaults. */
export interface LimitsEntry {
  readonly kind: 'limits'
  readonly limits: Partial<Limits>
}

/** The newest default class of quotas that this register was told of. */
export interface DefaultsEntry extends DefaultLimits {
  readonly kind: 'defaults'
}

export type LedgerEntry =
  | Binding
  | Unplaced
  | Recent
  | Closed
  | HostTotals
  | LimitsEntry
  | DefaultsEntry
  | Intent
  | Gone
  | Left
  | CatalogueEntry
  | IdentityEntry

/** One key put (`entry`) or taken out (null). */
export interface LedgerPut {
  readonly key: string
  readonly entry: LedgerEntry | null
}

/**
 * What somebody wants done to a register, evaluated inside the compare-and-set. Each is idempotent.
 *
 * `defaults`, where limits count: the default class of quotas as who asks knows it; absent while none was ever set.
 */
export type LedgerChange =
  | { readonly kind: 'bind'; readonly binding: Binding; readonly defaults?: DefaultLimits }
  | { readonly kind: 'unplace'; readonly unplaced: Unplaced; readonly defaults?: DefaultLimits }
  | { readonly kind: 'resolve'; readonly rid: RequestId; readonly host: PeerId; readonly reservation: ReservationId; readonly atMs: number }
  /** `settled`: requests whose effect is in `usage` at `seq`, or that ended without one. */
  | { readonly kind: 'fold'; readonly totals: HostTotals; readonly settled: readonly RequestId[]; readonly atMs: number }
  | { readonly kind: 'edit-unplaced'; readonly volume: VolumeId; readonly edit: UnplacedEdit; readonly atMs: number }
  | { readonly kind: 'intend'; readonly intent: Intent }
  | { readonly kind: 'withdraw'; readonly volume: VolumeId; readonly rid: RequestId }
  /** The volume's owner is about to make it another project's, by this request: a delete that was taken before wins. */
  | { readonly kind: 'leave'; readonly volume: VolumeId; readonly rid: RequestId; readonly atMs: number }
  /**
   * A lost host's account is closed by its log: all that it held of this project at (epoch, seq). `volume`: deleted by its
   * tenant, or null. `hasLeft`: it left with nothing on it, and where its log ended does not matter.
   */
  | {
      readonly kind: 'forget'
      readonly host: PeerId
      readonly epoch: number
      readonly seq: number
      readonly records: readonly LastRecord[]
      readonly volume: VolumeId | null
      readonly hasLeft?: true
      readonly atMs: number
    }
  | { readonly kind: 'set-limits'; readonly limits: Partial<Limits>; readonly defaults?: DefaultLimits }
  /** Back to the defaults. */
  | { readonly kind: 'clear-limits'; readonly defaults?: DefaultLimits }
  /** `about`: a volume or a snapshot to look for among the requests that ended, too. */
  | { readonly kind: 'read'; readonly about: VolumeId | SnapshotId | null; readonly defaults?: DefaultLimits }
  | CatalogueChange
  | IdentityChange
  | { readonly kind: 'read-types' }

export type UnplacedEdit = { readonly kind: 'delete' } | { readonly kind: 'dismiss' } | ({ readonly kind: 'update' } & TextEdit)

/** The register's answer to one change, decided and agreed on by a majority. */
export type LedgerAnswer =
  | { readonly kind: 'bound'; readonly binding: Binding | Recent }
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'over-quota'
      readonly resource: LimitName
      /** Whose limit it is, by id of volume type; absent: of all together. */
      readonly typeId?: string
      readonly limit: number
      readonly used: number
      readonly requested: number
    }
  | { readonly kind: 'unplaced'; readonly unplaced: Unplaced }
  /** Ended: the volume was there and is gone, or was never placed and is deleted. */
  | { readonly kind: 'ended'; readonly recent: Recent }
  | { readonly kind: 'mismatch'; readonly volume: VolumeId }
  | { readonly kind: 'folded'; readonly seq: number }
  | { readonly kind: 'edited'; readonly unplaced: Unplaced }
  | { readonly kind: 'absent' }
  | { readonly kind: 'intended'; readonly intent: Intent }
  | { readonly kind: 'left' }
  | { readonly kind: 'forgotten' }
  /** The register has counted more of the host's log than the asker knows. */
  | { readonly kind: 'behind' }
  /** Only the manifest can say that a host is lost, or has left. */
  | { readonly kind: 'not-lost' }
  | {
      readonly kind: 'below-use'
      readonly resource: CountedLimit
      /** As above. */
      readonly typeId?: string
      readonly limit: number
      readonly used: number
    }
  /** Limits for more volume types than a register takes. */
  | { readonly kind: 'limits-full'; readonly limit: number }
  | { readonly kind: 'contents'; readonly contents: LedgerContents }
  /** The whole catalogue, what was deleted too; `id`: the type, the group type or the QoS specs that the change was about. */
  | { readonly kind: 'types'; readonly id: string | null; readonly entries: readonly CatalogueEntry[] }
  | { readonly kind: 'name-taken'; readonly name: string }
  /** The request that made this type had another body. */
  | { readonly kind: 'claimed-otherwise'; readonly id: string }
  | { readonly kind: 'no-type'; readonly id: string }
  /** The default type keeps its name and is not deleted. */
  | { readonly kind: 'default-type'; readonly id: string }
  | { readonly kind: 'types-full'; readonly limit: number }
  | { readonly kind: 'refused'; readonly refusal: CatalogueRefusal | IdentityRefusal }
  | ({ readonly kind: 'identity' } & IdentityFound)

/** The part of a register that a reader needs: what may not be in any owner's log yet, and the account. */
export interface LedgerContents {
  readonly bound: readonly Binding[]
  readonly unplaced: readonly Unplaced[]
  readonly intents: readonly Intent[]
  /** Volumes that were deleted after their hosts were lost, or had left. */
  readonly gone: readonly VolumeId[]
  readonly limits: Limits
  readonly used: Usage
  readonly project: ProjectId
  /** The create of what was asked for, if it has ended. */
  readonly ended: Recent | null
  /** What has come to this project from others, not long ago, and where it lies. */
  readonly accepted: readonly { readonly volume: VolumeId; readonly host: PeerId | null }[]
}
