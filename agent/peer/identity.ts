/**
 * Who this host is (an Ed25519 key, whose public half is its peer id) and which private network it may enter (the swarm
 * key, the same on every host of the cluster). The swarm key is a door and no more: membership is in the manifest.
 */
import './polyfill.ts'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { generateKey } from '@libp2p/pnet'
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'

export interface Identity {
  readonly peerId: PeerId
  readonly privateKey: PrivateKey
}

/** Length of the key's text form, header included (go-libp2p's swarm.key, base 16). */
const SWARM_KEY_BYTES = 95

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
