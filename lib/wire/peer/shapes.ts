/**
 * The shapes of the model's values as they may arrive from another peer.
 *
 * The sender is a member of the cluster and means well, but may be of another version or have a fault: ids have the form
 * that paths and commands are built from, numbers are whole, texts and lists have an end. Facts that are only shown
 * (rejections, failures) are checked no deeper than showing them needs.
 */
import type { Attachment, Connection, Connector } from '../../model/attachment.ts'
import {
  GROUP_SNAPSHOTS_MAX,
  type GroupMember,
  type GroupSnapshot,
  type GroupSnapshotGrant,
  type GroupSnapshotSpec,
  type GroupSource,
  type Holds,
  MEMBERS_MAX,
  type SnapshotMember,
} from '../../model/group.ts'
import type { LastRecord, LedgerAnswer, LedgerChange, LedgerContents, LedgerEntry, LedgerPut, UnplacedEdit } from '../../model/ledger.ts'
import type { Rejection } from '../../model/placement.ts'
import type { TypeUsage, Usage } from '../../model/quota.ts'
import type { Operation, OperationRequest, OperationValue, RoomOperation } from '../../model/request.ts'
import {
  type ExistingSnapshot,
  RESTING_SNAPSHOTS,
  type Snapshot,
  type SnapshotFailure,
  type SnapshotSpec,
  SNAPSHOTS_MAX,
} from '../../model/snapshot.ts'
import { FAILURE_KINDS, type Volume, type VolumeFailure, type VolumeSpec } from '../../model/volume.ts'
import type { Transfer, TransferGrant } from '../../model/transfer.ts'
import type { CopySource, VolumeSource } from '../../model/volume-source.ts'
import {
  defaultLimits,
  defaultTypeFields,
  groupTypeClaim,
  groupTypeEdit,
  groupTypeEntryFields,
  limits,
  qosClaim,
  qosEdit,
  qosEntryFields,
  quotaClassFields,
  refusal,
  serviceEdit,
  serviceFields,
  someLimits,
  typeClaim,
  typeEdit,
  typeEntryFields,
} from './catalogue-shapes.ts'
import { bool, type Check, integer, isObject, list, mapOf, nullable, oneOf, optional, pattern, shape, text, variants } from './check.ts'
import {
  identityId,
  identityQuery,
  projectClaim,
  projectEdit,
  projectFields,
  tokenFields,
  tokenHash,
  userClaim,
  userEdit,
  userFields,
} from './identity-shapes.ts'
import { atMs, bodyHash, count, ITEMS_MAX, peer, pool, project, reservation, rid, uuid } from './plain-shapes.ts'

const existingName = pattern(/^[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}$/, 127)

const metadata = mapOf(text(255), 1000)
const shown = text(65_536)
const signed = integer(Number.MIN_SAFE_INTEGER)

const typeUsage = { volumes: signed, snapshots: signed, gigabytes: signed }
export const usage = shape<Usage>({ ...typeUsage, groups: signed, types: optional(mapOf(shape<TypeUsage>(typeUsage), ITEMS_MAX)) })
export const rejection = shape<Rejection>({ pool, filter: text(255), reported: shown, needed: shown })

const copySources = { snapshot: { snapshot: uuid, volume: uuid }, volume: { volume: uuid } }
const specFields = {
  id: uuid,
  project,
  user: text(255),
  name: nullable(text(255)),
  description: nullable(text(65_535)),
  // A group has no size.
  sizeGiB: count,
  zone: nullable(text(255)),
  type: nullable(text(255)),
  typeId: nullable(text(255)),
  metadata,
  multiattach: bool,
  source: nullable(variants<VolumeSource>({ ...copySources, existing: { name: existingName } })),
  group: optional(uuid),
  holds: optional(
    shape<Holds>({
      groupType: text(255),
      volumeTypes: list(text(255), ITEMS_MAX),
      source: nullable(variants<GroupSource>({ group: { group: uuid }, 'group-snapshot': { groupSnapshot: uuid, group: uuid } })),
      members: list(
        shape<GroupMember>({
          id: uuid,
          sizeGiB: integer(1),
          source: variants<CopySource>(copySources),
          type: nullable(text(255)),
          typeId: nullable(text(255)),
          multiattach: bool,
        }),
        MEMBERS_MAX,
      ),
    }),
  ),
  createdAtMs: atMs,
}
const anySpec = shape<VolumeSpec>(specFields)
export const spec: Check = (json) => anySpec(json) && isObject(json) && (json['sizeGiB'] !== 0 || json['holds'] !== undefined)

