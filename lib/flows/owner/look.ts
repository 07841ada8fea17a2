/**
 * Has this host look what lies on it that is no volume's, for whoever asks.
 *
 * Exports that a record explains are none of the finds, nor are those that are being cut off.
 */
import { exportIqn } from '../../model/attachment.ts'
import type { PeerId } from '../../model/ids.ts'
import { type Out, send } from '../out.ts'
import type { PeerEvent } from '../step.ts'
import type { Peer } from '../tables.ts'

export function onLook(peer: Peer, out: Out, from: PeerId, ref: string): void {
  // It cannot tell yet what is whose.
  if (peer.recovery !== null) return send(out, from, { kind: 'looked', ref, look: { ok: false, detail: 'the host is recovering' } })
  out.effects.push({ kind: 'look', to: from, ref })
}

export function onLooked(peer: Peer, out: Out, { to, ref, look }: Extract<PeerEvent, { kind: 'looked' }>): void {
  if (!look.ok) return send(out, to, { kind: 'looked', ref, look })
  const known = knownExports(peer)
  const exports = look.finds.exports.filter((iqn) => !known.has(iqn))
  send(out, to, { kind: 'looked', ref, look: { ok: true, finds: { ...look.finds, exports } } })
}

/** The names of all exports that this host's records have. */
export function knownExports(peer: Peer): ReadonlySet<string> {
  const known = new Set<string>()
  for (const { volume } of peer.owned.values()) {
    for (const attachment of volume.attachments) if (attachment.export !== 'none') known.add(exportIqn(volume.id, attachment.generation))
  }
  return known
}
