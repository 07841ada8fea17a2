/** A project's default volume type (3.62): `{"default_type": {"volume_type": "name or id"}}`, and how it is shown. */
import Type from 'typebox'
import type { DefaultType } from '../../model/default-type.ts'
import { accepted, type Parsed, shape } from './input.ts'

const strict = { additionalProperties: false }
const setShape = shape(
  Type.Object({ default_type: Type.Object({ volume_type: Type.String({ minLength: 1, maxLength: 255 }) }, strict) }, strict),
)

export function parseDefaultType(body: unknown): Parsed<string> {
  const parsed = setShape.parse(body)
  return parsed.ok ? accepted(parsed.value.default_type.volume_type) : parsed
}

export function defaultTypeFields({ project, typeId }: DefaultType): object {
  return { project_id: project, volume_type_id: typeId }
}
