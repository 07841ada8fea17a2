/**
 * Finds the transfer that a request names: in this peer's view, else with every host, whose no alone is a 404.
 *
 * It is there for the project that offers and for admins as long as it stands open. Who accepts it knows nothing but its id, and is told nothing
 * of it before its owner has seen the key.
 */
import type { Failure } from '../../lib/model/failure.ts'
import { parseUuid, type TransferId, transferId } from '../../lib/model/ids.ts'
import { openTransfer } from '../../lib/model/transfer.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { type ListedTransfer, listedTransfer } from '../../lib/wire/cinder/transfer.ts'
import type { Call, Edge } from './call.ts'
import { isVisible } from './policy.ts'

export type LocatedTransfer =
  | { readonly ok: true; readonly listed: ListedTransfer; readonly volume: Volume }
  | { readonly ok: false; readonly failure: Failure }

export async function locateTransfer(edge: Edge, call: Call, text: string): Promise<LocatedTransfer> {
  const found = await volumeOf(edge, text)
  if (!found.ok) return found
  const { id, volume } = found
  const open = openTransfer(volume)
  if (open?.id !== id || !isVisible(call.caller, volume.project))
    return { ok: false, failure: { code: 'transfer-not-found', transfer: id } }
  return { ok: true, listed: listedTransfer(volume.id, open), volume }
}

type OfferedVolume =
  | { readonly ok: true; readonly id: TransferId; readonly volume: Volume }
  | { readonly ok: false; readonly failure: Failure }

/** The volume whose newest transfer this is, whoever asks and whatever has become of it: for its owner to decide about. */
export async function volumeOf(edge: Edge, text: string): Promise<OfferedVolume> {
  const uuid = parseUuid(text)
  const id = transferId(uuid ?? text.slice(0, 255))
  const absent = { ok: false, failure: { code: 'transfer-not-found', transfer: id } } as const
  if (uuid === null) return absent
  const known = edge.service.volumeOfTransfer(id)
  if (known !== null) return { ok: true, id, volume: known.volume }
  const { result } = await edge.service.ask({ kind: 'find-transfer', transfer: id })
  return result.ok ? { ok: true, id, volume: result.value } : result
}