const connector = shape<Connector>({
  initiator: text(255),
  host: nullable(text(255)),
  ip: nullable(text(255)),
  multipath: bool,
  mountpoint: nullable(text(1024)),
})
const mode = oneOf('rw', 'ro')
const connection = shape<Connection>({ portal: text(255), iqn: text(255), lun: count, username: text(255), password: text(255) })
const attachment = shape<Attachment>({
  id: uuid,
  volume: uuid,
  status: oneOf('reserved', 'attaching', 'attached', 'detaching', 'error_attaching', 'error_detaching'),
  export: oneOf('none', 'exporting', 'exported', 'revoking'),
  generation: count,
  instance: nullable(text(255)),
  mode,
  connector: nullable(connector),
  mountpoint: nullable(text(1024)),
  attachedAtMs: nullable(atMs),
  by: optional(oneOf('reserve', 'connection', 'attach')),
  host: optional(text(255)),
})
const isDismissed = optional(bool)
const volumeFailure = variants<VolumeFailure>({
  'no-room': { rejected: list(rejection, ITEMS_MAX), isDismissed },
  backend: { step: oneOf('create', 'delete', 'extend', 'revert', 'manage', 'unmanage'), tool: text(255), detail: shown, isDismissed },
  lost: { isDismissed },
  missing: { isDismissed },
  'delete-refused': { attachments: count, snapshots: count, isDismissed },
  'retype-refused': { type: text(255), mayMove: bool, rejection, isDismissed },
})
const snapshotFields = {
  id: uuid,
  volume: uuid,
  project,
  user: text(255),
  name: nullable(text(255)),
  description: nullable(text(65_535)),
  metadata,
  createdAtMs: atMs,
  existing: optional(shape<ExistingSnapshot>({ name: existingName, sizeGiB: integer(1) })),
  groupSnapshot: optional(uuid),
}
const snapshotSpec = shape<SnapshotSpec>(snapshotFields)
const snapshot = shape<Snapshot>({
  ...snapshotFields,
  status: oneOf('creating', 'available', 'restoring', 'deleting', 'unmanaging', 'error', 'error_deleting'),
  sizeGiB: integer(1),
  rid,
  bodyHash,
  updatedAtMs: nullable(atMs),
  revert: nullable(rid),
  failure: nullable(shape<SnapshotFailure>({ step: oneOf('create', 'delete', 'manage', 'unmanage'), tool: text(255), detail: shown })),
})
const transfer = shape<Transfer>({
  id: uuid,
  name: nullable(text(255)),
  noSnapshots: bool,
  createdAtMs: atMs,
  source: project,
  state: oneOf('open', 'accepted', 'cancelled'),
  destination: nullable(project),
  acceptedBy: nullable(rid),
})
const groupSnapshotFields = {
  id: uuid,
  name: nullable(text(255)),
  description: nullable(text(65_535)),
  user: text(255),
  createdAtMs: atMs,
}
const groupSnapshotSpec = shape<GroupSnapshotSpec>(groupSnapshotFields)
export const snapshotMembers = list(shape<SnapshotMember>({ volume: uuid, snapshot: uuid, sizeGiB: integer(1) }), MEMBERS_MAX)
const groupSnapshotGrant = shape<GroupSnapshotGrant>({ ...groupSnapshotFields, members: snapshotMembers })
const groupSnapshot = shape<GroupSnapshot>({
  ...groupSnapshotFields,
  status: oneOf('creating', 'available', 'deleting', 'error'),
  rid,
  bodyHash,
  members: snapshotMembers,
})
const transferGrant = shape<TransferGrant>({ id: uuid, source: project, user: text(255) })
const volumeStatus = oneOf(
  'creating',
  'available',
  'reserved',
  'attaching',
  'in-use',
  'detaching',
  'extending',
  'reverting',
  'awaiting-transfer',
  'deleting',
  'unmanaging',
  'error',
  'error_deleting',
  'error_extending',
)
export const volume = shape<Volume>({
  ...specFields,
  status: volumeStatus,
  rid,
  owner: nullable(peer),
  pool: nullable(pool),
  availabilityZone: text(255),
  updatedAtMs: nullable(atMs),
  attachments: list(attachment, 1000),
  snapshots: list(snapshot, SNAPSHOTS_MAX),
  detached: list(uuid, 1000),
  transfer: nullable(transfer),
  groupSnapshots: optional(list(groupSnapshot, GROUP_SNAPSHOTS_MAX)),
  failure: nullable(volumeFailure),
  readOnly: optional(bool),
  bootable: optional(bool),
  imageMetadata: optional(metadata),
})

