/**
 * The users of a local cluster that keeps its own: an administrator and a member, with files to log in by.
 *
 * The files come first: they hold the passwords, and a start that was cut off finds them and goes on with the same. The
 * users are made under keys that are always the same, so that each is made once.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { CommandProblem } from '../command/command-problem.ts'
import { exists } from '../command/host-steps.ts'
import { writeDurably } from '../system/durable-file.ts'
import { type DevPeer, endpointOf } from './dev-plan.ts'
import { adminTokenOf } from './dev-ready.ts'

export interface DevUsers {
  readonly adminRc: string
  readonly memberRc: string
  readonly clouds: string
}

interface Person {
  readonly name: 'admin' | 'demo'
  readonly role: 'admin' | 'member'
}

const PEOPLE: readonly Person[] = [
  { name: 'admin', role: 'admin' },
  { name: 'demo', role: 'member' },
]
const PASSWORD_BYTES = 18
const TIMEOUT_MS = 30_000

/** @throws CommandProblem if the cluster does not take them */
export async function makeUsers(directory: string, peers: readonly DevPeer[]): Promise<DevUsers> {
  const files: DevUsers = {
    adminRc: `${directory}/openrc-admin`,
    memberRc: `${directory}/openrc-demo`,
    clouds: `${directory}/clouds.yaml`,
  }
  const [first] = peers
  const token = first === undefined ? null : await adminTokenOf(first)
  if (first === undefined || token === null) return files
  const passwords = new Map<string, string>()
  for (const { name } of PEOPLE) passwords.set(name, await passwordOf(`${directory}/password-${name}`))
  const endpoints = peers.map(endpointOf)
  await writeDurably(files.adminRc, openrc('admin', passwords, endpoints))
  await writeDurably(files.memberRc, openrc('demo', passwords, endpoints))
  await writeDurably(files.clouds, cloudsYaml(passwords, endpointOf(first)))
  for (const person of PEOPLE) await makeUser(endpointOf(first), token, person, passwords.get(person.name) ?? '')
  return files
}

async function passwordOf(file: string): Promise<string> {
  if (!(await exists(file))) await writeDurably(file, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`)
  return (await readFile(file, 'utf8')).trim()
}

async function makeUser(endpoint: string, token: string, { name, role }: Person, password: string): Promise<void> {
  const call = (method: 'POST' | 'PUT', path: string, body?: object) =>
    ask(endpoint, token, { method, path, body: body ?? null, key: name })
  const project = idOf(await call('POST', '/projects', { project: { name } }), 'project')
  const user = idOf(await call('POST', '/users', { user: { name, password, default_project_id: project } }), 'user')
  await call('PUT', `/projects/${project}/users/${user}/roles/${role}`)
}

interface Asked {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: object | null
  readonly key: string
}

async function ask(endpoint: string, token: string, { method, path, body, key }: Asked): Promise<unknown> {
  const response = await fetch(`${endpoint}/identity/v3${path}`, {
    method,
    headers: { 'x-auth-token': token, 'idempotency-key': `dev ${key}`, ...(body === null ? {} : { 'content-type': 'application/json' }) },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const text = await response.text()
  if (!response.ok) throw new CommandProblem(EXIT.failed, `the users cannot be made: HTTP ${response.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

function idOf(body: unknown, key: string): string {
  const item = isObject(body) ? body[key] : null
  return isObject(item) ? String(item['id']) : ''
}

/** For the shell: what every client of OpenStack reads, and where the peers are. */
function openrc(name: string, passwords: ReadonlyMap<string, string>, endpoints: readonly string[]): string {
  return [
    `export OS_AUTH_URL=${endpoints[0]}/identity/v3`,
    'export OS_IDENTITY_API_VERSION=3',
    `export OS_USERNAME=${name}`,
    `export OS_PASSWORD=${passwords.get(name)}`,
    `export OS_PROJECT_NAME=${name}`,
    'export OS_USER_DOMAIN_NAME=Default',
    'export OS_PROJECT_DOMAIN_NAME=Default',
    'export OS_REGION_NAME=RegionOne',
    `export SCORIA_ENDPOINT=${endpoints.join(',')}`,
    '',
  ].join('\n')
}

function cloudsYaml(passwords: ReadonlyMap<string, string>, endpoint: string): string {
  const lines = PEOPLE.flatMap(({ name }) => [
    `  scoria-${name}:`,
    '    auth:',
    `      auth_url: ${endpoint}/identity/v3`,
    `      username: ${name}`,
    `      password: ${passwords.get(name)}`,
    `      project_name: ${name}`,
    '      user_domain_name: Default',
    '      project_domain_name: Default',
    '    region_name: RegionOne',
    '    identity_api_version: 3',
  ])
  return `${['clouds:', ...lines].join('\n')}\n`
}
