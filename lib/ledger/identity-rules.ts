/**
 * What the register of the users decides: one name, one user; one name, one project.
 *
 * A claim that comes again is known by the id that it brings, the other changes by their requests' ids. What was
 * deleted is remembered among the last ones, without anything that could be logged in with.
 */
import { type Cell, put } from '../model/cell.ts'
import {
  CREDENTIALS_MAX,
  GRANTS_MAX,
  type Grant,
  type IdentityChange,
  type IdentityFound,
  type IdentityQuery,
  type IdentityRefusal,
  type Named,
  type ProjectEdit,
  type ProjectEntry,
  ROLES,
  type UserEdit,
  type UserEntry,
} from '../model/identity.ts'
import type { RequestId } from '../model/ids.ts'
import type { Account, Verdict } from './account.ts'

type Change<Kind extends IdentityChange['kind']> = Extract<IdentityChange, { kind: Kind }>
type Entry = UserEntry | ProjectEntry

/** Requests that one entry remembers. */
const DONE_MAX = 16
const GONE_MAX = 64
/** Characters of all entries together: the register must fit in one message. */
const CHARS_MAX = 1_000_000

export function claimUser({ cell }: Account, { claim }: Change<'claim-user'>): Verdict {
  const known = cell.users.get(claim.id)
  if (known !== undefined) return known.bodyHash === claim.bodyHash ? found(known) : refused({ code: 'identity-mismatch', id: claim.id })
  if (isTaken(cell.users, claim.name, claim.id)) return refused({ code: 'identity-exists', of: 'user', name: claim.name })
  return keep(cell, { ...claim, kind: 'user', grants: [], credentials: [], generation: 1, ...registered(cell) })
}

export function reviseUser({ cell }: Account, { id, rid, edit }: Change<'revise-user'>): Verdict {
  const user = cell.users.get(id)
  if (user?.done.includes(rid) === true) return found(user)
  if (user === undefined || user.isGone) return refused({ code: 'identity-not-found', of: 'user', id })
  if (edit.name !== undefined && isTaken(cell.users, edit.name, id))
    return refused({ code: 'identity-exists', of: 'user', name: edit.name })
  const why = grantRefusal(cell, user, edit) ?? credentialRefusal(user, edit)
  return why === null ? keep(cell, { ...edited(user, edit), ...after(cell, user, rid) }) : refused(why)
}

export function releaseUser({ cell }: Account, { id, rid }: Change<'release-user'>): Verdict {
  const user = cell.users.get(id)
  if (user?.done.includes(rid) === true) return found(user)
  if (user === undefined || user.isGone) return refused({ code: 'identity-not-found', of: 'user', id })
  const empty = { passwordHash: null, grants: [], credentials: [], description: null, isEnabled: false, generation: user.generation + 1 }
  return keep(cell, { ...user, ...empty, ...after(cell, user, rid), isGone: true })
}

export function claimProject({ cell }: Account, { claim }: Change<'claim-project'>): Verdict {
  const known = cell.projects.get(claim.id)
  if (known !== undefined) return known.bodyHash === claim.bodyHash ? found(known) : refused({ code: 'identity-mismatch', id: claim.id })
  if (isTaken(cell.projects, claim.name, claim.id)) return refused({ code: 'identity-exists', of: 'project', name: claim.name })
  return keep(cell, { ...claim, kind: 'project', ...registered(cell) })
}

export function reviseProject({ cell }: Account, { id, rid, edit }: Change<'revise-project'>): Verdict {
  const project = cell.projects.get(id)
  if (project?.done.includes(rid) === true) return found(project)
  if (project === undefined || project.isGone) return refused({ code: 'identity-not-found', of: 'project', id })
  if (edit.name !== undefined && isTaken(cell.projects, edit.name, id))
    return refused({ code: 'identity-exists', of: 'project', name: edit.name })
  return keep(cell, { ...project, ...given(edit), ...after(cell, project, rid) })
}

/** What the project has stays: whoever deletes one sees to its volumes first, as with Keystone. */
export function releaseProject({ cell }: Account, { id, rid }: Change<'release-project'>): Verdict {
  const project = cell.projects.get(id)
  if (project?.done.includes(rid) === true) return found(project)
  if (project === undefined || project.isGone) return refused({ code: 'identity-not-found', of: 'project', id })
  return keep(cell, { ...project, description: null, isEnabled: false, ...after(cell, project, rid), isGone: true })
}

export function readIdentity({ cell }: Account, { query }: Change<'read-identity'>): Verdict {
  return { puts: [], answer: { kind: 'identity', ...asked(cell, query), tokens: [] } }
}

function asked(cell: Cell, query: IdentityQuery): Omit<IdentityFound, 'tokens'> {
  const users = [...cell.users.values()].filter(({ isGone }) => !isGone)
  const projects = [...cell.projects.values()].filter(({ isGone }) => !isGone)
  if (query.kind === 'all') return { users, projects }
  const user = users.find((one) => isMeant(one, query))
  const named = query.project
  return {
    users: user === undefined ? [] : [user],
    projects: projects.filter(
      (project) => (named !== null && isNamed(project, named)) || user?.grants.some((grant) => grant.project === project.id) === true,
    ),
  }
}

