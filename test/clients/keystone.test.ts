/**
 * Debian's Keystone, Debian's clients, and the real REST edge between them, none of them modified: what an OpenStack site
 * has, on one machine. Each request goes to another of three peers, each of which asks Keystone by itself. Each user sees what
 * is the project's, and nobody is let in when Keystone cannot be asked.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Identity } from '../../agent/api/identity/identity.ts'
import { keystone as keystoneIdentity } from '../../agent/api/identity/keystone.ts'
import { Secret } from '../../lib/model/secret.ts'
import { eventually, startCluster } from '../unit/api/cluster.ts'
import { CLI_PROGRAM, runScoria } from '../cluster/process.ts'
import { freePorts } from '../cluster/ports.ts'
import { startAnyPeer } from './any-peer.ts'
import { ADMIN_PASSWORD, KeystoneAdmin, KeystoneServer, tokenFor } from './keystone-server.ts'

// Each command starts a Python interpreter and imports half of OpenStack; Keystone is one as well.
t.setTimeout(1_200_000)

const CACHE_MS = 500
/** On a busy machine Keystone may take longer than an agent waits; then it says to ask again, and these clients do not. */
const TRIES = 5
const PASSWORD = 'a password'
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

const home = mkdtempSync(join(tmpdir(), 'scoria-keystone-clients-'))
const keystone = await KeystoneServer.make()
const peers: string[] = []
const door = await startAnyPeer(() => peers)
const identities: Identity[] = []
const cluster = await startCluster({ hosts: 3, publicEndpoint: door.url, edge: { identity: ownIdentity } })
peers.push(...cluster.hosts.map(({ url }) => url))
t.teardown(async () => {
  await door.stop()
  await cluster.stop()
  for (const identity of identities) identity.stop()
  await keystone.remove()
  rmSync(home, { recursive: true, force: true })
})

const admin = await KeystoneAdmin.login(keystone.url)
const projects = new Map<string, string>()
for (const name of ['demo', 'other', 'service']) projects.set(name, await admin.make('project', { name, domain_id: 'default' }))
for (const [user, role, project] of [
  ['scoria', 'service', 'service'],
  ['nova', 'service', 'service'],
  ['alice', 'member', 'demo'],
  ['rita', 'reader', 'demo'],
  ['oscar', 'member', 'other'],
] as const)
  await admin.grant(role, await admin.make('user', { name: user, password: PASSWORD, domain_id: 'default' }), projects.get(project) ?? '')
const images = await startImages()
t.teardown(() => images.stop())
// The client of OpenStack looks for images, too, before it makes a volume of none.
for (const [type, name, url] of [
  ['block-storage', 'cinder', `${door.url}/v3/%(project_id)s`],
  ['volumev3', 'cinderv3', `${door.url}/v3/%(project_id)s`],
  ['image', 'glance', images.url],
]) {
  const service = await admin.make('service', { type, name })
  await admin.make('endpoint', { service_id: service, interface: 'public', url, region_id: 'one' })
}

/** One for each peer: what one has heard of a token the others have not. */
function ownIdentity(): Identity {
  const identity = keystoneIdentity({
    url: keystone.url,
    user: { name: 'scoria', domain: { name: 'Default' } },
    password: new Secret(PASSWORD),
    project: { name: 'service', domain: { name: 'Default' } },
    ca: null,
    cacheMs: CACHE_MS,
    log: SILENT,
    wallMs: Date.now,
    monoMs: () => performance.now(),
  })
  identities.push(identity)
  return identity
}

