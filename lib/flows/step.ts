/**
 * What goes into a peer's rules and what comes out.
 *
 * `step(peer, event, now)` changes the peer's tables and returns one atomic journal batch and an ordered list of
 * effects. The contract that the caller keeps, and on which every proof in this project rests:
 *
 *   1. Events are given one at a time.
 *   2. Batches become durable in the order in which they were returned.
 *   3. An effect is carried out only when its own batch and every batch before it are durable, in order.
 *      (Also the effects of a step with an empty batch: what it read may not be durable yet.)
 *   4. After the first journal error nothing is carried out any more; the process ends.
 *
 * So a peer's tables may run ahead of its disk, and nobody can ever see it.
 */
import type { PeerId, PoolName, ProjectId, RequestId, VolumeId } from '../model/ids.ts'
import type { HostLook } from '../model/existing.ts'
import type { Beat } from '../model/host.ts'
import type { Manifest } from '../model/manifest.ts'
import type { LogHead, LogState, PublishedRecord } from '../model/log.ts'
import type { PeerMessage } from '../model/message.ts'
import type { ClientReply, ClientRequest } from '../model/request.ts'
import {
  type BackendSnapshot,
  type BackendSource,
  type BackendVolume,
  type FoundSnapshot,
  type FoundVolume,
  type PoolMeasure,
  type SnapshotName,
  type VolumeTags,
  volumeBehind,
} from '../ports/backend.ts'
import type { JournalOp } from '../ports/journal.ts'
import type { Outcome } from '../ports/outcome.ts'

/** Both clocks of this host. `wallMs` is for display; only `monoMs` is ever compared, and with nobody else's. */
export interface Now {
  readonly wallMs: number
  readonly monoMs: number
}

/** Random hex text; from the system in an agent, from the seed in the simulator. */
export interface Rng {
  /** `bytes` random bytes as hex. */
  hex(bytes: number): string
  /** Integer in [0, below). */
  below(below: number): number
}

/** What a backend measured, with the backend's name. */
export interface MeasuredPool extends PoolMeasure {
  readonly name: PoolName
}

/** What a backend listed, with the full name of the pool that it lies in. */
export interface ListedVolume extends FoundVolume {
  readonly poolName: PoolName
}

export interface ListedSnapshot extends FoundSnapshot {
  readonly poolName: PoolName
}

/** All that lies on this host and is exported from it. */
export interface FoundHere {
  /** Backends (`host@backend`) whose volumes were all listed just now; null: volumes and snapshots are as they were at an earlier look. */
  readonly fresh: readonly string[] | null
  readonly volumes: readonly ListedVolume[]
  readonly snapshots: readonly ListedSnapshot[]
  readonly exports: readonly string[]
}

export type BackendCall =
  | { readonly kind: 'create'; readonly volume: BackendVolume; readonly tags: VolumeTags }
  | { readonly kind: 'copy'; readonly volume: BackendVolume; readonly source: BackendSource; readonly tags: VolumeTags }
  | { readonly kind: 'extend'; readonly volume: BackendVolume }
  | { readonly kind: 'revert'; readonly volume: BackendVolume; readonly snapshot: SnapshotName; readonly rid: RequestId }
  | { readonly kind: 'retag'; readonly volume: VolumeId; readonly project: ProjectId }
  | { readonly kind: 'remove'; readonly volume: VolumeId }
  | { readonly kind: 'adopt'; readonly volume: BackendVolume; readonly name: string; readonly tags: VolumeTags }
  | { readonly kind: 'release'; readonly volume: VolumeId }
  | { readonly kind: 'inspect'; readonly volume: VolumeId }
  | { readonly kind: 'quarantine'; readonly volume: VolumeId }
  | { readonly kind: 'create-snapshot'; readonly snapshot: BackendSnapshot; readonly tags: VolumeTags }
  | { readonly kind: 'remove-snapshot'; readonly snapshot: SnapshotName }
  | { readonly kind: 'adopt-snapshot'; readonly snapshot: BackendSnapshot; readonly name: string; readonly tags: VolumeTags }
  | { readonly kind: 'release-snapshot'; readonly snapshot: SnapshotName }
  | { readonly kind: 'inspect-snapshot'; readonly snapshot: SnapshotName }
  | { readonly kind: 'quarantine-snapshot'; readonly snapshot: SnapshotName }

/** Whose turn a call about `volume` takes: a copy waits for what is done with what it is a copy of. */
export function queueOf(volume: VolumeId, call: BackendCall | TargetCall): VolumeId {
  return call.kind === 'copy' ? volumeBehind(call.source) : volume
}

