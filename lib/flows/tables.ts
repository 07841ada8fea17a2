/**
 * Everything that one peer's rules remember.
 *
 * The tables are changed in place by the handlers of this folder, one event at a time (docs/decisions: the rules are
 * deterministic, not immutable). What is under "durable" is in the journal under the keys of `keys.ts`; the rest is
 * lost in a crash, and every flow ends well without it.
 */
import { putEntry } from '../model/cell.ts'
import type { AttachmentId, PeerId, ProjectId, RequestId, ReservationId, VolumeId } from '../model/ids.ts'
import type { Beat } from '../model/host.ts'
import type { Json } from '../model/json.ts'
import type { LedgerChange, LedgerEntry } from '../model/ledger.ts'
import type { Manifest } from '../model/manifest.ts'
import type { Ballot, Head, PublishedRecord } from '../model/message.ts'
import type { PlacementOptions, Ranking, Rejection } from '../model/placement.ts'
import type { OperationReply, OperationRequest } from '../model/request.ts'
import type { Volume, VolumeSpec, VolumeStatus } from '../model/volume.ts'
import type { LedgerRules } from '../ledger/rules.ts'
import type { Acceptor } from '../register/acceptor.ts'
import { newAcceptor } from '../register/acceptor.ts'
import type { Proposer } from '../register/proposer.ts'
import { applyDelta, emptyView, type View } from '../replica/view.ts'
import { type Holdings, noHoldings, recount } from './holdings.ts'
import { cellProject, KEYS, keyTail } from './keys.ts'
import type { MeasuredPool, Rng } from './step.ts'
import type { Timings } from './timings.ts'

export interface PeerOptions {
  readonly self: PeerId
  readonly manifest: Manifest
  readonly rng: Rng
  readonly placement: PlacementOptions
  readonly rules: LedgerRules
  readonly timings: Timings
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

/** An extend in the owner's journal: reserved, and committed once the register has bound it. */
export interface PendingExtend {
  readonly rid: RequestId
  readonly reservation: ReservationId
  readonly sizeGiB: number
  readonly committed: boolean
}

/** A volume of this host: the record as published, and what only its owner needs. */
export interface Owned {
  readonly volume: Volume
  readonly step: OwnedStep
  readonly reservation: ReservationId
  /** Sequence number of its newest published record; 0 while none. */
  readonly seq: number
  /** Exports made so far; the next gets one more. */
  readonly generation: number
  readonly extend: PendingExtend | null
  /** The operation whose backend or target work runs; no other is taken until it ends. */
  readonly working: Working | null
}

export interface Working {
  readonly rid: RequestId
  readonly kind: 'delete' | 'extend' | 'attach' | 'connect' | 'detach'
  readonly attachment: AttachmentId | null
  /** Status to go back to if it comes to nothing. */
  readonly before: VolumeStatus
}

/** What a request to a register was for, so that its answer finds its flow again. */
export type AskPurpose =
  | { readonly kind: 'create'; readonly rid: RequestId }
  | { readonly kind: 'extend'; readonly rid: RequestId }
  | { readonly kind: 'resolve'; readonly volume: VolumeId; readonly rid: RequestId; readonly reservation: ReservationId }
  | { readonly kind: 'fold'; readonly project: ProjectId }
  | { readonly kind: 'find'; readonly search: string }
  | { readonly kind: 'ledger'; readonly client: string }
  | { readonly kind: 'edit'; readonly client: string; readonly request: OperationRequest }
  | { readonly kind: 'watch'; readonly project: ProjectId }
  /** A grant of this host that its journal does not explain. */
  | { readonly kind: 'adopt'; readonly rid: RequestId }

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
  readonly phase: 'reserving' | 'binding' | 'unplacing'
  readonly reservation: ReservationId | null
}

/** An operation that this peer coordinates. */
export interface Operating {
  readonly request: OperationRequest
  readonly clients: readonly string[]
  readonly owner: PeerId
  readonly phase: 'asked' | 'reserving' | 'binding' | 'committing'
  readonly project: ProjectId
  /** Volume as it was when the extend was bound, for the answer. */
  readonly volume: Volume | null
}

/** A search for a volume that the view does not hold. */
export interface Searching {
  readonly project: ProjectId | null
  readonly volume: VolumeId | null
  readonly attachment: AttachmentId | null
  /** What to do with the volume. */
  readonly purpose:
    | { readonly kind: 'reply'; readonly client: string }
    | { readonly kind: 'operate'; readonly client: string; readonly request: OperationRequest }
  /** Hosts whose logs were asked for and have not come yet. */
  readonly waiting: readonly PeerId[]
  readonly silent: readonly PeerId[]
  readonly knownOwner: PeerId | null
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
  /** Sequence number of the newest published record. */
  seq: number
  reservations: number
  /** Changed by `setOwned` alone. */
  readonly owned: Map<VolumeId, Owned>
  /** Volumes that were deleted here, by the sequence number of their tombstone. */
  readonly tombs: Map<VolumeId, number>
  readonly secrets: Map<AttachmentId, string>
  readonly acceptors: Map<ProjectId, Acceptor>
  /** Requests whose effect is in this host's totals, until the register has folded them in. */
  readonly settled: Map<RequestId, { readonly project: ProjectId; readonly seq: number }>
  readonly results: Map<RequestId, { readonly reply: OperationReply; readonly atMs: number }>

