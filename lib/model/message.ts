/**
 * What peers say to each other. One way; an answer is a message of its own that carries the question's names.
 *
 * Any message may be lost, doubled, delayed or overtaken: each handler is idempotent.
 */
import type { Ballot } from './ballot.ts'
import type { HostLook } from './existing.ts'
import type { SnapshotMember } from './group.ts'
import type { Beat } from './host.ts'
import type { PeerId, PoolName, ProjectId, RequestId, ReservationId, SnapshotId, VolumeId } from './ids.ts'
import type { LedgerAnswer, LedgerChange, LedgerEntry, LedgerPut } from './ledger.ts'
import type { Lives } from './lives.ts'
import type { LogHead, PublishedRecord } from './log.ts'
import type { Rejection } from './placement.ts'
import type { ProbeMessage } from './probe.ts'
import type { Certificate, Proof } from './proof.ts'
import type { Usage } from './quota.ts'
import type { OperationRequest, OperationReply, RoomOperation } from './request.ts'
import type { VolumeSpec } from './volume.ts'

export type PeerMessage =
  | ProbeMessage
  // placement (coordinator <-> owner)
  | {
      readonly kind: 'reserve'
      readonly rid: RequestId
      readonly pool: PoolName
      readonly spec: VolumeSpec
      /** Version of the volume type that the pool was chosen by; null without a type. */
      readonly typeVersion: number | null
    }
  | {
      readonly kind: 'reserve-room'
      readonly rid: RequestId
      readonly volume: VolumeId
      readonly project: ProjectId
      readonly operation: RoomOperation
    }
  | {
      readonly kind: 'reserved'
      readonly rid: RequestId
      readonly pool: PoolName
      readonly reservation: ReservationId
      /** What it adds to the project's account, and how large the volume or the snapshot is once it is done, GiB. */
      readonly delta: Usage
      readonly sizeGiB: number
      /** Whose the volume is now. */
      readonly source: ProjectId
      /** Of the request that this answers: under one key there may be another by now. */
      readonly body: string
      /** Of a group snapshot: of which volumes. */
      readonly members?: readonly SnapshotMember[]
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
  | { readonly kind: 'prepare'; readonly project: ProjectId; readonly ballot: Ballot; readonly known: Ballot | null; readonly lives: Lives }
  | {
      readonly kind: 'promised'
      readonly project: ProjectId
      readonly ballot: Ballot
      /** Boot epoch of the member. */
      readonly life: number
      readonly accepted: Ballot | null
      readonly value: readonly (readonly [string, LedgerEntry])[] | 'known'
    }
  /** `attest`: requests whose grants in the value the member is asked to sign for (proof.ts). */
  | {
      readonly kind: 'accept'
      readonly project: ProjectId
      readonly ballot: Ballot
      readonly next: Ballot
      readonly lives: Lives
      readonly change: AcceptChange
      readonly attest: readonly RequestId[]
    }
  | {
      readonly kind: 'accepted'
      readonly project: ProjectId
      readonly ballot: Ballot
      readonly life: number
      readonly signature: string | null
    }
  /** The question counts votes of a life that is over: those that the member knows of. */
  | { readonly kind: 'outlived'; readonly project: ProjectId; readonly ballot: Ballot; readonly lives: Lives }
  /** The acceptor holds another base than the difference was made on: send it the whole. */
  | { readonly kind: 'behind'; readonly project: ProjectId; readonly ballot: Ballot }
  | { readonly kind: 'rejected'; readonly project: ProjectId; readonly ballot: Ballot; readonly promised: Ballot }
  | {
      readonly kind: 'confirm'
      readonly project: ProjectId
      readonly ballot: Ballot
      readonly accepted: Ballot
      readonly round: number
      readonly attest: readonly RequestId[]
    }
  | {
      readonly kind: 'confirmed'
      readonly project: ProjectId
      readonly ballot: Ballot
      readonly round: number
      readonly current: boolean
      readonly signature: string | null
    }
  // hints and replicas
  /** The sender's beat, straight to a peer that has just come up; gossip carries the others. */
  | { readonly kind: 'beat'; readonly beat: Beat }
  /** One hash over every head that the sender knows; equal on both sides when nothing is missing. */
  | { readonly kind: 'tally'; readonly hash: string }
  /**
   * How far the sender knows every log, or the one log that it asks for (`only`). With `ref` it searches, for what
   * registers know of `about` among other things, and the answer `seen` carries the `ref`.
   */
  | {
      readonly kind: 'heads'
      readonly heads: readonly KnownHead[]
      readonly only: PeerId | null
      readonly ref: string | null
      readonly about: VolumeId | SnapshotId | null
    }
  /**
   * A part of a log: from what base (0: the whole log), after and up to which sequence number. The last part reaches
   * `head.seq`; base and parts together add up to the head's digest.
   */
  | {
      readonly kind: 'delta'
      readonly head: LogHead
      readonly from: number
      readonly after: number
      readonly upTo: number
      /** The sender stops here for now: ask for the rest. */
      readonly more: boolean
      readonly records: readonly PublishedRecord[]
    }
  /**
   * `kept`: how far the receiver's own log is on the sender's disk, where that is what the message is about. `projects`: registers in
   * which the sender holds something about the volume that was searched for.
   */
  | {
      readonly kind: 'seen'
      readonly heads: readonly KnownHead[]
      readonly kept: LogPlace | null
      readonly ref: string | null
      readonly projects: readonly ProjectId[]
    }
  // what lies on a host and is no volume's (coordinator <-> owner)
  | { readonly kind: 'look'; readonly ref: string }
  | { readonly kind: 'looked'; readonly ref: string; readonly look: HostLook }
  // a start: what did this host know? (reliability, amnesia)
  | { readonly kind: 'recall'; readonly ref: string }
  | {
      readonly kind: 'recalled'
      readonly ref: string
      /** The newest head of the asker's log that the sender holds. */
      readonly head: LogHead | null
      readonly votes: readonly SeenVote[]
      /** Registers in which the sender holds a grant or a delete intent that names the asker. */
      readonly projects: readonly ProjectId[]
      /** Registers that hold the asker's totals. */
      readonly totals: readonly ProjectId[]
      /** The sender has lost its own memory: what it does not name may be there all the same. */
      readonly isLost: boolean
      /** The latest of the asker's lives that any register here knows of. */
      readonly life: number
    }
  // registers (a member that must take a register over <-> those who had it)
  | { readonly kind: 'fetch'; readonly project: ProjectId; readonly group: number; readonly seal: boolean; readonly life: number }
  | {
      readonly kind: 'fetched'
      readonly project: ProjectId
      readonly group: number
      readonly seal: boolean
      /** Of the one that asked. */
      readonly life: number
      readonly promised: Ballot | null
      readonly accepted: Ballot | null
      readonly value: readonly (readonly [string, LedgerEntry])[]
      /** Of those that have taken the register over, from the sender or from whom it took it. */
      readonly lives: readonly (readonly [PeerId, number])[]
    }
  /** The group has changed: take this register over. */
  | { readonly kind: 'install'; readonly project: ProjectId; readonly group: number }
  | { readonly kind: 'installed'; readonly project: ProjectId; readonly group: number }
  /** The project's register wants this volume of the receiver gone; look there. */
  | { readonly kind: 'intent'; readonly project: ProjectId; readonly volume: VolumeId }

/** The newest ballots that a member has voted for in a register, as far as another knows. */
export interface SeenVote {
  readonly project: ProjectId
  readonly promised: Ballot | null
  readonly accepted: Ballot | null
}

/** A place in one owner's log. */
export interface LogPlace {
  readonly epoch: number
  readonly seq: number
}

/** How far a log is known, and what of the rest has come already. */
export interface KnownHead {
  readonly owner: PeerId
  readonly epoch: number
  readonly seq: number
  /** First 16 digits of the chain's hash. */
  readonly chain: string
  /** Wanted from its beginning. */
  readonly whole: boolean
  readonly staged: { readonly epoch: number; readonly from: number; readonly upTo: number } | null
}

/** The difference to the value accepted at `base`, or the whole value. */
export type AcceptChange =
  | { readonly kind: 'difference'; readonly base: Ballot; readonly puts: readonly LedgerPut[] }
  | { readonly kind: 'whole'; readonly value: readonly (readonly [string, LedgerEntry])[] }

export type ChangeOutcome =
  /** `proof`: if the answer is a grant. */
  | { readonly kind: 'decided'; readonly answer: LedgerAnswer; readonly proof: Proof | null }
  /** Fewer members answered than a majority. The change may or may not have been made. */
  | { readonly kind: 'no-majority'; readonly answered: number; readonly needed: number }
  /** The proposer's queue for this project is full; nothing was done. */
  | { readonly kind: 'overloaded'; readonly limit: number }

export type Refusal =
  | { readonly kind: 'no-room'; readonly rejection: Rejection }
  | { readonly kind: 'not-ready'; readonly state: string }
  /** The type is another here: by `version` of this host's copy the coordinator sees which of the two is behind. */
  | { readonly kind: 'other-type'; readonly version: number }
  | { readonly kind: 'operation'; readonly reply: OperationReply }
