/**
 * What peers say to each other. One way; an answer is a message of its own that carries the question's names.
 *
 * Any message may be lost, doubled, delayed or overtaken: each handler is idempotent.
 */
import type { Beat } from './host.ts'
import type { PeerId, PoolName, ProjectId, RequestId, ReservationId, VolumeId } from './ids.ts'
import type { LedgerAnswer, LedgerChange, LedgerEntry, LedgerPut } from './ledger.ts'
import type { Rejection } from './placement.ts'
import type { OperationRequest, OperationReply } from './request.ts'
import type { Volume, VolumeSpec } from './volume.ts'

/** Orders proposals: by counter, then peer, then epoch. An epoch is never used twice, so no ballot is either. */
export interface Ballot {
  readonly counter: number
  readonly peer: PeerId
  readonly epoch: number
}

/** One record of an owner's log: a volume as published, or its tombstone. */
export interface PublishedRecord {
  readonly seq: number
  readonly id: VolumeId
  readonly volume: Volume | null
}

/** How far a log is known. */
export interface Head {
  readonly owner: PeerId
  readonly epoch: number
  readonly seq: number
}

export type PeerMessage =
  // placement (coordinator <-> owner)
  | { readonly kind: 'reserve'; readonly rid: RequestId; readonly pool: PoolName; readonly spec: VolumeSpec }
  | {
      readonly kind: 'reserve-extend'
      readonly rid: RequestId
      readonly volume: VolumeId
      readonly project: ProjectId
      readonly sizeGiB: number
    }
  | {
      readonly kind: 'reserved'
      readonly rid: RequestId
      readonly pool: PoolName
      readonly reservation: ReservationId
      readonly deltaGiB: number
    }
  | { readonly kind: 'refused'; readonly rid: RequestId; readonly refusal: Refusal }
  /** The coordinator no longer wants this reservation: ask the register, then let go. */
  | { readonly kind: 'abandon'; readonly rid: RequestId; readonly project: ProjectId; readonly reservation: ReservationId }
  | { readonly kind: 'commit'; readonly certificate: Certificate }
  | { readonly kind: 'committed'; readonly rid: RequestId }
  // operations on a volume (coordinator <-> owner)
  | { readonly kind: 'operate'; readonly request: OperationRequest }
  | { readonly kind: 'operated'; readonly rid: RequestId; readonly reply: OperationReply }
  // registers (anyone <-> a member that proposes)
  | { readonly kind: 'change'; readonly ref: string; readonly project: ProjectId; readonly change: LedgerChange }
  | { readonly kind: 'changed'; readonly ref: string; readonly project: ProjectId; readonly outcome: ChangeOutcome }
  // registers (proposer <-> acceptors)
  | { readonly kind: 'prepare'; readonly project: ProjectId; readonly ballot: Ballot; readonly known: Ballot | null }
  | {
      readonly kind: 'promised'
      readonly project: ProjectId
      readonly ballot: Ballot
      readonly accepted: Ballot | null
      readonly value: readonly (readonly [string, LedgerEntry])[] | 'known'
    }
  | { readonly kind: 'accept'; readonly project: ProjectId; readonly ballot: Ballot; readonly next: Ballot; readonly change: AcceptChange }
  | { readonly kind: 'accepted'; readonly project: ProjectId; readonly ballot: Ballot }
  /** The acceptor holds another base than the difference was made on: send it the whole. */
  | { readonly kind: 'behind'; readonly project: ProjectId; readonly ballot: Ballot }
  | { readonly kind: 'rejected'; readonly project: ProjectId; readonly ballot: Ballot; readonly promised: Ballot }
  | { readonly kind: 'confirm'; readonly project: ProjectId; readonly ballot: Ballot; readonly accepted: Ballot; readonly round: number }
  | { readonly kind: 'confirmed'; readonly project: ProjectId; readonly ballot: Ballot; readonly round: number; readonly current: boolean }
  // hints and replicas
  /** The sender's beat, straight to a peer that has just come up; gossip carries the others. */
  | { readonly kind: 'beat'; readonly beat: Beat }
  | { readonly kind: 'heads'; readonly heads: readonly Head[]; readonly ref: string | null }
  | {
      readonly kind: 'delta'
      readonly owner: PeerId
      readonly epoch: number
      readonly after: number
      readonly upTo: number
      readonly records: readonly PublishedRecord[]
    }
  | { readonly kind: 'seen'; readonly heads: readonly Head[]; readonly ref: string | null }

/** The difference to the value accepted at `base`, or the whole value. */
export type AcceptChange =
  | { readonly kind: 'difference'; readonly base: Ballot; readonly puts: readonly LedgerPut[] }
  | { readonly kind: 'whole'; readonly value: readonly (readonly [string, LedgerEntry])[] }

export type ChangeOutcome =
  | { readonly kind: 'decided'; readonly answer: LedgerAnswer }
  /** Fewer members answered than a majority. The change may or may not have been made. */
  | { readonly kind: 'no-majority'; readonly answered: number; readonly needed: number }
  /** The proposer's queue for this project is full; nothing was done. */
  | { readonly kind: 'overloaded'; readonly limit: number }

/** Proof that the register bound a request to a reservation. */
export interface Certificate {
  readonly project: ProjectId
  readonly rid: RequestId
  readonly volume: VolumeId
  readonly host: PeerId
  readonly reservation: ReservationId
}

export type Refusal =
  | { readonly kind: 'no-room'; readonly rejection: Rejection }
  | { readonly kind: 'not-ready'; readonly state: string }
  | { readonly kind: 'operation'; readonly reply: OperationReply }

export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.counter !== b.counter) return a.counter - b.counter
  if (a.peer !== b.peer) return a.peer < b.peer ? -1 : 1
  return a.epoch - b.epoch
}
