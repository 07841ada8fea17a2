/** Limits and use of a project, as its register has them: an answer here is as true as the next create's. */
import type { Result } from '../../lib/model/failure.ts'
import { parseProjectId } from '../../lib/model/ids.ts'
import type { Limits, Usage } from '../../lib/model/quota.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import { limitsBody, quotaSetBody } from '../../lib/wire/cinder/quota.ts'
import { DEFAULT_CLASS, type QuotaClassChange } from '../../lib/model/quota-class.ts'
import { parseQuotaClass, parseQuotaSet } from '../../lib/wire/cinder/quota-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { namedProject, noProject } from './named-project.ts'
import { isVisible } from './policy.ts'
import { operationRid } from './request-names.ts'
import { typesFor } from './types.ts'

/** Cinder's, for names. */
const CLASS_MAX = 255
const SHOW = 'volume_extension:quotas:show'

export const limitRoutes: readonly Route[] = [
  { method: 'GET', path: '/limits', since: 0, action: 'limits:get', handle: limits },
  { method: 'GET', path: '/os-quota-sets/:project', since: 0, action: SHOW, handle: show },
  { method: 'GET', path: '/os-quota-sets/:project/defaults', since: 0, action: SHOW, handle: defaults },
  { method: 'GET', path: '/os-quota-class-sets/:class', since: 0, action: 'volume_extension:quota_classes:get', handle: showClass },
  {
    method: 'PUT',
    path: '/os-quota-class-sets/:class',
    since: 0,
    action: 'volume_extension:quota_classes:update',
    handle: updateClass,
  },
  { method: 'PUT', path: '/os-quota-sets/:project', since: 0, action: 'volume_extension:quotas:update', handle: update },
  { method: 'DELETE', path: '/os-quota-sets/:project', since: 0, action: 'volume_extension:quotas:delete', handle: remove },
]

/** An operator may ask for another project's from 3.39. */
async function limits(edge: Edge, call: Call): Promise<Answer> {
  const other = call.microversion >= 39 && call.caller.isAdmin ? (call.query['project_id'] ?? call.query['tenant_id']) : undefined
  const project = other ? parseProjectId(other) : call.caller.project
  if (project === null) return failed({ code: 'item-not-found', kind: 'Project', id: (other ?? '').slice(0, 80) })
  const ledger = await edge.ledgers.read(project)
  return ledger.ok ? answer(200, limitsBody(ledger.value.limits, ledger.value.used)) : failed(ledger.failure)
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const project = namedProject(call)
  if (project === null) return noProject(call)
  if (!isVisible(call.caller, project)) return failed({ code: 'forbidden', action: SHOW })
  const ledger = await edge.ledgers.read(project)
  if (!ledger.ok) return failed(ledger.failure)
  return answer(200, setBody(edge, call, project, ledger.value.limits, isTrueWord(call.query['usage']) ? ledger.value.used : null))
}

async function defaults(edge: Edge, call: Call): Promise<Answer> {
  const project = namedProject(call)
  if (project === null) return noProject(call)
  if (!isVisible(call.caller, project)) return failed({ code: 'forbidden', action: SHOW })
  return withClasses(edge, null, () => answer(200, setBody(edge, call, project, edge.service.limitsOfClass(DEFAULT_CLASS), null)))
}

/** Whatever it is called, as in Cinder: a class that nobody has set is like the default one. */
async function showClass(edge: Edge, call: Call): Promise<Answer> {
  return withClasses(edge, null, () => answer(200, { quota_class_set: classBody(edge, call).quota_set }))
}

/** The default class counts from the next create on, wherever it was heard of. What was granted before stays granted. */
async function updateClass(edge: Edge, call: Call): Promise<Answer> {
  const wanted = await wantedLimits(edge, call, parseQuotaClass)
  if (!wanted.ok) return failed(wanted.failure)
  const name = classOf(call)
  if (name.length > CLASS_MAX)
    return failed({ code: 'bad-value', path: 'quota_class_name', value: name.slice(0, 80), rule: { kind: 'too-long', limit: CLASS_MAX } })
  const rid = operationRid(call, `set quota class ${JSON.stringify(wanted.value)}`, name)
  return withClasses(edge, { kind: 'set-quota-class', name, rid, limits: wanted.value }, () =>
    answer(200, { quota_class_set: withoutId(classBody(edge, call)).quota_set }),
  )
}

/** After the register has made the change, or said what it holds: another peer may have been told of it a moment ago. */
async function withClasses(edge: Edge, change: QuotaClassChange | null, shown: () => Answer): Promise<Answer> {
  const { result } = await edge.service.ask({ kind: 'types', change })
  return result.ok ? shown() : failed(result.failure)
}

function classBody(edge: Edge, call: Call): QuotaSet {
  return setBody(edge, call, classOf(call), edge.service.limitsOfClass(classOf(call)), null)
}

const classOf = (call: Call): string => call.params['class'] ?? ''

async function update(edge: Edge, call: Call): Promise<Answer> {
  const wanted = await wantedLimits(edge, call, parseQuotaSet)
  if (!wanted.ok) return failed(wanted.failure)
  const project = namedProject(call)
  if (project === null) return noProject(call)
  const { result } = await edge.service.ask({ kind: 'limits', project, limits: wanted.value })
  return result.ok ? answer(200, withoutId(setBody(edge, call, project, result.value.limits, null))) : failed(result.failure)
}

/** A type that this peer has not heard of may be a minute old: the register is asked before its key is one too many. */
async function wantedLimits(edge: Edge, call: Call, parse: typeof parseQuotaSet): Promise<WantedLimits> {
  const parsed = parse(call.body, edge.service.types())
  if (parsed.ok || parsed.failure.code !== 'unknown-key') return parsed
  const { result } = await edge.service.ask({ kind: 'types', change: null })
  return result.ok ? parse(call.body, result.value.types) : result
}

/** Back to the defaults. */
async function remove(edge: Edge, call: Call): Promise<Answer> {
  const project = namedProject(call)
  if (project === null) return noProject(call)
  const { result } = await edge.service.ask({ kind: 'limits', project, limits: null })
  return result.ok ? answer(200, null) : failed(result.failure)
}

type WantedLimits = ReturnType<typeof parseQuotaSet> | Extract<Result<never>, { ok: false }>

interface QuotaSet {
  readonly quota_set: Readonly<Record<string, unknown>>
}

/** @param project or the class of quotas that it is about */
function setBody(edge: Edge, call: Call, project: string, values: Limits, used: Usage | null): QuotaSet {
  return quotaSetBody({ project, limits: values, used, types: typesFor(edge.service.types(), call.caller) }) as QuotaSet
}

/** Cinder's answer to a change does not repeat whose it is, and strict clients refuse a key too many. */
function withoutId({ quota_set: { id: _, ...values } }: QuotaSet): QuotaSet {
  return { quota_set: values }
}
