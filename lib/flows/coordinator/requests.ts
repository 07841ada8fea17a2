/**
 * The requests of clients that this peer sees through: creates, operations, and searches for what its view does not hold.
 *
 * Lost in a crash: owners and registers bring what was begun to an end without their coordinator.
 */
import type { HostsLooked } from '../../model/existing.ts'
import type { KnownType } from '../../model/catalogue.ts'
import type { Hints } from '../../model/hints.ts'
import type {
  AttachmentId,
  GroupSnapshotId,
  PeerId,
  ProjectId,
  RequestId,
  ReservationId,
  SnapshotId,
  TransferId,
  VolumeId,
} from '../../model/ids.ts'
import type { Ranking, Rejection } from '../../model/placement.ts'
import type { OperationRequest } from '../../model/request.ts'
import type { Volume, VolumeSpec } from '../../model/volume.ts'
import type { SourcePlace } from '../../model/volume-source.ts'

/** A create that this peer coordinates. */
export interface Creating {
  readonly rid: RequestId
  readonly spec: VolumeSpec
  readonly bodyHash: string
  /** Where its source lies, if it has one: the only pool that may take it. */
  readonly sourceAt: SourcePlace | null
  readonly hints: Hints
  readonly clients: readonly string[]
  readonly ranking: Ranking
  /** Index in the ranking of the pool that is asked now. */
  readonly at: number
  readonly refused: readonly Rejection[]
  /**
   * `reading`: the type is another than it was ranked by, and the register is asked for it. `looking`: no pool took it, and
   * one may in a moment.
   */
  readonly phase: 'reserving' | 'reading' | 'looking' | 'binding' | 'unplacing'
  /** The types that it was ranked by: one or none for a volume, for a group all that its volumes may have. */
  readonly types: readonly KnownType[]
  /** How often it has waited for a copy of the types. */
  readonly typeTries: number
  /** How often what a pool had set aside for it was closed before it could be bound. */
  readonly closedTries: number
  /** When it was asked for. */
  readonly sinceMonoMs: number
  /** Of the pools that did not take it one may in a moment: its host starts, or did not answer. */
  readonly mayPass: boolean
  readonly reservation: ReservationId | null
  /** `collections` of the picture when the register was asked. */
  readonly since: number
}

/** An operation that this peer coordinates. */
export interface Operating {
  readonly request: OperationRequest
  readonly clients: readonly string[]
  readonly owner: PeerId
  readonly phase: 'asked' | 'reserving' | 'binding' | 'committing'
  readonly project: ProjectId
  /** Volume as it was when this began, for the answer. */
  readonly volume: Volume | null
  /** How often its owner was asked again, since it had not heard of its grant yet. */
  readonly again: number
}

/** A client that wants to know what lies on hosts and is no volume's. */
export interface Looking {
  readonly client: string
  /** Hosts that have not answered yet. */
  readonly waiting: readonly PeerId[]
  readonly silent: readonly PeerId[]
  readonly looks: HostsLooked['looks']
}

/** A search for a volume, or one that has an attachment, a snapshot or a transfer, or for a group that has a group snapshot, that the view does not hold. */
export interface Searching {
  readonly project: ProjectId | null
  readonly volume: VolumeId | null
  readonly attachment: AttachmentId | null
  readonly snapshot: SnapshotId | null
  readonly transfer: TransferId | null
  readonly groupSnapshot: GroupSnapshotId | null
  /** It counts only if it is `project`'s. */
  readonly isOwn: boolean
  /** What to do with the volume. */
  readonly purpose:
    | { readonly kind: 'reply'; readonly client: string }
    | { readonly kind: 'operate'; readonly client: string; readonly request: OperationRequest }
  /** Hosts whose logs were asked for and have not come yet. */
  readonly waiting: readonly PeerId[]
  readonly silent: readonly PeerId[]
  /** Of hosts that said they know more than has come: where this peer stood then, and how often it has stood there. */
  readonly behind: ReadonlyMap<PeerId, { readonly at: string; readonly times: number }>
  /** Registers that a host named, still to be read. */
  readonly named: readonly ProjectId[]
  readonly knownOwner: PeerId | null
  /** Hosts of what the project has taken over, where it is not known whether what is sought is part of it. */
  readonly takenAt: readonly PeerId[]
  /** Members that the smallest majority of a register had when the hosts were asked: what they said is as old as that. */
  readonly majority: number
  /** `collections` of the picture when the search began. */
  readonly since: number
}
