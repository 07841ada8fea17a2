/** The encryption record of a volume type: bodies of its calls, `{"encryption": {…}}`, and how it is shown. */
import Type from 'typebox'
import type { EncryptionChange, TypeEncryption } from '../../model/type-encryption.ts'
import { cinderDate } from './dates.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export type WantedEncryption = Pick<TypeEncryption, 'provider' | 'controlLocation' | 'cipher' | 'keySize'>

const KEY_SIZE_MAX = 2_147_483_647
const Provider = Type.String({ maxLength: 255 })
const Location = Type.Union([Type.Literal('front-end'), Type.Literal('back-end')])
const optional = {
  cipher: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  key_size: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: KEY_SIZE_MAX }), Type.String({ pattern: '^[0-9]{1,9}$' }), Type.Null()]),
  ),
}
const strict = { additionalProperties: false }
const create = shape(
  Type.Object({ encryption: Type.Object({ provider: Provider, control_location: Location, ...optional }, strict) }, strict),
)
const update = shape(
  Type.Object(
    { encryption: Type.Object({ provider: Type.Optional(Provider), control_location: Type.Optional(Location), ...optional }, strict) },
    strict,
  ),
)

export function parseCreateEncryption(body: unknown): Parsed<WantedEncryption> {
  const parsed = create.parse(body)
  if (!parsed.ok) return parsed
  const { provider, control_location: controlLocation, cipher = null, key_size: keySize = null } = parsed.value.encryption
  return accepted({ provider, controlLocation, cipher, keySize: sizeOf(keySize) })
}

export function parseUpdateEncryption(body: unknown): Parsed<EncryptionChange> {
  const parsed = update.parse(body)
  if (!parsed.ok) return parsed
  const { provider, control_location: controlLocation, cipher, key_size: keySize } = parsed.value.encryption
  const change = {
    ...(provider === undefined ? {} : { provider }),
    ...(controlLocation === undefined ? {} : { controlLocation }),
    ...(cipher === undefined ? {} : { cipher }),
    ...(keySize === undefined ? {} : { keySize: sizeOf(keySize) }),
  }
  return Object.keys(change).length > 0
    ? accepted(change)
    : refused({ code: 'missing-key', path: 'encryption', keys: ['provider', 'control_location', 'cipher', 'key_size'] })
}

/** What a create answers with. */
export function encryptionBody(type: string, { id, provider, controlLocation, cipher, keySize }: TypeEncryption): object {
  const shown = { provider, control_location: controlLocation, cipher, key_size: keySize }
  return { encryption: { volume_type_id: type, encryption_id: id, ...shown } }
}

/** Flat, as Cinder shows it; a type without a record has an empty one. */
export function encryptionFields(type: string, encryption: TypeEncryption | null): Readonly<Record<string, unknown>> {
  if (encryption === null) return {}
  const { id, provider, controlLocation, cipher, keySize, createdAtMs, updatedAtMs } = encryption
  return {
    volume_type_id: type,
    encryption_id: id,
    provider,
    control_location: controlLocation,
    cipher,
    key_size: keySize,
    created_at: cinderDate(createdAtMs),
    updated_at: updatedAtMs === null ? null : cinderDate(updatedAtMs),
    deleted_at: null,
    deleted: false,
  }
}

/** A change is answered with what it changed. */
export function encryptionChangeBody({ provider, controlLocation, cipher, keySize }: EncryptionChange): object {
  return {
    encryption: {
      ...(provider === undefined ? {} : { provider }),
      ...(controlLocation === undefined ? {} : { control_location: controlLocation }),
      ...(cipher === undefined ? {} : { cipher }),
      ...(keySize === undefined ? {} : { key_size: keySize }),
    },
  }
}

function sizeOf(given: number | string | null): number | null {
  return given === null ? null : Number(given)
}