/** Either a value of this shape or a failure with a code; what facts a failure carries is read where it is shown. */
function result(value: Check): Check {
  return (json) => {
    if (!isObject(json)) return false
    if (json['ok'] === true) return value(json['value'])
    return json['ok'] === false && isObject(json['failure']) && text(64)(json['failure']['code'])
  }
}

const textEdit = {
  name: optional(nullable(text(255))),
  description: optional(nullable(text(65_535))),
  metadata: optional(metadata),
  metadataChanges: optional(mapOf(nullable(text(255)), 1000)),
}

const takesRoom = {
  extend: { sizeGiB: integer(1), online: bool },
  snapshot: { snapshot: snapshotSpec, bodyHash, force: bool },
  accept: { transfer: uuid, proof: text(64), user: text(255), anyType: bool },
  'group-snapshot': { groupSnapshot: groupSnapshotSpec, bodyHash },
  retype: { typeId: uuid, typeVersion: count, mayMove: bool },
}
export const roomOperation = variants<RoomOperation>(takesRoom)
const operation = variants<Operation>({
  update: textEdit,
  delete: { force: bool, cascade: optional(bool) },
  unmanage: {},
  'reset-status': { status: oneOf('available', 'in-use', 'error') },
  ...takesRoom,
  revert: { snapshot: uuid },
  'update-snapshot': { snapshot: uuid, ...textEdit },
  'delete-snapshot': { snapshot: uuid },
  'unmanage-snapshot': { snapshot: uuid },
  'reset-snapshot': { snapshot: uuid, status: oneOf(...RESTING_SNAPSHOTS) },
  'change-group': {
    name: optional(nullable(text(255))),
    description: optional(nullable(text(65_535))),
    add: list(uuid, ITEMS_MAX),
    remove: list(uuid, ITEMS_MAX),
  },
  'delete-group-snapshot': { groupSnapshot: uuid },
  'reset-group-snapshot': { groupSnapshot: uuid, status: oneOf('available', 'error') },
  offer: { transfer: uuid, name: nullable(text(255)), noSnapshots: bool, createdAtMs: atMs },
  'cancel-transfer': { transfer: uuid },
  attach: {
    attachment: uuid,
    instance: nullable(text(255)),
    mode,
    connector: nullable(connector),
    mountpoint: nullable(text(1024)),
  },
  connect: { attachment: uuid, connector },
  complete: { attachment: uuid },
  detach: { attachment: uuid, allowUnsafe: bool },
  connection: { attachment: uuid },
  reserve: { attachment: uuid },
  unreserve: {},
  'begin-detaching': {},
  'roll-detaching': {},
  initialize: { attachment: uuid, connector, mode: nullable(mode) },
  terminate: { initiator: nullable(text(255)), allowUnsafe: bool },
  hold: { attachment: uuid, instance: nullable(text(255)), host: nullable(text(255)), mode, mountpoint: text(1024) },
  dismiss: { of: oneOf(...FAILURE_KINDS) },
  'set-read-only': { readOnly: bool },
  'set-bootable': { bootable: bool },
  'edit-image': { changes: mapOf(nullable(text(255)), 1000) },
  'let-go': { which: nullable(uuid), initiator: nullable(text(255)), allowUnsafe: bool },
})
export const operationRequest = shape<OperationRequest>({ rid, project: nullable(project), volume: uuid, operation })
export const operationReply = result(
  shape<OperationValue>({
    volume: nullable(volume),
    attachment: nullable(attachment),
    snapshot: nullable(snapshot),
    connection: nullable(connection),
    transfer: nullable(transfer),
    groupSnapshot: optional(groupSnapshot),
    authKey: nullable(text(255)),
  }),
)