/** As much of an image service as clients want before they go on without one. */
async function startImages(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((_, response) => {
    const version = { id: 'v2.9', status: 'CURRENT', links: [{ rel: 'self', href: `${url}/v2/` }] }
    response.writeHead(300, { 'content-type': 'application/json' }).end(JSON.stringify({ versions: [version] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, stop }
}

/** With what the client said, if it did not go well. */
function went(t: Test, { code, out }: Ended, what: string): void {
  t.equal(code, 0, code === 0 ? what : `${what}: ${out}`)
}

interface Ended {
  readonly code: number
  readonly out: string
}

/** A client as this user, by nothing but the usual environment. */
function client(
  file: 'openstack' | 'cinder',
  user: string,
  project: string,
  password = PASSWORD,
): (...args: readonly string[]) => Promise<Ended> {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    OS_AUTH_URL: keystone.url,
    OS_USERNAME: user,
    OS_PASSWORD: password,
    OS_PROJECT_NAME: project,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_IDENTITY_API_VERSION: '3',
    OS_VOLUME_API_VERSION: '3.70',
  }
  const once = (args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(file, [...args], { env, timeout: 120_000 }, (error, out, err) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out: out + err })
      })
    })
  return async (...args) => {
    let ended = await once(args)
    for (let tries = 1; tries < TRIES && ended.out.includes('IdentityUnavailable'); tries += 1) ended = await once(args)
    return ended
  }
}

