/**
 * Names of things, as types that cannot be mixed up.
 *
 * Each is a string at run time. `parse…` functions check text from outside; the lower-case functions brand text that
 * this program made itself (out of its own journal, its own hashes) and check nothing.
 */
declare const brand: unique symbol
type Brand<Name extends string> = string & { readonly [brand]: Name }

/** libp2p peer id (base58btc, from the host's Ed25519 key). One per host. */
export type PeerId = Brand<'PeerId'>
/** RFC 4122 UUID, lower case. */
export type VolumeId = Brand<'VolumeId'>
/** RFC 4122 UUID, lower case. */
export type AttachmentId = Brand<'AttachmentId'>
/** RFC 4122 UUID, lower case. */
export type SnapshotId = Brand<'SnapshotId'>
/** RFC 4122 UUID, lower case. */
export type TransferId = Brand<'TransferId'>
/** A group is a record among volumes, and named like one. */
export type GroupId = VolumeId
/** RFC 4122 UUID, lower case. */
export type GroupSnapshotId = Brand<'GroupSnapshotId'>
/** Any non-empty text up to 255 characters: Keystone uses 32 hex digits, `noauth` clients anything. */
export type ProjectId = Brand<'ProjectId'>
/** 32 hex digits: H(project, idempotency key or request id). Names a request for good. */
export type RequestId = Brand<'RequestId'>
/** `<epoch>.<n>`, unique on its host for ever, because an epoch is never used twice. */
export type ReservationId = Brand<'ReservationId'>
/** `host@backend#pool`, Cinder's name of a pool. */
export type PoolName = Brand<'PoolName'>

export const peerId = (text: string): PeerId => text as PeerId
export const volumeId = (text: string): VolumeId => text as VolumeId
export const attachmentId = (text: string): AttachmentId => text as AttachmentId
export const snapshotId = (text: string): SnapshotId => text as SnapshotId
export const transferId = (text: string): TransferId => text as TransferId
export const groupSnapshotId = (text: string): GroupSnapshotId => text as GroupSnapshotId
export const projectId = (text: string): ProjectId => text as ProjectId
export const requestId = (text: string): RequestId => text as RequestId
export const reservationId = (text: string): ReservationId => text as ReservationId
export const poolName = (host: string, backend: string, pool: string): PoolName => `${host}@${backend}#${pool}` as PoolName

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The UUID in lower case, or null if `text` is not one. */
export function parseUuid(text: string): string | null {
  const lower = text.toLowerCase()
  return UUID.test(lower) ? lower : null
}

/** Holds the register of what belongs to the cluster and to no project. No client can act for it. */
export const CLUSTER_PROJECT: ProjectId = projectId('_cluster')

/** Holds the register of users and projects, where they are the cluster's own. */
export const IDENTITY_PROJECT: ProjectId = projectId('_identity')

const TOKENS = '_tokens-'

/** Holds the register of one user's tokens. */
export const tokensProject = (user: string): ProjectId => projectId(`${TOKENS}${user}`)

/** A register of the cluster itself. */
export function isReservedProject(project: string): boolean {
  return project === CLUSTER_PROJECT || project === IDENTITY_PROJECT || project.startsWith(TOKENS)
}

const PROJECT_CHARS_MAX = 255

/** A project as a client may name it, or null. */
export function parseProjectId(text: string): ProjectId | null {
  const isName = text !== '' && text.length <= PROJECT_CHARS_MAX && !/\p{Cc}/u.test(text)
  return isName && !isReservedProject(text) ? projectId(text) : null
}

/** Orders text by code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): -1 | 0 | 1 {
  if (a < b) return -1
  return a > b ? 1 : 0
}