const bindingFields = {
  rid,
  volume: uuid,
  host: peer,
  pool,
  reservation,
  bodyHash,
  delta: usage,
  sizeGiB: count,
  spec: nullable(spec),
  snapshot: nullable(snapshotSpec),
  transfer: nullable(transferGrant),
  groupSnapshot: optional(groupSnapshotGrant),
  typeId: optional(uuid),
  atMs,
}
const unplacedFields = {
  isDismissed,
  rid,
  spec,
  bodyHash,
  delta: usage,
  rejected: list(rejection, ITEMS_MAX),
  atMs,
  updatedAtMs: nullable(atMs),
}
const recentFields = {
  order: count,
  rid,
  volume: uuid,
  snapshot: nullable(uuid),
  transfer: nullable(uuid),
  bodyHash,
  host: nullable(peer),
  reservation: nullable(reservation),
  atMs,
}
const totalsFields = { host: peer, epoch: count, seq: count, usage, isFinal: bool }
const lastRecord = shape<LastRecord>({ volume: uuid, usage: nullable(usage) })

export const ledgerEntry = variants<LedgerEntry>({
  bound: bindingFields,
  unplaced: unplacedFields,
  recent: recentFields,
  closed: { order: count, rid, host: peer, reservation, atMs },
  host: totalsFields,
  limits: { limits: someLimits },
  defaults: { version: count, limits: someLimits },
  intent: { volume: uuid, cascade: optional((value) => value === true), rid, host: peer, atMs },
  gone: { volume: uuid, host: peer, atMs },
  left: { order: count, volume: uuid, rid, atMs },
  type: typeEntryFields,
  'group-type': groupTypeEntryFields,
  qos: qosEntryFields,
  'default-type': defaultTypeFields,
  service: serviceFields,
  'quota-class': quotaClassFields,
  user: userFields,
  project: projectFields,
  token: tokenFields,
})
export const ledgerPut = shape<LedgerPut>({ key: text(512), entry: nullable(ledgerEntry) })

const ofKind = (check: Check, ...kinds: readonly string[]): Check => {
  return (value) => isObject(value) && oneOf(...kinds)(value['kind']) && check(value)
}
const binding = ofKind(ledgerEntry, 'bound')
const unplaced = ofKind(ledgerEntry, 'unplaced')

const defaults = optional(defaultLimits)

