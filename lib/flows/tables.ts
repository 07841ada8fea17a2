/**
 * Everything that one peer's rules remember.
 *
 * The tables are changed in place by the handlers of this folder, one event at a time (docs/decisions: the rules are
 * deterministic, not immutable). What is under "durable" is in the journal under the keys of `keys.ts`; the rest is
 * lost in a crash, and every flow ends well without it.
 */
import { type Catalogue, type KnownType, NO_CATALOGUE } from '../model/catalogue.ts'
import type { AttachmentId, PeerId, ProjectId, RequestId, ReservationId, SnapshotId, VolumeId } from '../model/ids.ts'
import type { Beat } from '../model/host.ts'
import type { LedgerChange, LedgerEntry } from '../model/ledger.ts'
import type { Manifest } from '../model/manifest.ts'
import { type LogHead, type LogState, NEW_LOG } from '../model/log.ts'
import type { Ballot } from '../model/ballot.ts'
import type { SeenVote } from '../model/message.ts'
import type { PlacementOptions, Ranking, Rejection } from '../model/placement.ts'
import type { OperationReply, OperationRequest } from '../model/request.ts'
import type { SnapshotSpec } from '../model/snapshot.ts'
import type { Volume, VolumeSpec, VolumeStatus } from '../model/volume.ts'
import type { Membership } from '../membership/membership.ts'
import type { LedgerRules } from '../ledger/rules.ts'
import type { Acceptor } from '../register/acceptor.ts'
import { newAcceptor } from '../register/acceptor.ts'
import type { Proposer } from '../register/proposer.ts'
import type { SnapshotName } from '../ports/backend.ts'
import type { Signer } from '../ports/signer.ts'
import type { OwnerLog } from '../replica/log.ts'
import { emptyView, type View } from '../replica/view.ts'
import { type Holdings, noHoldings, recount } from './holdings.ts'
import type { FoundHere, ListedSnapshot, ListedVolume, MeasuredPool, Rng } from './step.ts'
import type { Timings } from './timings.ts'

export interface PeerOptions {
  readonly self: PeerId
  readonly manifest: Manifest
  readonly rng: Rng
  readonly placement: PlacementOptions
  readonly rules: LedgerRules
  readonly timings: Timings
  readonly signer: Signer
  /** CHAP secret of an export of this host: follows from the host's own key, so that it outlives the journal. */
  readonly secretOf: (iqn: string) => string
  /** True if this host has never run before: an empty journal has lost nothing. */
  readonly isNew: boolean
  /** `ip:port` that initiators connect to on this host. */
  readonly portal: string
  /** Version of the agent, for display. */
  readonly version: string
  /** Where this peer's API listens, for display. */
  readonly api: string
}

/** Where a volume stands with its owner. Each step is one synced batch (reliability, journal steps). */
export type OwnedStep =
  /** R: room is set aside, nobody has been promised anything. */
  | 'reserved'
  /** C: bound; the backend is at work. */
  | 'committed'
  /** A: made and checked; all later life. */
  | 'built'
  /** D1: will be gone. */
  | 'deleting'
  /** E: came to nothing; kept until it is deleted. */
  | 'failed'

/** What takes more room for a volume, in the owner's journal: reserved, and committed once the register has bound it. */
export type Pending = PendingExtend | PendingSnapshot

interface PendingRoom {
  readonly rid: RequestId
  readonly reservation: ReservationId
  readonly committed: boolean
}

/** `sizeGiB`: of the volume, once it has grown. */
export interface PendingExtend extends PendingRoom {
  readonly kind: 'extend'
  readonly sizeGiB: number
}

/** `sizeGiB`: of the snapshot. Once it is committed it is in the volume's record, as being made. */
export interface PendingSnapshot extends PendingRoom {
  readonly kind: 'snapshot'
  readonly sizeGiB: number
  readonly snapshot: SnapshotSpec
  readonly bodyHash: string
}

/** A volume of this host: the record as published, and what only its owner needs. */
export interface Owned {
  readonly volume: Volume
  readonly step: OwnedStep
  readonly reservation: ReservationId
  /** Sequence number of its newest published record; 0 while none. */
  readonly seq: number
  /** Hash of that record, or null while there is none. */
  readonly hash: string | null
  readonly pending: Pending | null
  /** The operation whose backend or target work runs; no other is taken until it ends. */
  readonly working: Working | null
}

export interface Working {
  readonly rid: RequestId
  readonly kind: 'delete' | 'extend' | 'snapshot' | 'attach' | 'connect' | 'detach'
  readonly attachment: AttachmentId | null
  /** Status to go back to if it comes to nothing. */
  readonly before: VolumeStatus
}

