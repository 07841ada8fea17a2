/** A new host shows that it has the key of the peer id that it names: it signs the invitation's id with it. */
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type JoinRequest, joinProofText } from '../../lib/wire/join.ts'

export async function signJoinProof(tokenId: string, request: Omit<JoinRequest, 'proof'>, key: PrivateKey): Promise<JoinRequest> {
  const signature = await key.sign(Buffer.from(joinProofText(tokenId, request)))
  return { ...request, proof: Buffer.from(signature).toString('base64') }
}

/** False for a bad signature, a peer id that carries no Ed25519 key, and text that is no peer id at all. */
export async function isJoinProofValid(tokenId: string, request: JoinRequest): Promise<boolean> {
  try {
    const { publicKey } = peerIdFromString(request.peer)
    if (publicKey?.type !== 'Ed25519') return false
    return await publicKey.verify(Buffer.from(joinProofText(tokenId, request)), Buffer.from(request.proof, 'base64'))
  } catch (error) {
    // libp2p throws for malformed ids and signatures; both are the sender's doing.
    if (error instanceof Error) return false
    throw error
  }
}
