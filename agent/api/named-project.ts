/** The project that a URL names, which need not be the caller's. */
import { parseProjectId, type ProjectId } from '../../lib/model/ids.ts'
import { type Answer, type Call, failed } from './call.ts'

/** Null for text that no project can be called by. */
export function namedProject(call: Call): ProjectId | null {
  return parseProjectId(call.params['project'] ?? '')
}

export function noProject(call: Call): Answer {
  return failed({ code: 'item-not-found', kind: 'Project', id: (call.params['project'] ?? '').slice(0, 80) })
}
