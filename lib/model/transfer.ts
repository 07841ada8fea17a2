/**
 * The offer of a volume to whoever knows its key, in any project: Cinder's volume transfer.
 *
 * It lives in its volume's record and is decided by the volume's owner alone. Its key is nowhere: it follows from the owner's own key and
 * the transfer's id, and whoever accepts shows a hash of it. What was accepted or taken back stays in the record until the next offer, so that a
 * repeat finds its answer.
 */
import { hashHex } from './hash.ts'
import type { ProjectId, RequestId, TransferId } from './ids.ts'

export interface Transfer {
  readonly id: TransferId
  readonly name: string | null
  /** Whoever offered it said that there are no snapshots to go along. */
  readonly noSnapshots: boolean
  /** Unix milliseconds at the coordinator, for display. */
  readonly createdAtMs: number
  /** Project that offers. */
  readonly source: ProjectId
  /** `open`: its volume awaits it. */
  readonly state: 'open' | 'accepted' | 'cancelled'
  /** Project and request that accepted it; null if nobody has. */
  readonly destination: ProjectId | null
  readonly acceptedBy: RequestId | null
}

/** What a register grants to a project that accepts: this transfer's volume and its snapshots, out of the hands of `source`. */
export interface TransferGrant {
  readonly id: TransferId
  readonly source: ProjectId
  /** Who accepts. */
  readonly user: string
}

/** The part of a volume's record that is its transfer. */
interface Offered {
  readonly transfer: Transfer | null
}

export function openTransfer({ transfer }: Offered): Transfer | null {
  return transfer?.state === 'open' ? transfer : null
}

/** Nobody can accept it any more. */
export function withoutOffer<Of extends Offered>(volume: Of): Of {
  const open = openTransfer(volume)
  return open === null ? volume : { ...volume, transfer: { ...open, state: 'cancelled' } }
}

/** Under this name an owner's secrets have the key of a transfer. */
export function keyName(id: TransferId): string {
  return `transfer ${id}`
}

/** What is sent and compared in the place of the key. 64 hex digits. */
export function keyProof(id: TransferId, key: string): string {
  return hashHex('transfer key', id, key)
}

/** Takes as long wherever the two begin to differ. */
export function isSameProof(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at)
  return difference === 0
}
