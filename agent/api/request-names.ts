/**
 * Names for requests and for what they make. Equal keys of one project give equal names on every peer, so that a
 * client may repeat a request anywhere and it is done once.
 */
import { createHash } from 'node:crypto'
import { hashHex } from '../../lib/model/hash.ts'
import {
  type AttachmentId,
  attachmentId,
  type GroupId,
  type GroupSnapshotId,
  groupSnapshotId,
  type RequestId,
  requestId,
  type SnapshotId,
  snapshotId,
  type TransferId,
  transferId,
  type VolumeId,
  volumeId,
} from '../../lib/model/ids.ts'
import type { Call } from './call.ts'

/** Namespace of the UUIDs that are made from a key: a random one, chosen once. */
const NAMESPACE = Buffer.from('8f1f2f3c0a6d4f0e9d5b6a1c7e2b4d90', 'hex')

/** Names the creation that this call asks for. */
export function createRid(call: Call): RequestId {
  return requestId(hashHex(call.caller.project, call.idempotencyKey ?? call.requestId).slice(0, 32))
}

/** Names an operation: a key that was used for another operation or another volume names another request. */
export function operationRid(call: Call, operation: string, target: string): RequestId {
  return requestId(hashHex(call.caller.project, call.idempotencyKey ?? call.requestId, operation, target).slice(0, 32))
}

export function newVolumeId(call: Call, uuid: () => string): VolumeId {
  return volumeId(call.idempotencyKey === null ? uuid() : namedUuid('volume', call.caller.project, call.idempotencyKey))
}

/** Without the volume: a key that is used again for another volume is found out. */
export function snapshotRid(call: Call): RequestId {
  return requestId(hashHex(call.caller.project, call.idempotencyKey ?? call.requestId, 'snapshot').slice(0, 32))
}

export function newSnapshotId(call: Call, uuid: () => string): SnapshotId {
  return snapshotId(call.idempotencyKey === null ? uuid() : namedUuid('snapshot', call.caller.project, call.idempotencyKey))
}

export function newGroupId(call: Call, uuid: () => string): GroupId {
  return volumeId(call.idempotencyKey === null ? uuid() : namedUuid('group', call.caller.project, call.idempotencyKey))
}

/** Without the group: a key that is used again for another group is found out. */
export function groupSnapshotRid(call: Call): RequestId {
  return requestId(hashHex(call.caller.project, call.idempotencyKey ?? call.requestId, 'group-snapshot').slice(0, 32))
}

export function newGroupSnapshotId(call: Call, uuid: () => string): GroupSnapshotId {
  return groupSnapshotId(call.idempotencyKey === null ? uuid() : namedUuid('group-snapshot', call.caller.project, call.idempotencyKey))
}

export function newAttachmentId(call: Call, volume: VolumeId, uuid: () => string): AttachmentId {
  return attachmentId(call.idempotencyKey === null ? uuid() : namedUuid('attachment', call.caller.project, volume, call.idempotencyKey))
}

/** Each of the older calls may make an attachment, also several of them under one key. */
export function olderAttachmentId(call: Call, volume: VolumeId, action: string, uuid: () => string): AttachmentId {
  const { idempotencyKey: key } = call
  return attachmentId(key === null ? uuid() : namedUuid('attachment', call.caller.project, volume, key, action))
}

export function newTransferId(call: Call, volume: VolumeId, uuid: () => string): TransferId {
  return transferId(call.idempotencyKey === null ? uuid() : namedUuid('transfer', call.caller.project, volume, call.idempotencyKey))
}

export function newTypeId(call: Call, uuid: () => string): string {
  return call.idempotencyKey === null ? uuid() : namedUuid('type', call.caller.project, call.idempotencyKey)
}

export function newGroupTypeId(call: Call, uuid: () => string): string {
  return call.idempotencyKey === null ? uuid() : namedUuid('group-type', call.caller.project, call.idempotencyKey)
}

export function newQosId(call: Call, uuid: () => string): string {
  return call.idempotencyKey === null ? uuid() : namedUuid('qos', call.caller.project, call.idempotencyKey)
}

export function newEncryptionId(call: Call, type: string, uuid: () => string): string {
  return call.idempotencyKey === null ? uuid() : namedUuid('encryption', call.caller.project, type, call.idempotencyKey)
}

/** A UUID of version 5 (RFC 9562, 5.5) over the parts. */
export function namedUuid(...parts: readonly string[]): string {
  const name = parts.map((part) => `${part.length}:${part}`).join('')
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
