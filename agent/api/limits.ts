/** Limits and use of a project, as its register has them: an answer here is as true as the next create's. */
import { projectId } from '../../lib/model/ids.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import { limitsBody, quotaSetBody } from '../../lib/wire/cinder/quota.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'

const QUOTA_ACTION = 'volume_extension:quotas:show'

export const limitRoutes: readonly Route[] = [
  { method: 'GET', path: '/limits', since: 0, action: 'limits:get', handle: limits },
  { method: 'GET', path: '/os-quota-sets/:project', since: 0, action: QUOTA_ACTION, handle: quotaSet },
  { method: 'GET', path: '/os-quota-sets/:project/defaults', since: 0, action: QUOTA_ACTION, handle: defaults },
]

/** An operator may ask for another project's from 3.39. */
async function limits(edge: Edge, call: Call): Promise<Answer> {
  const other = call.microversion >= 39 && call.caller.isAdmin ? (call.query['project_id'] ?? call.query['tenant_id']) : undefined
  const ledger = await edge.ledgers.read(other ? projectId(other) : call.caller.project)
  return ledger.ok ? answer(200, limitsBody(ledger.value.limits, ledger.value.used)) : failed(ledger.failure)
}

async function quotaSet(edge: Edge, call: Call): Promise<Answer> {
  const project = call.params['project'] ?? ''
  const ledger = await edge.ledgers.read(projectId(project))
  if (!ledger.ok) return failed(ledger.failure)
  const used = isTrueWord(call.query['usage']) ? ledger.value.used : null
  return answer(200, quotaSetBody({ project, limits: ledger.value.limits, used, types: edge.service.manifest().types }))
}

function defaults(edge: Edge, call: Call): Answer {
  const { limits: values, types } = edge.service.manifest()
  return answer(200, quotaSetBody({ project: call.params['project'] ?? '', limits: values, used: null, types }))
}
