/**
 * What a majority of a register's members signs when it has decided a grant, so that its host need believe nobody else.
 *
 * A member signs which grants are in the value that it has accepted under one ballot. The same words of a majority under
 * the same ballot are what it takes for that value to be decided; fewer, or of several ballots, prove nothing.
 */
import type { Ballot } from './ballot.ts'
import { hashHex } from './hash.ts'
import type { PeerId, ProjectId, RequestId, ReservationId, VolumeId } from './ids.ts'
import { canonicalJson } from './json.ts'
import type { Binding, Recent } from './ledger.ts'

/** Changes that one round of a register decides at most. */
export const BATCH_MAX = 64
/** Members of a home group at most. */
export const GROUP_MAX = 5

export interface Proof {
  readonly ballot: Ballot
  /** `grantDigest` of every grant that was signed for together, in the order of the signed text. */
  readonly grants: readonly string[]
  readonly votes: readonly Vote[]
}

export interface Vote {
  readonly peer: PeerId
  /** Over `proofText`, base64. */
  readonly signature: string
}

/** That the register has bound a request to a reservation. Without a proof it is a hint to ask the register. */
export interface Certificate {
  readonly project: ProjectId
  readonly rid: RequestId
  readonly volume: VolumeId
  readonly host: PeerId
  readonly reservation: ReservationId
  readonly proof: Proof | null
}

/** How much it takes is not part of it: the host builds what it has reserved, and its own totals say what that is. */
type Grant = Pick<Certificate, 'rid' | 'volume' | 'host' | 'reservation'>

/** 32 hex digits. */
export function grantDigest({ rid, volume, host, reservation }: Grant): string {
  return hashHex('grant', rid, volume, host, reservation).slice(0, 32)
}

/** The part of a register's entry that a certificate names; null if nothing was ever bound. */
export function grantOf(entry: Binding | Recent): Grant | null {
  const { rid, volume, host, reservation } = entry
  return host === null || reservation === null ? null : { rid, volume, host, reservation }
}

export function proofText(cluster: string, project: ProjectId, ballot: Ballot, grants: readonly string[]): string {
  const { group, counter, peer, epoch } = ballot
  return `scoria grants 1\n${canonicalJson({ cluster, project, ballot: { group, counter, peer, epoch }, grants })}`
}
