/**
 * Signing the manifest and believing it: Ed25519 over its canonical JSON, with the cluster's key.
 *
 * Only the host that ran `init` has the private half; every host knows the public half and takes a manifest from anybody who
 * can show a valid one that is newer.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Manifest, SignedManifest } from '../../lib/model/manifest.ts'

export interface ClusterKey {
  /** 32 bytes, base64. */
  readonly publicKey: string
  /** PKCS #8, PEM. Never leaves the host that made it. */
  readonly privateKey: string
}

export function createClusterKey(): ClusterKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  return {
    publicKey: Buffer.from(x ?? '', 'base64url').toString('base64'),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

/** The signature covers every field, those that a newer version added included. */
export function signManifest(manifest: Manifest, key: Pick<ClusterKey, 'privateKey'>): SignedManifest {
  const signature = sign(null, Buffer.from(canonicalJson(manifest)), createPrivateKey(key.privateKey))
  return { manifest, signature: signature.toString('base64') }
}

export function verifyManifest(signed: SignedManifest, publicKey: string): boolean {
  const x = Buffer.from(publicKey, 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, Buffer.from(canonicalJson(signed.manifest)), key, Buffer.from(signed.signature, 'base64'))
}