export const ledgerChange = variants<LedgerChange>({
  bind: { binding, defaults },
  unplace: { unplaced, defaults },
  resolve: { rid, host: peer, reservation, atMs },
  fold: { totals: ofKind(ledgerEntry, 'host'), settled: list(rid, ITEMS_MAX), atMs },
  'edit-unplaced': { volume: uuid, edit: variants<UnplacedEdit>({ delete: {}, update: textEdit, dismiss: {} }), atMs },
  intend: { intent: ofKind(ledgerEntry, 'intent') },
  withdraw: { volume: uuid, rid },
  leave: { volume: uuid, rid, atMs },
  forget: {
    host: peer,
    epoch: count,
    seq: count,
    records: list(lastRecord, ITEMS_MAX),
    volume: nullable(uuid),
    hasLeft: optional((value) => value === true),
    atMs,
  },
  'set-limits': { limits: someLimits, defaults },
  'clear-limits': { defaults },
  read: { about: nullable(uuid), defaults },
  'claim-type': { claim: typeClaim },
  'revise-type': { id: uuid, rid, edit: typeEdit },
  'release-type': { id: uuid, rid },
  'claim-group-type': { claim: groupTypeClaim },
  'revise-group-type': { id: uuid, rid, edit: groupTypeEdit },
  'release-group-type': { id: uuid, rid },
  'claim-qos': { claim: qosClaim },
  'revise-qos': { id: uuid, rid, edit: qosEdit },
  'release-qos': { id: uuid, rid, force: bool },
  'free-qos': { id: uuid, rid },
  'set-default-type': { project, rid, typeId: nullable(uuid) },
  'set-service': { host: text(255), rid, edit: serviceEdit, atMs },
  'set-quota-class': { name: text(255), rid, limits: someLimits },
  'read-types': {},
  'claim-user': { claim: userClaim },
  'revise-user': { id: identityId, rid, edit: userEdit },
  'release-user': { id: identityId, rid },
  'claim-project': { claim: projectClaim },
  'revise-project': { id: identityId, rid, edit: projectEdit },
  'release-project': { id: identityId, rid },
  'read-identity': { query: identityQuery },
  'issue-token': { token: ofKind(ledgerEntry, 'token'), atMs },
  'revoke-token': { hash: tokenHash },
  'read-token': { hash: tokenHash },
})
const contents = shape<LedgerContents>({
  bound: list(binding, ITEMS_MAX),
  unplaced: list(unplaced, ITEMS_MAX),
  intents: list(ofKind(ledgerEntry, 'intent'), ITEMS_MAX),
  gone: list(uuid, ITEMS_MAX),
  limits,
  used: usage,
  project,
  ended: nullable(ofKind(ledgerEntry, 'recent')),
  accepted: list(shape<LedgerContents['accepted'][number]>({ volume: uuid, host: nullable(peer) }), ITEMS_MAX),
})
export const ledgerAnswer = variants<LedgerAnswer>({
  bound: { binding: ofKind(ledgerEntry, 'bound', 'recent') },
  closed: {},
  'over-quota': {
    resource: oneOf('volumes', 'snapshots', 'gigabytes', 'per_volume_gigabytes', 'groups'),
    typeId: optional(text(255)),
    limit: signed,
    used: signed,
    requested: signed,
  },
  unplaced: { unplaced },
  ended: { recent: ofKind(ledgerEntry, 'recent') },
  mismatch: { volume: uuid },
  folded: { seq: count },
  edited: { unplaced },
  absent: {},
  intended: { intent: ofKind(ledgerEntry, 'intent') },
  left: {},
  forgotten: {},
  behind: {},
  'not-lost': {},
  'below-use': {
    resource: oneOf('volumes', 'snapshots', 'gigabytes', 'groups'),
    typeId: optional(text(255)),
    limit: signed,
    used: signed,
  },
  'limits-full': { limit: count },
  contents: { contents },
  types: {
    id: nullable(uuid),
    entries: list(ofKind(ledgerEntry, 'type', 'group-type', 'qos', 'default-type', 'service', 'quota-class'), ITEMS_MAX),
  },
  'name-taken': { name: text(255) },
  'claimed-otherwise': { id: uuid },
  'no-type': { id: uuid },
  'default-type': { id: uuid },
  'types-full': { limit: count },
  refused: { refusal },
  identity: {
    users: list(ofKind(ledgerEntry, 'user'), ITEMS_MAX),
    projects: list(ofKind(ledgerEntry, 'project'), ITEMS_MAX),
    tokens: list(ofKind(ledgerEntry, 'token'), ITEMS_MAX),
  },
})
