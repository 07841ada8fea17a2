/**
 * The default volume types of projects (3.62): what their creates get that name no type.
 *
 * One that the project may not use is not set. If it is made private later, or the project's access is taken back, such
 * creates are refused: another type in its place would not be what was asked for.
 */
import { isTypeFor } from '../../lib/model/catalogue.ts'
import type { DefaultType, DefaultTypeChange } from '../../lib/model/default-type.ts'
import { defaultTypeFields, parseDefaultType } from '../../lib/wire/cinder/default-type.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { namedProject, noProject } from './named-project.ts'
import { operationRid } from './request-names.ts'
import { findType } from './types.ts'

const SINCE = 62

export const defaultTypeRoutes: readonly Route[] = [
  { method: 'GET', path: '/default-types', since: SINCE, action: 'volume_extension:default_get_all', handle: list },
  { method: 'GET', path: '/default-types/:project', since: SINCE, action: 'volume_extension:default_get', handle: show },
  { method: 'PUT', path: '/default-types/:project', since: SINCE, action: 'volume_extension:default_set_or_update', handle: set },
  { method: 'DELETE', path: '/default-types/:project', since: SINCE, action: 'volume_extension:default_unset', handle: unset },
]

function list(edge: Edge): Answer {
  return answer(200, { default_types: edge.service.defaultTypes().map(defaultTypeFields) })
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const project = namedProject(call)
  if (project === null) return noProject(call)
  const find = (): DefaultType | undefined => edge.service.defaultTypes().find((one) => one.project === project)
  const known = find()
  if (known !== undefined) return answer(200, { default_type: defaultTypeFields(known) })
  // It may have been set at another peer a moment ago.
  const { result } = await edge.service.ask({ kind: 'types', change: null })
  if (!result.ok) return failed(result.failure)
  const found = find()
  return found === undefined ? failed({ code: 'default-type-not-found', project }) : answer(200, { default_type: defaultTypeFields(found) })
}

async function set(edge: Edge, call: Call): Promise<Answer> {
  const project = namedProject(call)
  if (project === null) return noProject(call)
  const wanted = parseDefaultType(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await findType(edge, call, wanted.value)
  // As in Cinder: what the body names is no resource of the call.
  if (!found.ok) return failed(found.failure.code === 'type-not-found' ? { ...found.failure, code: 'default-type-unknown' } : found.failure)
  const { type } = found
  if (!isTypeFor(type, project)) return failed({ code: 'default-type-private', type: type.name, project })
  const rid = operationRid(call, `set default type ${type.id}`, project)
  return change(edge, { kind: 'set-default-type', project, rid, typeId: type.id }, () =>
    answer(200, { default_type: defaultTypeFields({ project, typeId: type.id }) }),
  )
}

/** Also where there is none: it is as it should be. */
async function unset(edge: Edge, call: Call): Promise<Answer> {
  const project = namedProject(call)
  if (project === null) return noProject(call)
  const rid = operationRid(call, 'unset default type', project)
  return change(edge, { kind: 'set-default-type', project, rid, typeId: null }, () => answer(204, null))
}

async function change(edge: Edge, wanted: DefaultTypeChange, done: () => Answer): Promise<Answer> {
  const { result } = await edge.service.ask({ kind: 'types', change: wanted })
  return result.ok ? done() : failed(result.failure)
}