interface Sent {
  readonly method?: string
  readonly token: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What no client has a command for, through the same door. */
async function ask(path: string, { method = 'GET', token, headers = {} }: Sent) {
  const response = await fetch(door.url + path, {
    method,
    headers: { 'x-auth-token': token, 'openstack-api-version': 'volume 3.70', ...headers },
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** At each of the peers, in turn. */
async function codesOf(token: string): Promise<readonly number[]> {
  const codes: number[] = []
  for (const host of cluster.hosts) codes.push((await host.call('/v3/volumes', { token })).status)
  return codes
}

const alice = client('openstack', 'alice', 'demo')
const rita = client('openstack', 'rita', 'demo')
const oscar = client('openstack', 'oscar', 'other')

t.test('openstack: a member makes, a reader looks, another project sees nothing', async (t) => {
  const made = await alice('volume', 'create', '--size', '1', '-f', 'value', '-c', 'id', 'data')
  went(t, made, 'made')
  const id = made.out.trim()
  const shown = await alice('volume', 'show', '-f', 'json', 'data')
  went(t, shown, 'shown')
  const volume = JSON.parse(shown.out)
  t.equal(volume['os-vol-tenant-attr:tenant_id'], projects.get('demo'), 'the project of the token')
  t.notOk('os-vol-host-attr:host' in volume && volume['os-vol-host-attr:host'] !== null, 'where it lies is for admins')
  t.match(await rita('volume', 'list', '-f', 'value', '-c', 'ID'), { code: 0, out: `${id}\n` })
  t.match(await rita('volume', 'delete', 'data'), { code: 1, out: /Policy doesn't allow volume:delete/ })
  t.match(await rita('volume', 'create', '--size', '1', 'no'), { code: 1, out: /Policy doesn't allow volume:create/ })
  t.same(await oscar('volume', 'list', '-f', 'value', '-c', 'ID'), { code: 0, out: '' }, 'nothing')
  t.match(await oscar('volume', 'show', id), { code: 1, out: /No volume with a name or ID/ })
  t.match(await alice('volume', 'service', 'list'), { code: 1, out: /Policy doesn't allow/ })
})

t.test('cinder: attach as a member, and a detach from a server at the word of a service alone', async (t) => {
  const run = client('cinder', 'alice', 'demo')
  const created = await run('create', '--name', 'disk', '1')
  went(t, created, 'made')
  const id = /\| id +\| ([0-9a-f-]{36})/.exec(created.out)?.[1] ?? ''
  const token = await tokenFor(keystone.url, { user: 'alice', password: PASSWORD, project: 'demo' })
  await eventually(
    () => ask(`/v3/volumes/${id}`, { token }),
    ({ body }) => body.volume?.status === 'available',
  )
  const server = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003'
  const connector = ['--connect', 'True', '--initiator', 'iqn.1993-08.org.debian:01:a1', '--host', 'compute1']
  const attached = await run('attachment-create', id, server, ...connector)
  t.match(attached, { code: 0, out: /auth_password/ }, 'with the secret that its initiator needs')
  const listed = await run('attachment-list')
  const attachment = /([0-9a-f-]{36}) \| [0-9a-f-]{36} \| attaching/.exec(listed.out)?.[1] ?? ''
  t.equal((await run('attachment-complete', attachment)).code, 0)
  t.match(await run('list'), { code: 0, out: new RegExp(`${id}.*in-use.*disk`) })
  t.match(await run('attachment-delete', attachment), { out: /Compute API/ })
  const nova = await tokenFor(keystone.url, { user: 'nova', password: PASSWORD, project: 'service' })
  const headers = { 'x-service-token': nova }
  const remove = (service: Readonly<Record<string, string>>) =>
    ask(`/v3/attachments/${attachment}`, { method: 'DELETE', token, headers: service })
  t.equal((await remove({ 'x-service-token': token })).status, 409)
  t.equal((await remove(headers)).status, 200)
})

t.test('an admin sees every project', async (t) => {
  const root = client('openstack', 'admin', 'admin', ADMIN_PASSWORD)
  const all = await root('volume', 'list', '--all-projects', '-f', 'value', '-c', 'Name')
  t.match(all, { code: 0, out: /data/ })
  t.match(await root('volume', 'service', 'list'), { code: 0, out: /cinder-volume/ })
})

t.test('a token that was revoked is good for no longer than the cache says', async (t) => {
  const token = await tokenFor(keystone.url, { user: 'alice', password: PASSWORD, project: 'demo' })
  const codes = () => codesOf(token)
  await eventually(codes, (seen) => seen.every((status) => status === 200))
  await admin.revoke(token)
  const revokedAtMs = performance.now()
  await eventually(codes, (seen) => seen.every((status) => status === 401))
  // What is left is the time that a busy Keystone takes.
  t.ok(performance.now() - revokedAtMs < CACHE_MS + 30_000)
})

t.test('scoria dev asks the same Keystone, and scoria logs in there', async (t) => {
  const [port = 0] = await freePorts(1)
  const own = { OS_USERNAME: 'scoria', OS_PASSWORD: PASSWORD, OS_PROJECT_NAME: 'service' }
  const args = ['dev', '--auth', 'keystone', '--keystone-url', keystone.url, '--backend', 'none', '--peers', '1', '--api-port', `${port}`]
  const dev = spawn(process.execPath, [CLI_PROGRAM, ...args], {
    env: { PATH: '/usr/bin:/bin', ...own },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => dev.kill('SIGTERM'))
  for await (const said of dev.stdout.setEncoding('utf8')) if (String(said).startsWith('ready')) break
  const as = (user: string, project: string) => ({
    OS_AUTH_URL: keystone.url,
    OS_USERNAME: user,
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: project,
    SCORIA_ENDPOINT: `http://127.0.0.1:${port}`,
  })
  const made = await runScoria(['volume', 'create', 'db', '--size', '1GiB', '--wait'], { env: as('alice', 'demo') })
  t.match(made, { exitCode: 0, stdout: new RegExp(projects.get('demo') ?? '') }, made.stderr)
  t.match(await runScoria(['volume', 'delete', 'db', '--yes'], { env: as('rita', 'demo') }), {
    exitCode: 5,
    stderr: /Policy doesn't allow/,
  })
  t.match(await runScoria(['volume', 'list', '-o', 'name'], { env: as('oscar', 'other') }), { exitCode: 0, stdout: '' })
})

t.test('without Keystone nobody is let in, and with it everybody again', async (t) => {
  const token = await tokenFor(keystone.url, { user: 'alice', password: PASSWORD, project: 'demo' })
  const codes = () => codesOf(token)
  const areIn = (seen: readonly number[]): boolean => seen.every((status) => status === 200)
  await eventually(codes, areIn)
  await keystone.kill()
  await eventually(codes, (seen) => seen.every((status) => status === 503))
  const refused = await ask('/v3/volumes', { token })
  t.match(refused, { status: 503, body: { serviceUnavailable: { message: /^IdentityUnavailable: / } } })
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  await keystone.start()
  await eventually(codes, areIn)
  t.match(await alice('volume', 'list', '-f', 'value', '-c', 'Name'), { code: 0, out: /data/ })
})

t.test('whatever a client did in several steps was done by several peers', async (t) => {
  t.equal(door.counts.size, 3, 'each had requests of them')
  t.ok(
    [...door.counts.values()].every((count) => count > 5),
    [...door.counts.values()].join(', '),
  )
})
