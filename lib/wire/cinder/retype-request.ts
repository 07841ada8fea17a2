/** Body of the action `os-retype`: the type by name or id, and whether the volume may be moved for it. */
import Type from 'typebox'
import { accepted, type Parsed, shape } from './input.ts'

const Policy = Type.Union([Type.Literal('never'), Type.Literal('on-demand'), Type.Null()])
const retype = shape(
  Type.Object(
    {
      'os-retype': Type.Object(
        { new_type: Type.String({ minLength: 1, maxLength: 255 }), migration_policy: Type.Optional(Policy) },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)

/** For the description of the API. */
export const RETYPE_BODY = retype

export interface WantedRetype {
  readonly newType: string
  readonly mayMove: boolean
}

/** As in Cinder a volume is not moved unless that was said. */
export function parseRetype(body: unknown): Parsed<WantedRetype> {
  const parsed = retype.parse(body)
  if (!parsed.ok) return parsed
  const { new_type: newType, migration_policy: policy } = parsed.value['os-retype']
  return accepted({ newType, mayMove: policy === 'on-demand' })
}
