/** Signatures that are cheap and can be told apart: a hash with the signer's name in it. Who knows the name can forge it; only the forger does. */
import type { PeerId } from '../../lib/model/ids.ts'
import { hashHex } from '../../lib/model/hash.ts'
import type { Signer } from '../../lib/ports/signer.ts'

export function simSigner(self: PeerId): Signer {
  return { sign: (text) => signed(self, text), verify: (peer, text, signature) => signature === signed(peer, text) }
}

function signed(peer: PeerId, text: string): string {
  return hashHex('signature', peer, text).slice(0, 32)
}
