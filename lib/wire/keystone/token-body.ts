/** What is said of a token of the cluster's own: Keystone's body, with the catalogue that its clients go by. */
import { type Project, type Role, ROLES, type TokenEntry, type User } from '../../model/identity.ts'
import { DOMAIN } from './auth-request.ts'

/** A token that counts, and all that follows from it. */
export interface TokenFacts {
  readonly token: TokenEntry
  readonly user: User
  /** Null: for no project. */
  readonly project: Project | null
  readonly roles: readonly Role[]
}

/** @param root scheme and authority that the client reached this peer by; null leaves the catalogue out */
export function tokenBody({ token, user, project, roles }: TokenFacts, root: string | null): object {
  const credential = user.credentials.find(({ id }) => id === token.credential)
  const scoped =
    project === null
      ? {}
      : {
          project: { id: project.id, name: project.name, domain: DOMAIN },
          is_domain: false,
          roles: roles.map(roleFields),
          ...(root === null ? {} : { catalog: catalogOf(root, project) }),
        }
  return {
    token: {
      methods: token.methods,
      user: { id: user.id, name: user.name, domain: DOMAIN, password_expires_at: null },
      audit_ids: [token.auditId],
      issued_at: keystoneDate(token.issuedAtMs),
      expires_at: keystoneDate(token.expiresAtMs),
      ...scoped,
      ...(credential === undefined ? {} : { application_credential: { id: credential.id, name: credential.name, restricted: true } }),
    },
  }
}

/** Each type of service that some client looks for, with the endpoints that it may prefer. */
const SERVICES = [
  { type: 'block-storage', name: 'cinder', path: '/v3/' },
  { type: 'volumev3', name: 'cinderv3', path: '/v3/' },
  { type: 'identity', name: 'keystone', path: '/identity/v3' },
  { type: 'image', name: 'glance', path: '/image' },
] as const
const INTERFACES = ['public', 'internal', 'admin'] as const
const REGION = 'RegionOne'

/** Endpoints are those of the peer that was asked: each serves everything. */
export function catalogOf(root: string, { id }: Project): readonly object[] {
  return SERVICES.map(({ type, name, path }) => ({
    type,
    name,
    id: type,
    endpoints: INTERFACES.map((face) => ({
      id: `${type}-${face}`,
      interface: face,
      region: REGION,
      region_id: REGION,
      url: path === '/v3/' ? `${root}${path}${id}` : `${root}${path}`,
    })),
  }))
}

/** A role's id is its name: there are only these. */
export function roleFields(role: Role): object {
  return { id: role, name: role }
}

export function parseRole(text: string): Role | null {
  return ROLES.find((role) => role === text.toLowerCase()) ?? null
}

/** `YYYY-MM-DDTHH:MM:SS.ffffffZ`, unlike Cinder's dates with the zone. */
function keystoneDate(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000Z')
}