  // follows from what is durable
  readonly holdings: Holdings

  // lost in a crash
  state: Beat['state']
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
  readonly folding: Map<ProjectId, 'timer' | 'asked' | 'again'>
  beatCount: number
  beatTimer: boolean
  names: number
}

function newPeer(options: PeerOptions): Peer {
  return {
    options,
    self: options.self,
    epoch: 0,
    seq: 0,
    reservations: 0,
    owned: new Map(),
    holdings: noHoldings(),
    tombs: new Map(),
    secrets: new Map(),
    acceptors: new Map(),
    settled: new Map(),
    results: new Map(),
    state: 'recovering',
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
    beatCount: 0,
    beatTimer: false,
    names: 0,
  }
}

/** What a replica kept of the other owners' logs. */
export interface StoredReplica {
  readonly heads: readonly Head[]
  readonly records: readonly { readonly owner: PeerId; readonly record: PublishedRecord }[]
}

/**
 * The tables as the journal and the replica hold them; not yet started.
 *
 * @param entries everything in the journal, as this program wrote it (the journal has checked its own chain)
 */
export function createPeer(options: PeerOptions, entries: ReadonlyArray<readonly [string, Json]>, replica: StoredReplica): Peer {
  const peer = newPeer(options)
  for (const [key, value] of entries) restoreEntry(peer, key, value)
  restoreReplica(peer, replica)
  restoreOwnLog(peer)
  return peer
}

function restoreEntry(peer: Peer, key: string, value: unknown): void {
  const kind = key.slice(0, key.indexOf('/') + 1) || key
  switch (kind) {
    case KEYS.host: {
      const host = value as { epoch: number; seq: number; reservations: number }
      peer.epoch = host.epoch
      peer.seq = host.seq
      peer.reservations = host.reservations
      return
    }
    case KEYS.volume:
      setOwned(peer, keyTail(key) as VolumeId, value as Owned)
      return
    case KEYS.tomb:
      peer.tombs.set(keyTail(key) as VolumeId, (value as { seq: number }).seq)
      return
    case KEYS.secret:
      peer.secrets.set(keyTail(key) as AttachmentId, value as string)
      return
    case KEYS.settled:
      peer.settled.set(keyTail(key) as RequestId, value as { project: ProjectId; seq: number })
      return
    case KEYS.result:
      peer.results.set(keyTail(key) as RequestId, value as { reply: OperationReply; atMs: number })
      return
    case KEYS.register: {
      const register = value as { promised: Ballot | null; accepted: Ballot | null }
      const acceptor = acceptorOf(peer, cellProject(key))
      acceptor.promised = register.promised
      acceptor.accepted = register.accepted
      return
    }
    case KEYS.cell: {
      const tail = keyTail(key)
      const acceptor = acceptorOf(peer, cellProject(key))
      putEntry(acceptor.cell, { key: tail.slice(tail.indexOf('/') + 1), entry: value as LedgerEntry })
    }
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
  const acceptor = newAcceptor()
  peer.acceptors.set(project, acceptor)
  return acceptor
}

function restoreReplica(peer: Peer, replica: StoredReplica): void {
  const byOwner = new Map<PeerId, PublishedRecord[]>()
  for (const { owner, record } of replica.records) {
    const records = byOwner.get(owner)
    if (records === undefined) byOwner.set(owner, [record])
    else records.push(record)
  }
  for (const { owner, epoch, seq } of replica.heads) {
    if (owner === peer.self) continue
    const records = (byOwner.get(owner) ?? []).sort((a, b) => a.seq - b.seq)
    applyDelta(peer.view, { kind: 'delta', owner, epoch, after: 0, upTo: seq, records })
  }
}

/** This host's own log is in its journal: the newest record of each volume, and the tombstones. */
function restoreOwnLog(peer: Peer): void {
  const records: PublishedRecord[] = []
  for (const owned of peer.owned.values()) if (owned.seq > 0) records.push({ seq: owned.seq, id: owned.volume.id, volume: owned.volume })
  for (const [id, seq] of peer.tombs) records.push({ seq, id, volume: null })
  records.sort((a, b) => a.seq - b.seq)
  applyDelta(peer.view, { kind: 'delta', owner: peer.self, epoch: peer.epoch, after: 0, upTo: peer.seq, records })
}
