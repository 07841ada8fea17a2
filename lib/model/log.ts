/**
 * An owner's log as its head speaks for it: one signature stands for everything that the log holds.
 *
 * The newest record of each volume makes up the log's state; `digest` is the XOR of their hashes, `chain` the hash of
 * all that ever was appended. Whoever holds records that add up to the digest of a signed head holds exactly what the
 * owner had at that point, through whatever hands they came.
 */
import { hashHex } from './hash.ts'
import type { PeerId, VolumeId } from './ids.ts'
import type { Volume } from './volume.ts'

/** One record of an owner's log: a volume as published, or its tombstone. */
export interface PublishedRecord {
  readonly seq: number
  readonly id: VolumeId
  readonly volume: Volume | null
}

/** Where a log stands. Logs are ordered by (epoch, seq). */
export interface LogState {
  /** Boot counter of the owner; never used twice. */
  readonly epoch: number
  /** Sequence number at which this epoch began: what an earlier epoch had beyond it is no part of the log. */
  readonly since: number
  readonly seq: number
  /** Tombstones up to here are gone. Whoever stands below it must take the log whole. */
  readonly floor: number
  /** Hash over everything appended so far, 64 hex digits. */
  readonly chain: string
  /** XOR of the hashes of what the log holds now, 64 hex digits. */
  readonly digest: string
}

/** A state and its owner's signature over `headText` (Ed25519, base64). */
export interface LogHead extends LogState {
  readonly owner: PeerId
  readonly signature: string
}

/** How far a log is known, without its proof. */
export interface LogPosition {
  readonly epoch: number
  readonly seq: number
}

export const ZERO_HASH = '0'.repeat(64)

export const NEW_LOG: LogState = { epoch: 0, since: 0, seq: 0, floor: 0, chain: ZERO_HASH, digest: ZERO_HASH }

export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.epoch - b.epoch || a.seq - b.seq
}

/** Fields that a later version adds are covered too. */
export function recordHash(record: PublishedRecord): string {
  return hashHex('record', JSON.stringify(record))
}

export function xorHex(a: string, b: string): string {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).padStart(64, '0')
}

/** The state after one more entry: a record that takes the place of another, or none (a new epoch, a raised floor). */
export function appended(state: LogState, added: string | null, replaced: string | null): LogState {
  const seq = state.seq + 1
  let { digest } = state
  if (added !== null) digest = xorHex(digest, added)
  if (replaced !== null) digest = xorHex(digest, replaced)
  return { ...state, seq, digest, chain: hashHex('chain', state.chain, String(seq), added ?? '') }
}

/** What the owner signs. `cluster` keeps a head from being shown to another cluster. */
export function headText(cluster: string, owner: PeerId, { epoch, since, seq, floor, chain, digest }: LogState): string {
  return JSON.stringify(['scoria-head-1', cluster, owner, epoch, since, seq, floor, chain, digest])
}
