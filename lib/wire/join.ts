/**
 * The shapes of joining: the token that an operator carries by hand, and what is said through the door.
 *
 * A token is `scoria1:<id>:<secret>@<host:port>`: which invitation, the secret that seals the exchange, and where to
 * knock. Request and answer travel sealed, so that only who holds the token can read or make them.
 */
import type { SignedManifest } from '../model/manifest.ts'
import type { PeerId } from '../model/ids.ts'
import { parseSignedManifest } from './manifest.ts'
import { isObject, list, pattern, shape, text } from './peer/check.ts'
import { peer } from './peer/plain-shapes.ts'

export interface JoinToken {
  /** 16 hex digits. Not secret. */
  readonly id: string
  /** 64 hex digits: 32 random bytes. */
  readonly secretHex: string
  /** `host:port` where to knock. */
  readonly door: string
}

/** What a new host says of itself. */
export interface JoinRequest {
  readonly peer: PeerId
  readonly name: string
  /** Multiaddrs that the others shall dial. */
  readonly addrs: readonly string[]
  readonly zone: string
  /** Signature of `joinProofText` by the key of `peer`, base64: the host has the key that it names. */
  readonly proof: string
}

/** All that a new host needs to be one of them. */
export interface JoinAnswer {
  readonly signedManifest: SignedManifest
  /** Base64, as in the file `cluster.pub`. */
  readonly clusterPublicKey: string
  /** The file `swarm.key`, base64. */
  readonly swarmKey: string
}

/** What passes the door, in both directions: nonce, ciphertext and tag, base64. */
export interface SealedFrame {
  readonly v: 1
  readonly token: string
  readonly sealed: string
}

/** Largest frame that either side reads. */
export const FRAME_BYTES_MAX = 16 * 1024
/** The manifest grows with the hosts; 4 MiB is some ten thousand of them. */
export const ANSWER_BYTES_MAX = 4 * 1024 * 1024

const TOKEN = /^scoria1:([0-9a-f]{16}):([0-9a-f]{64})@((?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5})$/

export function formatJoinToken(token: JoinToken): string {
  return `scoria1:${token.id}:${token.secretHex}@${token.door}`
}

export function parseJoinToken(written: string): JoinToken | null {
  const [, id, secretHex, door] = TOKEN.exec(written.trim()) ?? []
  return id === undefined || secretHex === undefined || door === undefined ? null : { id, secretHex, door }
}

/** The text that a new host signs: ties its key to this one invitation and to what it says of itself. */
export function joinProofText(tokenId: string, request: Omit<JoinRequest, 'proof'>): string {
  return JSON.stringify(['scoria-join-1', tokenId, request.peer, request.name, request.zone, ...request.addrs])
}

const request = shape<JoinRequest>({
  peer,
  name: pattern(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 63),
  addrs: list(pattern(/^\/[\x21-\x7e]+$/, 512), 16),
  zone: pattern(/^.+$/, 255),
  proof: pattern(/^[A-Za-z0-9+/]+={0,2}$/, 256),
})
const frame = shape<SealedFrame>({ v: (value) => value === 1, token: pattern(/^[0-9a-f]{16}$/, 16), sealed: text(ANSWER_BYTES_MAX) })

export function parseJoinRequest(json: unknown): JoinRequest | null {
  return request(json) ? (json as JoinRequest) : null
}

export function parseSealedFrame(json: unknown): SealedFrame | null {
  return frame(json) ? (json as SealedFrame) : null
}

export function parseJoinAnswer(json: unknown): JoinAnswer | null {
  if (!isObject(json)) return null
  const { clusterPublicKey, swarmKey } = json
  const signedManifest = parseSignedManifest(json['signedManifest'])
  if (signedManifest === null || typeof clusterPublicKey !== 'string' || typeof swarmKey !== 'string') return null
  return { signedManifest, clusterPublicKey, swarmKey }
}
