/**
 * Who belongs to the cluster: the list that the operator's key signs.
 *
 * The registers lie on the voters. The first `expect` hosts found the cluster: until that many have joined it is forming
 * and takes no volume. From then on each change of the voters is a step of one host: the registers move from the groups
 * of the former voters to those of the present ones, and the next step waits until they have.
 */
import type { PeerId } from './ids.ts'
import type { Limits } from './quota.ts'
import type { VolumeType } from './volume-type.ts'

export interface ManifestHost {
  readonly peer: PeerId
  /** Host name, unique among those that are not lost; the first part of `host@backend#pool`. */
  readonly name: string
  /** Multiaddrs that other hosts dial. */
  readonly addrs: readonly string[]
  readonly zone: string
  readonly voter: boolean
  /**
   * `draining`: a member that takes no new volume, and leaves when nothing is on it any more. `lost`: gone for good, its
   * disks with it. Its key is worth nothing any more; its volumes are shown in error.
   */
  readonly state: 'member' | 'draining' | 'lost'
}

/** A host that was a member and went with nothing on it. Its key does not join again. */
export type LeftHost = Pick<ManifestHost, 'peer' | 'name' | 'zone'>

/** Which change of the voters holds. */
export interface Voting {
  /** Grows by one at each change of the voters. */
  readonly epoch: number
  /** The voters before it, until every register has moved; then null. */
  readonly former: readonly PeerId[] | null
}

export interface Manifest {
  /** UUID made by `init`. Part of every protocol id. */
  readonly cluster: string
  /** Grows by one at each change. */
  readonly epoch: number
  /** Hash of the manifest before, or '' for the first. */
  readonly prev: string
  /** Founding hosts to wait for; they are the voters. */
  readonly expect: number
  readonly voting: Voting
  /** Sorted by peer id. */
  readonly hosts: readonly ManifestHost[]
  /**
   * Those that left last, the newest at the end. Room may have been granted to them of which they never heard, and a host that
   * is not in `hosts` may as well be one that this manifest does not know yet.
   */
  readonly left: readonly LeftHost[]
  readonly types: readonly VolumeType[]
  readonly limits: Limits
}

/** A manifest and the cluster key's signature over its canonical JSON (Ed25519, base64). */
export interface SignedManifest {
  readonly manifest: Manifest
  readonly signature: string
}

export function isForming(manifest: Manifest): boolean {
  return manifest.voting.epoch === 0
}

export function votersOf(manifest: Manifest): readonly PeerId[] {
  return manifest.hosts.filter((host) => host.voter).map((host) => host.peer)
}

/** True if it takes part. A host that is lost is out, whatever key it shows. */
export function isMember(manifest: Manifest, peer: PeerId): boolean {
  const host = hostOf(manifest, peer)
  return host !== null && host.state !== 'lost'
}

/** True if `next` (its signature checked) takes the place of `current`. A manifest never goes back. */
export function acceptsManifest(current: Manifest, next: Manifest): boolean {
  return next.cluster === current.cluster && next.epoch > current.epoch
}

export function isLostHost(manifest: Manifest, peer: PeerId): boolean {
  return hostOf(manifest, peer)?.state === 'lost'
}

export function hostOf(manifest: Manifest, peer: PeerId): ManifestHost | null {
  return manifest.hosts.find((host) => host.peer === peer) ?? null
}

export function hasLeft(manifest: Manifest, peer: PeerId): boolean {
  return leftHostOf(manifest, peer) !== null
}

/** Lost or left: it carries nothing out any more, and nothing that it says counts. */
export function isGoneHost(manifest: Manifest, peer: PeerId): boolean {
  return isLostHost(manifest, peer) || hasLeft(manifest, peer)
}

export function goneHosts({ hosts, left }: Manifest): readonly PeerId[] {
  return [...hosts.filter(({ state }) => state === 'lost'), ...left].map(({ peer }) => peer)
}

/** Name of the host, or its peer id if the manifest does not know it. */
export function hostName(manifest: Manifest, peer: PeerId): string {
  return (hostOf(manifest, peer) ?? leftHostOf(manifest, peer))?.name ?? peer
}

/** Where the host is, or was when it left; '' if the manifest does not know it. */
export function zoneOf(manifest: Manifest, peer: PeerId): string {
  return (hostOf(manifest, peer) ?? leftHostOf(manifest, peer))?.zone ?? ''
}

/** Who bears the name now; else the lost host that bore it. */
export function hostNamed(manifest: Manifest, name: string): ManifestHost | null {
  const bearers = manifest.hosts.filter((host) => host.name === name)
  return bearers.find(({ state }) => state !== 'lost') ?? bearers[0] ?? null
}

function leftHostOf({ left }: Manifest, peer: PeerId): LeftHost | null {
  return left.find((host) => host.peer === peer) ?? null
}
