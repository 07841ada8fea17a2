/**
 * Bodies of the calls about group types and their specs.
 *
 * Names: 1 to 255 characters, blanks around them taken off. Keys of specs: letters, digits, blanks and `-_:.`; values up to
 * 255 characters.
 */
import Type from 'typebox'
import type { GroupType, GroupTypeEdit } from '../../model/group-type.ts'
import { boolWord, OptionalText } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

const Specs = Type.Record(Type.String(), Type.String({ maxLength: 255 }), {
  propertyNames: Type.String({ pattern: '^(?!__proto__$)[a-zA-Z0-9_:. -]{1,255}$' }),
})
const Flag = Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 5 }), Type.Null()]))

const createShape = shape(
  Type.Object(
    {
      group_type: Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 255 }),
          description: OptionalText,
          is_public: Flag,
          group_specs: Type.Optional(Type.Union([Specs, Type.Null()])),
        },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)
const updateShape = shape(
  Type.Object(
    { group_type: Type.Object({ name: OptionalText, description: OptionalText, is_public: Flag }, { additionalProperties: false }) },
    { additionalProperties: false },
  ),
)
const specsShape = shape(Type.Object({ group_specs: Specs }, { additionalProperties: false }))
const specShape = shape(Specs)

/** For the description of the API. */
export const GROUP_TYPE_BODIES = { create: createShape, update: updateShape, specs: specsShape, spec: specShape }

type Texts = Readonly<Record<string, string>>

export function parseCreateGroupType(body: unknown): Parsed<Omit<GroupType, 'id'>> {
  const parsed = createShape.parse(body)
  if (!parsed.ok) return parsed
  const given = parsed.value.group_type
  const name = parseName(given.name)
  if (!name.ok) return name
  const isPublic = parseFlag(given.is_public)
  if (!isPublic.ok) return isPublic
  return accepted({
    name: name.value,
    description: given.description?.trim() ?? null,
    isPublic: isPublic.value ?? true,
    groupSpecs: given.group_specs ?? {},
  })
}

/** Cinder reads null as "not named". */
export function parseUpdateGroupType(body: unknown): Parsed<GroupTypeEdit> {
  const parsed = updateShape.parse(body)
  if (!parsed.ok) return parsed
  const { name: newName, description, is_public: flag } = parsed.value.group_type
  const isPublic = parseFlag(flag)
  if (!isPublic.ok) return isPublic
  if (typeof newName !== 'string' && typeof description !== 'string' && isPublic.value === null)
    return refused({ code: 'missing-key', path: 'group_type', keys: ['name', 'description', 'is_public'] })
  const name = typeof newName === 'string' ? parseName(newName) : null
  if (name !== null && !name.ok) return name
  return accepted({
    ...(name === null ? {} : { name: name.value }),
    ...(typeof description === 'string' ? { description: description.trim() } : {}),
    ...(isPublic.value === null ? {} : { isPublic: isPublic.value }),
  })
}

export function parseGroupSpecs(body: unknown): Parsed<Texts> {
  const parsed = specsShape.parse(body)
  return parsed.ok ? accepted(parsed.value.group_specs) : parsed
}

/** `{key: value}` with the key that the URL names, and no other. */
export function parseGroupSpec(body: unknown, key: string): Parsed<Texts> {
  const parsed = specShape.parse(body)
  if (!parsed.ok) return parsed
  const keys = Object.keys(parsed.value)
  if (keys.length === 1 && keys[0] === key) return accepted(parsed.value)
  const rule = { kind: 'form', wanted: `exactly the key that the URL names, ${key.slice(0, 255)}` } as const
  return refused({ code: 'bad-value', path: '', value: keys.join(', ').slice(0, 80), rule })
}

function parseName(given: string): Parsed<string> {
  const name = given.trim()
  return name === ''
    ? refused({ code: 'bad-value', path: 'group_type.name', value: given.slice(0, 80), rule: { kind: 'too-short', limit: 1 } })
    : accepted(name)
}

/** Null: nothing was said. */
function parseFlag(given: boolean | string | null | undefined): Parsed<boolean | null> {
  if (typeof given !== 'string') return accepted(given ?? null)
  const flag = boolWord(given)
  return flag === null
    ? refused({ code: 'bad-value', path: 'group_type.is_public', value: given, rule: { kind: 'form', wanted: 'true or false' } })
    : accepted(flag)
}