/** What a request to a register was for, so that its answer finds its flow again. */
export type AskPurpose =
  | { readonly kind: 'create'; readonly rid: RequestId }
  | { readonly kind: 'room'; readonly rid: RequestId }
  | { readonly kind: 'resolve'; readonly volume: VolumeId; readonly rid: RequestId; readonly reservation: ReservationId }
  | { readonly kind: 'fold'; readonly project: ProjectId }
  | { readonly kind: 'find'; readonly search: string }
  | { readonly kind: 'ledger'; readonly client: string }
  | { readonly kind: 'edit'; readonly client: string; readonly request: OperationRequest }
  | { readonly kind: 'watch'; readonly project: ProjectId }
  /** A grant of this host that its journal does not explain. */
  | { readonly kind: 'adopt'; readonly rid: RequestId }
  /** Whatever a register holds that names this host. */
  | { readonly kind: 'own' }
  /** The owner has done what the register wanted of this volume, or never will. */
  | { readonly kind: 'withdraw'; readonly volume: VolumeId }
  /** A delete whose owner is away. */
  | { readonly kind: 'intend'; readonly client: string; readonly request: OperationRequest; readonly owner: PeerId }
  /** A delete whose owner is lost for good. */
  | { readonly kind: 'forget'; readonly client: string | null }
  | { readonly kind: 'limits'; readonly client: string }
  | { readonly kind: 'types'; readonly asker: TypesAsker }

/** Who waits for the volume types: this peer's own copy, a client, or a create that was ranked by an old one. */
export type TypesAsker =
  | { readonly kind: 'copy' }
  | { readonly kind: 'client'; readonly client: string }
  | { readonly kind: 'create'; readonly rid: RequestId }

export interface Ask {
  readonly project: ProjectId
  readonly change: LedgerChange
  readonly purpose: AskPurpose
  /** Members still to ask, in order. */
  readonly left: readonly PeerId[]
  readonly asked: PeerId
  /** What the last member that answered without a majority said. */
  readonly answered: number
}

/** A create that this peer coordinates. */
export interface Creating {
  readonly rid: RequestId
  readonly spec: VolumeSpec
  readonly bodyHash: string
  readonly clients: readonly string[]
  readonly ranking: Ranking
  /** Index in the ranking of the pool that is asked now. */
  readonly at: number
  readonly refused: readonly Rejection[]
  /** `reading`: the type is another than it was ranked by, and the register is asked for it. */
  readonly phase: 'reserving' | 'reading' | 'binding' | 'unplacing'
  /** The type that it was ranked by. */
  readonly type: KnownType | null
  /** How often it has waited for a copy of the types. */
  readonly typeTries: number
  readonly reservation: ReservationId | null
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

/** A search for a volume, or one that has an attachment or a snapshot, that the view does not hold. */
export interface Searching {
  readonly project: ProjectId | null
  readonly volume: VolumeId | null
  readonly attachment: AttachmentId | null
  readonly snapshot: SnapshotId | null
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
}

/** A start in progress: what this host used to know, by what the others remember of it. */
export interface Recovery {
  readonly ref: string
  readonly answers: Map<PeerId, Recalled>
  /** This host's log as the others hold it. */
  readonly own: OwnerLog
  /** What lies on this host, once it was listed. */
  found: FoundHere | null
  /** Nobody has answered for so long that a small cluster goes on without. */
  isAlone: boolean
  /** All have had the time to answer. */
  isLate: boolean
}

export interface Recalled {
  readonly head: LogHead | null
  readonly votes: readonly SeenVote[]
  readonly projects: readonly ProjectId[]
  readonly totals: readonly ProjectId[]
  readonly isLost: boolean
}

/** A register that this member takes over, from those who had it. */
export interface Installing {
  readonly group: number
  /** Who is asked, and how many of them must answer. */
  readonly from: readonly PeerId[]
  readonly needed: number
  readonly seal: boolean
  readonly answers: Map<PeerId, Fetched>
}

export interface Fetched {
  readonly promised: Ballot | null
  readonly accepted: Ballot | null
  readonly value: readonly (readonly [string, LedgerEntry])[]
}

/** `isAgain`: not a request, but that the totals are to be told once more, after the register was read. */
export interface Settled {
  readonly project: ProjectId
  readonly seq: number
  readonly isAgain: boolean
}

/** An answer that waits until the other peers have seen what it tells of. */
export interface Unseen {
  readonly seq: number
  readonly waiting: Set<PeerId>
  readonly to: PeerId
  readonly rid: RequestId
  readonly reply: OperationReply | 'committed'
}

export interface Peer {
  options: PeerOptions
  readonly self: PeerId

  // durable
  epoch: number
  /** Where this host's own log stands, entries that are not durable yet included. */
  log: LogState
  reservations: number
  /** The votes of this host were lost: it reads each register from the others before it votes there again. */
  isLost: boolean
  /** Changed by `setOwned` alone. */
  readonly owned: Map<VolumeId, Owned>
  /** Tombstones of volumes that were deleted here, until they are collected. */
  readonly tombs: Map<VolumeId, { readonly seq: number; readonly hash: string }>
  readonly acceptors: Map<ProjectId, Acceptor>
  /** This host's copy of the volume types. */
  catalogue: Catalogue
  /** Requests whose effect is in this host's totals, until the register has folded them in. */
  readonly settled: Map<RequestId, Settled>
  /** `sinceMs`: by the monotonic clock of this life, 0 for those of an earlier one. */
  readonly results: Map<RequestId, { readonly reply: OperationReply; readonly sinceMs: number }>

