/**
 * A signed manifest as it comes from a file or from another peer.
 *
 * Fields that this version does not know stay in the value, because the signature covers them too. A manifest that passes
 * is well formed; whether the cluster's key signed it is another question, and its answer needs a key.
 */
import type { LeftHost, Manifest, ManifestHost, SignedManifest, Voting } from '../model/manifest.ts'
import { LEFT_MAX } from '../model/manifest-steps.ts'
import { bool, integer, list, nullable, oneOf, pattern, shape, text } from './peer/check.ts'
import { limits, volumeType } from './peer/catalogue-shapes.ts'
import { count, peer, uuid } from './peer/plain-shapes.ts'

const HOSTS_MAX = 10_000

/** A host's name is the first part of `host@backend#pool`, and part of log lines and prompts. */
const hostName = pattern(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 255)
const zone = text(255)
const host = shape<ManifestHost>({
  peer,
  name: hostName,
  addrs: list(pattern(/^\/[\x21-\x7e]+$/, 512), 16),
  zone,
  voter: bool,
  state: oneOf('member', 'draining', 'lost'),
})
const manifest = shape<Manifest>({
  cluster: uuid,
  epoch: count,
  prev: text(128),
  expect: integer(1),
  voting: shape<Voting>({ epoch: count, former: nullable(list(peer, HOSTS_MAX)) }),
  hosts: list(host, HOSTS_MAX),
  left: list(shape<LeftHost>({ peer, name: hostName, zone }), LEFT_MAX),
  types: list(volumeType, 1000),
  limits,
})
const signedManifest = shape<SignedManifest>({ manifest, signature: pattern(/^[A-Za-z0-9+/]+={0,2}$/, 128) })

/** The manifest and its signature, or null if the value is malformed, names a peer twice, or two hosts that are not lost alike. */
export function parseSignedManifest(json: unknown): SignedManifest | null {
  if (!signedManifest(json)) return null
  const signed = json as SignedManifest
  const { hosts, left } = signed.manifest
  const peers = new Set([...hosts, ...left].map((item) => item.peer))
  const living = hosts.filter(({ state }) => state !== 'lost')
  const names = new Set(living.map((item) => item.name))
  return peers.size === hosts.length + left.length && names.size === living.length ? signed : null
}
