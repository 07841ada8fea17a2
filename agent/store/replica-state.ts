/**
 * One owner's part of the stored replica: its head, and what proves that the records under it are all there.
 *
 * The replica is not synced, so a loss of power may take any of its last writes. A head says how many records belong to it
 * and the XOR of their CRCs; an owner whose records do not add up is dropped and fetched again, which is always safe.
 */
import { crc32 } from 'node:zlib'
import type { PeerId, VolumeId } from '../../lib/model/ids.ts'
import type { LogHead, PublishedRecord } from '../../lib/model/log.ts'

export interface StoredHead {
  readonly head: LogHead
  readonly records: number
  readonly sum: number
}

/** `h!` was the prefix of heads without a signature. */
const HEAD_PREFIX = 'H!'
const RECORD_PREFIX = 'r!'
const CRC_DIGITS = 8

export const headKey = (owner: PeerId): string => HEAD_PREFIX + owner
export const recordKey = (owner: PeerId, volume: VolumeId): string => `${RECORD_PREFIX}${owner}!${volume}`
export const recordRange = (owner: PeerId): { readonly gte: string; readonly lt: string } => {
  return { gte: `${RECORD_PREFIX}${owner}!`, lt: `${RECORD_PREFIX}${owner}"` }
}

/** Owner and kind of a key, or null for one that this file did not make. */
export function parseKey(key: string): { readonly kind: 'head' | 'record'; readonly owner: PeerId } | null {
  const [owner = ''] = key.slice(HEAD_PREFIX.length).split('!')
  if (key.startsWith(HEAD_PREFIX)) return { kind: 'head', owner: owner as PeerId }
  return key.startsWith(RECORD_PREFIX) ? { kind: 'record', owner: owner as PeerId } : null
}

export function encodeValue(value: StoredHead | PublishedRecord): string {
  const json = JSON.stringify(value)
  return crc32(json).toString(16).padStart(CRC_DIGITS, '0') + json
}

/** CRC of a stored value, or null if the value does not have the one that it carries. */
export function crcOf(stored: string): number | null {
  const crc = crc32(stored.slice(CRC_DIGITS))
  return crc.toString(16).padStart(CRC_DIGITS, '0') === stored.slice(0, CRC_DIGITS) ? crc : null
}

/** Trusts the shape of what carries its CRC: only `encodeValue` makes such text. */
export const decodeHead = (stored: string): StoredHead => JSON.parse(stored.slice(CRC_DIGITS)) as StoredHead
export const decodeRecord = (stored: string): PublishedRecord => JSON.parse(stored.slice(CRC_DIGITS)) as PublishedRecord

/** The running sum of one owner's records. */
export class OwnerSum {
  readonly #crcs = new Map<VolumeId, number>()
  #sum = 0

  put(volume: VolumeId, crc: number): void {
    this.remove(volume)
    this.#crcs.set(volume, crc)
    this.#sum = (this.#sum ^ crc) >>> 0
  }

  remove(volume: VolumeId): void {
    const old = this.#crcs.get(volume)
    if (old === undefined) return
    this.#crcs.delete(volume)
    this.#sum = (this.#sum ^ old) >>> 0
  }

  volumes(): readonly VolumeId[] {
    return [...this.#crcs.keys()]
  }

  under(head: LogHead): StoredHead {
    return { head, records: this.#crcs.size, sum: this.#sum }
  }
}
