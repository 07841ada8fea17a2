/**
 * What lies where in an agent's directory. One list, so that init, join, the daemon and the invitations agree.
 *
 * Keys are files of mode 0600; everything that is not a key can be rebuilt from the other hosts.
 */
export interface DirectoryFiles {
  /** Ed25519 key of this host: its peer id. */
  readonly identity: string
  /** The cluster's pre-shared key: the door of the peer network. */
  readonly swarmKey: string
  /** What the secrets of this host's exports follow from; made at the first start. */
  readonly sealKey: string
  /** Is there until the first batch of the journal is durable: a host without it has run before. */
  readonly newMarker: string
  /** The operator's key, only on the host that ran `init`: whoever has it decides who belongs. */
  readonly clusterKey: string
  /** Public half, as one line of base64: what every host checks manifests with. */
  readonly clusterPublicKey: string
  /** Newest signed manifest known here. */
  readonly manifest: string
  /** Of the REST API, where it signs its own certificate. */
  readonly apiKey: string
  readonly apiCertificate: string
  /** Where users are the cluster's own: what root on this host may show in place of a login. New at each start. */
  readonly adminToken: string
  /** Folder of open and used invitations. */
  readonly invites: string
}

export function directoryFiles(directory: string): DirectoryFiles {
  return {
    identity: `${directory}/identity.key`,
    swarmKey: `${directory}/swarm.key`,
    sealKey: `${directory}/seal.key`,
    newMarker: `${directory}/new`,
    clusterKey: `${directory}/cluster.key`,
    clusterPublicKey: `${directory}/cluster.pub`,
    manifest: `${directory}/manifest.json`,
    apiKey: `${directory}/api.key`,
    apiCertificate: `${directory}/api.crt`,
    adminToken: `${directory}/admin.token`,
    invites: `${directory}/invites`,
  }
}
