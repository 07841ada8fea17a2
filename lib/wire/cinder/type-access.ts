/** Access to a private volume type: bodies of its two actions, `{"addProjectAccess": {"project": …}}`, and its list. */
import Type from 'typebox'
import type { KnownType, TypeEdit } from '../../model/catalogue.ts'
import { parseProjectId } from '../../model/ids.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

const envelope = shape(Type.Record(Type.String(), Type.Unknown()))
const project = shape(Type.Object({ project: Type.String({ minLength: 1, maxLength: 255 }) }, { additionalProperties: false }))

export function parseTypeAccess(body: unknown): Parsed<NonNullable<TypeEdit['access']>> {
  const parsed = envelope.parse(body)
  if (!parsed.ok) return parsed
  const [action, ...others] = Object.keys(parsed.value)
  if (action === undefined || others.length > 0) return refused({ code: 'malformed-body' })
  if (action !== 'addProjectAccess' && action !== 'removeProjectAccess')
    return refused({ code: 'unknown-action', action: action.slice(0, 80) })
  const given = project.parse(parsed.value[action])
  if (!given.ok) return given
  const name = parseProjectId(given.value.project)
  if (name !== null) return accepted({ project: name, isGranted: action === 'addProjectAccess' })
  const rule = { kind: 'form', wanted: 'the id of a project' } as const
  return refused({ code: 'bad-value', path: `${action}.project`, value: given.value.project.slice(0, 80), rule })
}

export function typeAccessBody({ id, access }: KnownType): object {
  return { volume_type_access: access.map((project_id) => ({ volume_type_id: id, project_id })) }
}