  // follows from what is durable
  readonly holdings: Holdings

  // lost in a crash
  state: Beat['state']
  /** Random; tells this life's names from those of another. */
  life: string
  /** The journal was gone at this start, on a host that has run before. */
  readonly isBlank: boolean
  recovery: Recovery | null
  /** Room for the journal is short. */
  isFull: boolean
  /** Registers that may hold something about this host and could not be read since the start. */
  readonly unread: Set<ProjectId>
  /** Whom this peer is catching up with. */
  pulling: PeerId | null
  /** Who seems alive; null until this life has its epoch. */
  membership: Membership | null
  /** Members that were suspected in this life, or given up. */
  readonly wavered: Set<PeerId>
  /** Bytes without a record, until the register of their project has been read. */
  readonly strays: Map<VolumeId, ListedVolume>
  readonly straySnapshots: Map<SnapshotId, ListedSnapshot>
  /** By the request that made it: snapshots that are removed as soon as the register has let go of its grant. */
  readonly snapshotsToRemove: Map<RequestId, SnapshotName>
  /** How far the others have this host's log. */
  readonly acks: Map<PeerId, { readonly epoch: number; readonly seq: number }>
  readonly installing: Map<ProjectId, Installing>
  /** Members of the present group that have taken a register over. */
  readonly installed: Map<ProjectId, Set<PeerId>>
  readonly view: View
  readonly beats: Map<PeerId, { readonly beat: Beat; readonly monoMs: number; readonly wallMs: number }>
  readonly connections: Map<PeerId, { readonly state: 'up' | 'down'; readonly sinceMs: number }>
  /** What the backends measured last. */
  readonly pools: Map<string, MeasuredPool>
  readonly proposers: Map<ProjectId, Proposer>
  /** Home groups by the manifest that holds. */
  readonly groups: Map<ProjectId, readonly PeerId[]>
  readonly asks: Map<string, Ask>
  readonly creating: Map<RequestId, Creating>
  readonly operating: Map<RequestId, Operating>
  readonly searching: Map<string, Searching>
  readonly unseen: Unseen[]
  /** Who waits for the end of an operation at this owner. */
  readonly waiting: Map<RequestId, PeerId[]>
  readonly tries: Map<string, number>
  /** What a tool said when the work of this volume went wrong, until the flow reports it. */
  readonly troubles: Map<VolumeId, { readonly tool: string; readonly detail: string }>
  /** A change: totals that wait until enough others have this host's log that far. */
  readonly folding: Map<ProjectId, 'timer' | 'asked' | Extract<LedgerChange, { kind: 'fold' }>>
  /** Highest version of the volume types that anybody has spoken of. */
  typesWanted: number
  typesRead: 'idle' | 'asked' | 'paused'
  beatCount: number
  beatTimer: boolean
  names: number
}

/** Tables of a host that knows nothing. */
export function newPeer(options: PeerOptions, isBlank: boolean): Peer {
  return {
    options,
    self: options.self,
    epoch: 0,
    log: NEW_LOG,
    reservations: 0,
    isLost: isBlank,
    owned: new Map(),
    holdings: noHoldings(),
    tombs: new Map(),
    acceptors: new Map(),
    catalogue: NO_CATALOGUE,
    settled: new Map(),
    results: new Map(),
    state: 'recovering',
    life: '',
    isBlank,
    recovery: null,
    isFull: false,
    unread: new Set(),
    pulling: null,
    membership: null,
    wavered: new Set(),
    strays: new Map(),
    straySnapshots: new Map(),
    snapshotsToRemove: new Map(),
    acks: new Map(),
    installing: new Map(),
    installed: new Map(),
    view: emptyView(),
    beats: new Map(),
    connections: new Map(),
    pools: new Map(),
    proposers: new Map(),
    groups: new Map(),
    asks: new Map(),
    creating: new Map(),
    operating: new Map(),
    searching: new Map(),
    unseen: [],
    waiting: new Map(),
    tries: new Map(),
    troubles: new Map(),
    folding: new Map(),
    typesWanted: 0,
    typesRead: 'idle',
    beatCount: 0,
    beatTimer: false,
    names: 0,
  }
}

/** The record of a volume of this host, or that there is none any more. */
export function setOwned(peer: Peer, id: VolumeId, owned: Owned | undefined): void {
  recount(peer.holdings, peer.owned.get(id), owned)
  if (owned === undefined) peer.owned.delete(id)
  else peer.owned.set(id, owned)
}

export function acceptorOf(peer: Peer, project: ProjectId): Acceptor {
  const known = peer.acceptors.get(project)
  if (known !== undefined) return known
  const acceptor = newAcceptor(peer.options.manifest.voting.epoch)
  peer.acceptors.set(project, acceptor)
  return acceptor
}
