/** Answers to what the catalogue of the cluster refuses: volume types and what belongs to them. */
import type { CatalogueFailure } from '../../lib/model/failure.ts'
import type { Rows } from './error-rows.ts'

export const CATALOGUE_ERRORS: Rows<CatalogueFailure> = {
  'type-not-found': {
    status: 404,
    name: 'VolumeTypeNotFound',
    help: 'There is no such volume type (any more): `scoria type list`. A majority of the hosts that keep the types agreed.',
    text: (f) => `Volume type ${f.type} could not be found.`,
  },
  'type-exists': {
    status: 409,
    name: 'VolumeTypeExists',
    help: 'Another volume type has the name.',
    text: (f) => `Volume Type ${f.name} already exists.`,
  },
  'type-mismatch': {
    status: 422,
    name: 'RequestMismatch',
    help: 'The Idempotency-Key was used before to make another volume type. Take a new key for a new request.',
    text: (f) => `This Idempotency-Key was used with another body before; that request made volume type ${f.type}.`,
  },
  'type-default': {
    status: 400,
    name: 'VolumeTypeDefaultDeletionError',
    help: 'Creates without a type get it. The cluster’s default keeps its name and is not deleted; a project’s is not either, before the project has another: `scoria type default list`.',
    text: (f) => `The volume type ${f.type} is a default volume type and cannot be deleted or renamed.`,
  },
  'types-full': {
    status: 400,
    name: 'InvalidInput',
    help: 'All volume types, group types and QoS specs together, with what belongs to them, have to fit in one message. Delete what nobody needs.',
    text: (f) => `Invalid input received: all volume types, group types and QoS specs together would have more than ${f.limit} characters.`,
  },
  'type-encrypted': {
    status: 400,
    name: 'InvalidInput',
    help: 'The type has an encryption record, and no host can encrypt yet. Nothing was made, and nothing plain instead. Take another type, or take the record away: `scoria type encryption unset`.',
    text: (f) => `Invalid input received: volumes of type ${f.type} have to be encrypted, which no host can. Take another volume type.`,
  },
  'type-public': {
    status: 400,
    name: 'InvalidVolumeType',
    help: 'Everybody may use a public type: it has no list of projects. Make it private first: `scoria type set --private`.',
    text: (f) => `Invalid volume type: Type access modification is not applicable to public volume type ${f.type}.`,
  },
  'access-exists': {
    status: 409,
    name: 'VolumeTypeAccessExists',
    help: 'The project has access to the type already.',
    text: (f) => `Volume type access for ${f.type} / ${f.project} combination already exists.`,
  },
  'access-not-found': {
    status: 404,
    name: 'VolumeTypeAccessNotFound',
    help: 'The project is not on the type’s list: `scoria type access list`.',
    text: (f) => `Volume type access not found for ${f.type} / ${f.project} combination.`,
  },
  'encryption-exists': {
    status: 400,
    name: 'VolumeTypeEncryptionExists',
    help: 'The type has an encryption record. Change that one (PUT), or take it away first.',
    text: (f) => `Volume type encryption for type ${f.type} already exists.`,
  },
  'encryption-not-found': {
    status: 404,
    name: 'VolumeTypeEncryptionNotFound',
    help: 'The type has no encryption record.',
    text: (f) => `Volume type encryption for type ${f.type} does not exist.`,
  },
  'group-type-exists': {
    status: 409,
    name: 'GroupTypeExists',
    help: 'Another group type has the name.',
    text: (f) => `Group Type ${f.name} already exists.`,
  },
  'group-type-mismatch': {
    status: 422,
    name: 'RequestMismatch',
    help: 'The Idempotency-Key was used before to make another group type. Take a new key for a new request.',
    text: (f) => `This Idempotency-Key was used with another body before; that request made group type ${f.type}.`,
  },
  'group-type-not-found': {
    status: 404,
    name: 'GroupTypeNotFound',
    help: 'There is no such group type (any more): `scoria group type list`. A majority of the hosts that keep the catalogue agreed.',
    text: (f) => `Group type ${f.type} could not be found.`,
  },
  'group-spec-not-found': {
    status: 404,
    name: 'GroupTypeSpecsNotFound',
    help: 'The group type has no such spec.',
    text: (f) => `Group Type ${f.type} has no specs with key ${f.key}.`,
  },
  'qos-exists': {
    status: 409,
    name: 'QoSSpecsExists',
    help: 'Other QoS specs have the name.',
    text: (f) => `QoS Specs ${f.name} already exists.`,
  },
  'qos-mismatch': {
    status: 422,
    name: 'RequestMismatch',
    help: 'The Idempotency-Key was used before to make other QoS specs. Take a new key for a new request.',
    text: (f) => `This Idempotency-Key was used with another body before; that request made QoS specs ${f.qos}.`,
  },
  'qos-not-found': {
    status: 404,
    name: 'QoSSpecsNotFound',
    help: 'There are no such QoS specs (any more): `scoria qos list`. A majority of the hosts that keep the catalogue agreed.',
    text: (f) => `No such QoS spec ${f.qos}.`,
  },
  'qos-key-not-found': {
    status: 404,
    name: 'QoSSpecsKeyNotFound',
    help: 'The QoS specs have no such key. None of the keys was taken out.',
    text: (f) => `QoS spec ${f.qos} has no spec with key ${f.key}.`,
  },
  'qos-in-use': {
    status: 400,
    name: 'QoSSpecsInUse',
    help: 'Volume types have these QoS specs. Disassociate them first, or delete with force.',
    text: (f) => `QoS Specs ${f.qos} is still associated with entities.`,
  },
  'type-has-qos': {
    status: 400,
    name: 'InvalidVolumeType',
    help: 'A volume type has one set of QoS specs. Disassociate the other first.',
    text: (f) => `Invalid volume type: Type ${f.type} is already associated with another qos specs: ${f.qos}.`,
  },
  'entry-full': {
    status: 400,
    name: 'InvalidInput',
    help: 'One entry of the catalogue has so many items at most. Take out what nobody needs.',
    text: (f) => `Invalid input received: it would have more than ${f.limit} ${f.of}.`,
  },
}
