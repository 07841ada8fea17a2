/** Users, projects and application credentials as Keystone's clients read them. No hash of anything is ever in them. */
import type { Credential, Project, User } from '../../model/identity.ts'
import { DOMAIN } from './auth-request.ts'
import { roleFields } from './token-body.ts'

export function userFields({ id, name, description, isEnabled, defaultProject }: User): object {
  return {
    id,
    name,
    domain_id: DOMAIN.id,
    enabled: isEnabled,
    ...(description === null ? {} : { description }),
    ...(defaultProject === null ? {} : { default_project_id: defaultProject }),
    password_expires_at: null,
    options: {},
    links: {},
  }
}

export function projectFields({ id, name, description, isEnabled }: Project): object {
  return {
    id,
    name,
    domain_id: DOMAIN.id,
    parent_id: DOMAIN.id,
    enabled: isEnabled,
    description: description ?? '',
    is_domain: false,
    options: {},
    tags: [],
    links: {},
  }
}

export function domainFields(): object {
  return { ...DOMAIN, enabled: true, description: 'The one domain', options: {} }
}

/** @param secret once, in the answer to its making */
export function credentialFields({ id, name, description, project, roles, expiresAtMs }: Credential, secret?: string): object {
  return {
    id,
    name,
    description,
    project_id: project,
    roles: roles.map(roleFields),
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString().replace('Z', '000'),
    unrestricted: false,
    ...(secret === undefined ? {} : { secret }),
  }
}
