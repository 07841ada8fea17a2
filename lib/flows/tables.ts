/**
 * Everything that one peer's rules remember.
 *
 * The tables are changed in place by the handlers of this folder, one event at a time (docs/decisions: the rules are
 * deterministic, not immutable). What is under "durable" is in the journal under the keys of `keys.ts`; the rest is
 * lost in a crash, and every flow ends well without it.
 */
import { type Catalogue, NO_CATALOGUE } from '../model/catalogue.ts'
import type { PeerId, PoolName, ProjectId, RequestId, SnapshotId, VolumeId } from '../model/ids.ts'
import type { Beat } from '../model/host.ts'
import type { LedgerChange } from '../model/ledger.ts'
import type { Manifest } from '../model/manifest.ts'
import type { LogPlace } from '../model/message.ts'
import { type LogState, NEW_LOG } from '../model/log.ts'
import type { PlacementOptions } from '../model/placement.ts'
import type { OperationReply } from '../model/request.ts'
import type { Membership } from '../membership/membership.ts'
import type { LedgerRules } from '../ledger/rules.ts'
import { type Acceptor, newAcceptor } from '../register/acceptor.ts'
import type { Proposer } from '../register/proposer.ts'
import type { SnapshotName } from '../ports/backend.ts'
import type { Signer } from '../ports/signer.ts'
import { emptyView, type View } from '../replica/view.ts'
import { type Holdings, noHoldings, recount } from './holdings.ts'
import type { ListedSnapshot, ListedVolume, MeasuredPool, Rng } from './step.ts'
import type { Timings } from './timings.ts'
import type { Owned, PartEnd } from './owner/owned.ts'
import type { Recovery } from './owner/recovery.ts'
import type { Settled, Unseen } from './owner/untold.ts'
import type { Creating, Looking, Operating, Searching } from './coordinator/requests.ts'
import type { Ask } from './group/purpose.ts'
import type { Installing } from './group/installing.ts'

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

/** `wasReleased`: its bytes were given back, so that none that turn up again are this host's to remove. */
export interface Tomb {
  readonly seq: number
  readonly hash: string
  readonly wasReleased?: true
}

/** Room that was given back and is somebody else's. `left`: measurements of its pool that are still to come. */
interface Leaving {
  readonly pool: PoolName
  readonly sizeGiB: number
  readonly left: number
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
  readonly tombs: Map<VolumeId, Tomb>
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
  /** What did not fit the records at the last look at the bytes. */
  readonly oddities: Set<string>
  /** Bytes without a record, until the register of their project has been read. */
  readonly strays: Map<VolumeId, ListedVolume>
  readonly straySnapshots: Map<SnapshotId, ListedSnapshot>
  /** By the request that made it: snapshots that are removed as soon as the register has let go of its grant. */
  readonly snapshotsToRemove: Map<RequestId, SnapshotName>
  /** How far the others have this host's log. */
  readonly acks: Map<PeerId, LogPlace>
  /** How far the others have it on their disks. */
  readonly keptBy: Map<PeerId, LogPlace>
  /** How far the others' logs are on this host's disk. */
  readonly kept: Map<PeerId, LogPlace>
  readonly installing: Map<ProjectId, Installing>
  /** Members of the present group that have taken a register over. */
  readonly installed: Map<ProjectId, Set<PeerId>>
  readonly view: View
  readonly beats: Map<PeerId, { readonly beat: Beat; readonly monoMs: number; readonly wallMs: number }>
  readonly connections: Map<PeerId, { readonly state: 'up' | 'down'; readonly sinceMs: number }>
  /** What the backends measured last. */
  readonly pools: Map<string, MeasuredPool>
  /** Room that was given back since, and is not free. */
  readonly leaving: Leaving[]
  readonly proposers: Map<ProjectId, Proposer>
  /** Home groups by the manifest that holds. */
  readonly groups: Map<ProjectId, readonly PeerId[]>
  readonly asks: Map<string, Ask>
  readonly creating: Map<RequestId, Creating>
  readonly operating: Map<RequestId, Operating>
  readonly searching: Map<string, Searching>
  readonly looking: Map<string, Looking>
  readonly unseen: Unseen[]
  /** Who waits for the end of an operation at this owner. */
  readonly waiting: Map<RequestId, PeerId[]>
  readonly tries: Map<string, number>
  /** What a tool said when the work of this volume went wrong, until the flow reports it. */
  readonly troubles: Map<VolumeId | SnapshotId, { readonly tool: string; readonly detail: string }>
  /** Volumes and snapshots that are made together with others and have come to their end, until the last of them has. */
  readonly partsEnded: Map<VolumeId | SnapshotId, PartEnd>
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
    oddities: new Set(),
    strays: new Map(),
    straySnapshots: new Map(),
    snapshotsToRemove: new Map(),
    acks: new Map(),
    keptBy: new Map(),
    kept: new Map(),
    installing: new Map(),
    installed: new Map(),
    view: emptyView(),
    beats: new Map(),
    connections: new Map(),
    pools: new Map(),
    leaving: [],
    proposers: new Map(),
    groups: new Map(),
    asks: new Map(),
    creating: new Map(),
    operating: new Map(),
    searching: new Map(),
    looking: new Map(),
    unseen: [],
    waiting: new Map(),
    tries: new Map(),
    troubles: new Map(),
    partsEnded: new Map(),
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
