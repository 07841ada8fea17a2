/** An identity for tests of what roles see: the token is `role:project`, and says the truth. */
import type { Identity } from '../../../agent/api/identity/identity.ts'
import { projectId } from '../../../lib/model/ids.ts'

export const byRole: Identity = {
  tellsApart: true,
  api: null,
  stop() {},
  async identify({ token = '' }) {
    const [role = '', project = ''] = token.split(':')
    return { ok: true, caller: { user: role, project: projectId(project), roles: [role], isAdmin: role === 'admin', isService: false } }
  },
}
