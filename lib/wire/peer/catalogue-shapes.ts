/** The shapes of the cluster's catalogue: volume types and what belongs to them, and the changes of these. */
import { ENTRY_ITEMS_MAX, type EncryptionEdit, type TypeClaim, type TypeEdit } from '../../model/catalogue.ts'
import type { GroupTypeClaim, GroupTypeEdit } from '../../model/group-type.ts'
import type { QosClaim, QosEdit } from '../../model/qos.ts'
import type { Limits, TypeLimits } from '../../model/quota.ts'
import type { DefaultLimits } from '../../model/quota-class.ts'
import type { EncryptionChange, TypeEncryption } from '../../model/type-encryption.ts'
import type { ServiceEdit } from '../../model/service.ts'
import type { VolumeType } from '../../model/volume-type.ts'
import { bool, type Check, integer, isObject, list, mapOf, nullable, oneOf, optional, shape, text, variants } from './check.ts'
import { atMs, bodyHash, count, ITEMS_MAX, project, rid, uuid } from './plain-shapes.ts'

const typeFields = { id: uuid, name: text(255), description: nullable(text(65_535)), extraSpecs: mapOf(text(255), ENTRY_ITEMS_MAX) }
export const volumeType = shape<VolumeType>(typeFields)
const encryptionFields = {
  provider: text(255),
  controlLocation: oneOf('front-end', 'back-end'),
  cipher: nullable(text(255)),
  keySize: nullable(count),
}
const encryption = shape<TypeEncryption>({ ...encryptionFields, id: uuid, createdAtMs: atMs, updatedAtMs: nullable(atMs) })
const encryptionChange = shape<EncryptionChange>({
  provider: optional(encryptionFields.provider),
  controlLocation: optional(encryptionFields.controlLocation),
  cipher: optional(encryptionFields.cipher),
  keySize: optional(encryptionFields.keySize),
})
const encryptionEdit = variants<EncryptionEdit>({ add: { encryption }, change: { to: encryptionChange, atMs }, remove: {} })
export const typeEntryFields = {
  ...typeFields,
  isPublic: bool,
  access: list(project, ENTRY_ITEMS_MAX),
  encryption: nullable(encryption),
  qosId: nullable(uuid),
  version: count,
  isGone: bool,
  bodyHash,
  done: list(rid, 1000),
}
export const typeClaim = shape<TypeClaim>({ ...typeFields, isPublic: bool, bodyHash })
export const typeEdit = shape<TypeEdit>({
  name: optional(text(255)),
  description: optional(nullable(text(65_535))),
  isPublic: optional(bool),
  extraSpecs: optional(mapOf(nullable(text(255)), 1000)),
  access: optional(shape<NonNullable<TypeEdit['access']>>({ project, isGranted: bool })),
  encryption: optional(encryptionEdit),
  qos: optional(shape<NonNullable<TypeEdit['qos']>>({ id: uuid, isAssociated: bool })),
})
const groupTypeFields = {
  id: uuid,
  name: text(255),
  description: nullable(text(65_535)),
  isPublic: bool,
  groupSpecs: mapOf(text(255), ENTRY_ITEMS_MAX),
}
export const groupTypeEntryFields = { ...groupTypeFields, version: count, isGone: bool, bodyHash, done: list(rid, 1000) }
export const groupTypeClaim = shape<GroupTypeClaim>({ ...groupTypeFields, bodyHash })
export const groupTypeEdit = shape<GroupTypeEdit>({
  name: optional(text(255)),
  description: optional(nullable(text(65_535))),
  isPublic: optional(bool),
  groupSpecs: optional(mapOf(nullable(text(255)), ENTRY_ITEMS_MAX)),
})
const qosFields = {
  id: uuid,
  name: text(255),
  consumer: oneOf('front-end', 'back-end', 'both'),
  specs: mapOf(text(255), ENTRY_ITEMS_MAX),
}
export const qosEntryFields = { ...qosFields, version: count, isGone: bool, bodyHash, done: list(rid, 1000) }
export const qosClaim = shape<QosClaim>({ ...qosFields, bodyHash })
export const qosEdit = shape<QosEdit>({
  consumer: optional(qosFields.consumer),
  specs: optional(mapOf(nullable(text(255)), ENTRY_ITEMS_MAX)),
})
export const defaultTypeFields = { project, typeId: uuid, version: count, isGone: bool, done: list(rid, 1000) }
export const serviceFields = {
  host: text(255),
  isDisabled: bool,
  reason: nullable(text(255)),
  isFrozen: bool,
  changedAtMs: atMs,
  version: count,
  isGone: bool,
  done: list(rid, 1000),
}
export const serviceEdit = shape<ServiceEdit>({
  isDisabled: optional(bool),
  reason: optional(nullable(text(255))),
  isFrozen: optional(bool),
})
const limit = integer(-1)
const types = optional(
  mapOf(shape<Partial<TypeLimits>>({ volumes: optional(limit), snapshots: optional(limit), gigabytes: optional(limit) }), ITEMS_MAX),
)
export const limits = shape<Limits>({
  volumes: limit,
  snapshots: limit,
  gigabytes: limit,
  per_volume_gigabytes: limit,
  groups: limit,
  types,
})
/** Those that are set, or are to be. */
export const someLimits = shape<Partial<Limits>>({
  volumes: optional(limit),
  snapshots: optional(limit),
  gigabytes: optional(limit),
  per_volume_gigabytes: optional(limit),
  groups: optional(limit),
  types,
})
export const defaultLimits = shape<DefaultLimits>({ version: count, limits: someLimits })
export const quotaClassFields = { name: text(255), limits: someLimits, version: count, isGone: bool, done: list(rid, 1000) }
/** What facts it carries is read where it is shown. */
export const refusal: Check = (json) => isObject(json) && text(64)(json['code'])