function isMeant(user: UserEntry, { user: named, credential }: Extract<IdentityQuery, { kind: 'login' }>): boolean {
  if (named !== null && !isNamed(user, named)) return false
  return credential === null ? named !== null : user.credentials.some(({ id }) => id === credential)
}

function isNamed(entry: { readonly id: string; readonly name: string }, named: Named): boolean {
  return 'id' in named ? entry.id === named.id : isSameName(entry.name, named.name)
}

/** As in Keystone, which does not tell cases apart. */
function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function isTaken(entries: ReadonlyMap<string, Entry>, name: string, by: string): boolean {
  return [...entries.values()].some((entry) => !entry.isGone && entry.id !== by && isSameName(entry.name, name))
}

function grantRefusal(cell: Cell, { grants }: UserEntry, { grant }: UserEdit): IdentityRefusal | null {
  if (grant === undefined) return null
  const known = grants.find(({ project }) => project === grant.project)
  if (!grant.isGranted)
    return known?.roles.includes(grant.role) === true ? null : { code: 'identity-not-found', of: 'role assignment', id: grant.role }
  if (cell.projects.get(grant.project)?.isGone !== false) return { code: 'identity-not-found', of: 'project', id: grant.project }
  return known === undefined && grants.length >= GRANTS_MAX ? { code: 'identity-full', of: 'role assignments', limit: GRANTS_MAX } : null
}

function credentialRefusal({ credentials }: UserEntry, { credential: edit }: UserEdit): IdentityRefusal | null {
  if (edit === undefined) return null
  if (edit.kind === 'remove')
    return credentials.some(({ id }) => id === edit.id) ? null : { code: 'identity-not-found', of: 'application credential', id: edit.id }
  const { name } = edit.credential
  if (credentials.some((one) => one.name === name)) return { code: 'identity-exists', of: 'application credential', name }
  return credentials.length >= CREDENTIALS_MAX ? { code: 'identity-full', of: 'application credentials', limit: CREDENTIALS_MAX } : null
}

/** A new password, and an end to the account, end all of the user's tokens. */
function edited(user: UserEntry, edit: UserEdit): UserEntry {
  const { grant, credential, ...plain } = edit
  const isNewPerson = edit.passwordHash !== undefined || edit.isEnabled === false
  return {
    ...user,
    ...given(plain),
    ...(grant === undefined ? {} : { grants: grantsAfter(user.grants, grant) }),
    ...(credential === undefined ? {} : { credentials: credentialsAfter(user.credentials, credential) }),
    generation: isNewPerson ? user.generation + 1 : user.generation,
  }
}

function grantsAfter(grants: readonly Grant[], { project, role, isGranted }: NonNullable<UserEdit['grant']>): readonly Grant[] {
  const before = grants.find((grant) => grant.project === project)?.roles ?? []
  const roles = ROLES.filter((one) => (one === role ? isGranted : before.includes(one)))
  const others = grants.filter((grant) => grant.project !== project)
  return roles.length === 0 ? others : [...others, { project, roles }]
}

function credentialsAfter(credentials: UserEntry['credentials'], edit: NonNullable<UserEdit['credential']>): UserEntry['credentials'] {
  return edit.kind === 'add' ? [...credentials, edit.credential] : credentials.filter(({ id }) => id !== edit.id)
}

/** Without what is not named, which a spread would make undefined. */
function given<Edit extends ProjectEdit>(edit: Edit): Partial<Edit> {
  const known: Partial<Edit> = { ...edit }
  for (const key in known) if (known[key] === undefined) delete known[key]
  return known
}

function registered(cell: Cell): Pick<Entry, 'version' | 'isGone' | 'done'> {
  return { version: nextVersion(cell), isGone: false, done: [] }
}

function after(cell: Cell, { done }: Entry, rid: RequestId): Pick<Entry, 'version' | 'done'> {
  return { version: nextVersion(cell), done: [...done, rid].slice(-DONE_MAX) }
}

function nextVersion({ users, projects }: Cell): number {
  let version = 0
  for (const entry of [...users.values(), ...projects.values()]) version = Math.max(version, entry.version)
  return version + 1
}

/** A delete is always possible. */
function keep({ users, projects }: Cell, entry: Entry): Verdict {
  const all = new Map<string, Entry>([...users, ...projects, [entry.id, entry]])
  if (!entry.isGone && charsOf(all.values()) > CHARS_MAX) return refused({ code: 'identity-full', of: 'characters', limit: CHARS_MAX })
  const gone = [...all.values()].filter(({ isGone }) => isGone).sort((a, b) => b.version - a.version)
  const forgotten = gone.slice(GONE_MAX).map((old) => ({ key: `${old.kind}/${old.id}`, entry: null }))
  return { ...found(entry), puts: [put(entry), ...forgotten] }
}

function found(entry: Entry): Verdict {
  const users = entry.kind === 'user' ? [entry] : []
  const projects = entry.kind === 'project' ? [entry] : []
  return { puts: [], answer: { kind: 'identity', users, projects, tokens: [] } }
}

function refused(refusal: IdentityRefusal): Verdict {
  return { puts: [], answer: { kind: 'refused', refusal } }
}

function charsOf(entries: Iterable<Entry>): number {
  let chars = 0
  for (const entry of entries) chars += JSON.stringify(entry).length
  return chars
}
