/**
 * Who belongs to the cluster: the list that the operator's key signs.
 *
 * Hosts are added by `join`; the first `expect` of them are the voters, on whom the registers lie. Until that many have
 * joined the cluster is forming and takes no volume, so that no register is ever read by two disjoint majorities.
 */
import type { PeerId } from './ids.ts'
import type { Limits } from './quota.ts'
import type { VolumeType } from './volume-type.ts'

export interface ManifestHost {
  readonly peer: PeerId
  /** Host name, unique in the cluster; the first part of `host@backend#pool`. */
  readonly name: string
  /** Multiaddrs that other hosts dial. */
  readonly addrs: readonly string[]
  readonly zone: string
  readonly voter: boolean
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
  /** Sorted by peer id. */
  readonly hosts: readonly ManifestHost[]
  readonly types: readonly VolumeType[]
  readonly limits: Limits
}

/** A manifest and the cluster key's signature over its canonical JSON (Ed25519, base64). */
export interface SignedManifest {
  readonly manifest: Manifest
  readonly signature: string
}

export function isForming(manifest: Manifest): boolean {
  return manifest.hosts.filter((host) => host.voter).length < manifest.expect
}

export function hostOf(manifest: Manifest, peer: PeerId): ManifestHost | null {
  return manifest.hosts.find((host) => host.peer === peer) ?? null
}

/** Name of the host, or its peer id if the manifest does not know it. */
export function hostName(manifest: Manifest, peer: PeerId): string {
  return hostOf(manifest, peer)?.name ?? peer
}

export function hostNamed(manifest: Manifest, name: string): ManifestHost | null {
  return manifest.hosts.find((host) => host.name === name) ?? null
}