/** `inspect` and `inspect-snapshot` answer with what is there; every other call with null. */
export type BackendOutcome = Outcome<FoundVolume | FoundSnapshot | null>

/** One entry of this host's log: a record, or nothing but a new state (a new epoch, a raised floor). */
export interface PublishedEntry {
  readonly state: LogState
  readonly record: PublishedRecord | null
  /** Tombstones that the owner has collected. */
  readonly gone: readonly VolumeId[]
}

export type TargetCall =
  | {
      readonly kind: 'expose'
      readonly iqn: string
      readonly initiator: string
      readonly username: string
      readonly password: string
      readonly readOnly: boolean
    }
  | { readonly kind: 'fence'; readonly iqn: string }

export type TargetOutcome = Outcome<null>

export type PeerEvent =
  /** First event after the tables were restored. */
  | { readonly kind: 'start' }
  /**
   * What lies on this host, soon after the start and every few minutes. The start needs it whole; later exports that are gone are made
   * again, those that nobody knows are cut, and bytes are compared with the records.
   */
  | ({ readonly kind: 'found' } & FoundHere)
  | { readonly kind: 'message'; readonly from: PeerId; readonly message: PeerMessage }
  | { readonly kind: 'unreachable'; readonly to: PeerId; readonly message: PeerMessage }
  | { readonly kind: 'peer'; readonly peer: PeerId; readonly state: 'up' | 'down' }
  | { readonly kind: 'beat'; readonly beat: Beat }
  | { readonly kind: 'client'; readonly id: string; readonly request: ClientRequest }
  | { readonly kind: 'timer'; readonly key: string }
  | { readonly kind: 'measured'; readonly pools: readonly MeasuredPool[] }
  | {
      readonly kind: 'backend'
      readonly job: string
      readonly volume: VolumeId
      readonly call: BackendCall
      readonly outcome: BackendOutcome
    }
  | { readonly kind: 'target'; readonly job: string; readonly volume: VolumeId; readonly call: TargetCall; readonly outcome: TargetOutcome }
  /** Fed back by the `publish` effect: this entry of our own log is durable now. */
  | { readonly kind: 'published'; readonly entry: PublishedEntry }
  /** What a look that `to` asked for has come to. */
  | { readonly kind: 'looked'; readonly to: PeerId; readonly ref: string; readonly look: HostLook }
  | { readonly kind: 'manifest'; readonly manifest: Manifest }
  /** Other owners' logs are on the disk up to here, and outlive a loss of power. */
  | { readonly kind: 'kept'; readonly heads: readonly LogHead[] }
  /** How late this process was for its own events in the last second, 99th percentile. */
  | { readonly kind: 'lag'; readonly p99Ms: number }
  /** Room for the journal is short (nothing new is taken in), or no longer. */
  | { readonly kind: 'journal-space'; readonly isShort: boolean }

export type Effect =
  | { readonly kind: 'send'; readonly to: PeerId; readonly message: PeerMessage }
  | { readonly kind: 'reply'; readonly id: string; readonly reply: ClientReply }
  /**
   * Jobs of one volume are carried out one after the other, in order; the outcome comes back as an event with the same job. A copy is
   * made in the turn of what it is a copy of (`queueOf`).
   */
  | { readonly kind: 'backend'; readonly job: string; readonly volume: VolumeId; readonly call: BackendCall }
  | { readonly kind: 'target'; readonly job: string; readonly volume: VolumeId; readonly call: TargetCall }
  /** Look what lies on this host that is no volume's, and what is exported that no record explains. */
  | { readonly kind: 'look'; readonly to: PeerId; readonly ref: string }
  /** A timer of the same key is replaced. Timers die with the process. */
  | { readonly kind: 'timer'; readonly key: string; readonly afterMs: number }
  | { readonly kind: 'cancel'; readonly key: string }
  | { readonly kind: 'gossip'; readonly beat: Beat }
  /** Give back as the event `published`, at once, in its turn. */
  | { readonly kind: 'publish'; readonly entry: PublishedEntry }
  /** Keep another owner's records; `kept` says when they are on the disk. A cache: may be lost. */
  | {
      readonly kind: 'replicate'
      readonly head: LogHead
      readonly records: readonly PublishedRecord[]
      /** Collected tombstones. */
      readonly gone: readonly VolumeId[]
      /** What was kept of this owner before goes. */
      readonly whole: boolean
    }
  | {
      readonly kind: 'note'
      readonly level: 'info' | 'warn' | 'error'
      readonly event: string
      readonly fields: Readonly<Record<string, unknown>>
    }

export interface Step {
  readonly batch: readonly JournalOp[]
  readonly effects: readonly Effect[]
}
