/**
 * Bodies of changes to volume types, and the filter of their list.
 *
 * Names: 1 to 255 characters, blanks around them taken off. Keys of extra specs: letters, digits and `-_:.`; values up to
 * 255 characters. Access lists, encryption and QoS are Cinder's own calls and not here.
 */
import Type from 'typebox'
import type { TypeEdit } from '../../model/catalogue.ts'
import { boolWord, isTrueWord, OptionalText } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface CreateType {
  readonly name: string
  readonly description: string | null
  readonly isPublic: boolean
  readonly extraSpecs: Readonly<Record<string, string>>
}

const SPEC_KEY = '^(?!__proto__$)[a-zA-Z0-9_:.-]{1,255}$'
const Specs = Type.Record(Type.String(), Type.String({ maxLength: 255 }), { propertyNames: Type.String({ pattern: SPEC_KEY }) })
const Flag = Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 5 }), Type.Null()]))
const PUBLIC = 'os-volume-type-access:is_public'

const createShape = shape(
  Type.Object({
    volume_type: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 255 }),
      description: OptionalText,
      [PUBLIC]: Flag,
      extra_specs: Type.Optional(Type.Union([Specs, Type.Null()])),
    }),
  }),
)
const updateShape = shape(
  Type.Object({
    volume_type: Type.Object({ name: OptionalText, description: OptionalText, is_public: Flag }, { additionalProperties: false }),
  }),
)
const specsShape = shape(Type.Object({ extra_specs: Specs }, { additionalProperties: false }))
const itemShape = shape(Specs)

/** For the description of the API. */
export const TYPE_BODIES = { create: createShape, update: updateShape, specs: specsShape, spec: itemShape }

export function parseCreateType(body: unknown): Parsed<CreateType> {
  const parsed = createShape.parse(body)
  if (!parsed.ok) return parsed
  const given = parsed.value.volume_type
  const name = parseName(given.name)
  if (!name.ok) return name
  const flag = given[PUBLIC]
  const isPublic = flag === undefined || flag === null || isTrueWord(flag)
  return accepted({ name: name.value, description: given.description ?? null, isPublic, extraSpecs: given.extra_specs ?? {} })
}

/** Cinder reads null as "not named". */
export function parseUpdateType(body: unknown): Parsed<TypeEdit> {
  const parsed = updateShape.parse(body)
  if (!parsed.ok) return parsed
  const { name, description, is_public: flag } = parsed.value.volume_type
  const isFlagged = flag !== undefined && flag !== null
  if (typeof name !== 'string' && typeof description !== 'string' && !isFlagged)
    return refused({ code: 'missing-key', path: 'volume_type', keys: ['name', 'description', 'is_public'] })
  const wanted = typeof name === 'string' ? parseName(name) : null
  if (wanted !== null && !wanted.ok) return wanted
  return accepted({
    ...(wanted === null ? {} : { name: wanted.value }),
    ...(typeof description === 'string' ? { description } : {}),
    ...(isFlagged ? { isPublic: isTrueWord(flag) } : {}),
  })
}

export function parseExtraSpecs(body: unknown): Parsed<Readonly<Record<string, string>>> {
  const parsed = specsShape.parse(body)
  return parsed.ok ? accepted(parsed.value.extra_specs) : parsed
}

/** `{key: value}` with the key that the URL names, and no other. */
export function parseExtraSpec(body: unknown, key: string): Parsed<Readonly<Record<string, string>>> {
  const parsed = itemShape.parse(body)
  if (!parsed.ok) return parsed
  const keys = Object.keys(parsed.value)
  if (keys.length === 1 && keys[0] === key) return accepted(parsed.value)
  const rule = { kind: 'form', wanted: `exactly the key that the URL names, ${key.slice(0, 255)}` } as const
  return refused({ code: 'bad-value', path: '', value: keys.join(', ').slice(0, 80), rule })
}

/** Which types an admin wants listed: public ones (so also if he does not say), others, or all (null). */
export function parsePublicFilter(given: string | undefined): Parsed<boolean | null> {
  const word = given?.trim().toLowerCase() ?? 'true'
  if (word === 'none') return accepted(null)
  const flag = boolWord(word)
  return flag !== null ? accepted(flag) : refused({ code: 'bad-query', parameter: 'is_public', rule: 'has to be true, false or none' })
}

function parseName(given: string): Parsed<string> {
  const name = given.trim()
  return name === ''
    ? refused({ code: 'bad-value', path: 'volume_type.name', value: given.slice(0, 80), rule: { kind: 'too-short', limit: 1 } })
    : accepted(name)
}
