/**
 * Who this host is (an Ed25519 key, whose public half is its peer id) and which private network it may enter (the swarm
 * key, the same on every host of the cluster). The swarm key is a door and no more: membership is in the manifest.
 */
import './polyfill.ts'
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { generateKey } from '@libp2p/pnet'
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import type { Signer } from '../../lib/ports/signer.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'

export interface Identity {
  readonly peerId: PeerId
  readonly privateKey: PrivateKey
}

/** Length of the key's text form, header included (go-libp2p's swarm.key, base 16). */
const SWARM_KEY_BYTES = 95

/** Half of libp2p's raw private key is the seed; the other half repeats the public key. */
const SEED_BYTES = 32

/** A key object costs more to make than a signature to verify. No cluster has more hosts that speak at one time. */
const KEYS_CACHED_MAX = 4096

/** Exactly 64 bytes. */
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/

/** Makes a new identity and keeps it in `file`, mode 0600. @throws KeyFileExists */
export async function createIdentity(file: string): Promise<Identity> {
  const privateKey = await generateKeyPair('Ed25519')
  await writeKeyFile(file, privateKeyToProtobuf(privateKey))
  return identityOf(privateKey)
}

/** @throws KeyFileExposed if others than its owner can read the file */
export async function loadIdentity(file: string): Promise<Identity> {
  return identityOf(privateKeyFromProtobuf(await readKeyFile(file)))
}

function identityOf(privateKey: PrivateKey): Identity {
  return { peerId: peerId(peerIdFromPrivateKey(privateKey).toString()), privateKey }
}

/**
 * Signs with this host's key, and verifies the signatures of any host: a peer id of this kind is the public key itself.
 * Synchronous, because what is signed are the steps of a machine that does not wait.
 */
export function signerOf({ privateKey }: Pick<Identity, 'privateKey'>): Signer {
  const ours = createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: base64url(privateKey.raw.subarray(0, SEED_BYTES)),
      x: base64url(privateKey.publicKey.raw),
    },
    format: 'jwk',
  })
  const keys = new Map<PeerId, KeyObject>()
  const keyOf = (peer: PeerId): KeyObject | null => {
    const known = keys.get(peer)
    if (known !== undefined) return known
    const key = publicKeyOf(peer)
    if (key === null) return null
    const [oldest] = keys.keys()
    if (keys.size >= KEYS_CACHED_MAX && oldest !== undefined) keys.delete(oldest)
    keys.set(peer, key)
    return key
  }
  return {
    sign: (text) => sign(null, Buffer.from(text), ours).toString('base64'),
    verify(peer, text, signature) {
      const bytes = signatureBytes(signature)
      const key = bytes === null ? null : keyOf(peer)
      return bytes !== null && key !== null && verify(null, Buffer.from(text), key, bytes)
    },
  }
}

/** A new swarm key, in the text form that libp2p reads. */
export function generateSwarmKey(): Uint8Array {
  const key = new Uint8Array(SWARM_KEY_BYTES)
  generateKey(key)
  return key
}

export function saveSwarmKey(file: string, key: Uint8Array): Promise<void> {
  return writeKeyFile(file, key)
}

/** @throws KeyFileExposed if others than its owner can read the file */
export function loadSwarmKey(file: string): Promise<Uint8Array> {
  return readKeyFile(file)
}

/** The Ed25519 key that a peer id consists of; null for other text, other kinds of key, and other spellings of the same id. */
function publicKeyOf(peer: PeerId): KeyObject | null {
  try {
    const id = peerIdFromString(peer)
    if (id.type !== 'Ed25519' || id.toString() !== peer) return null
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(id.publicKey.raw) }, format: 'jwk' })
  } catch {
    // libp2p has a different error for each way in which text is no peer id; none of them signed anything
    return null
  }
}

/** One signature has one text: base64 that decodes to the same bytes in another way is refused. */
function signatureBytes(signature: string): Buffer | null {
  if (!SIGNATURE.test(signature)) return null
  const bytes = Buffer.from(signature, 'base64')
  return bytes.toString('base64') === signature ? bytes : null
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
