/**
 * Debian's clients without a Keystone: they log in by the cluster's own users, and each of their requests goes to another
 * peer. What they do with users is what an operator does with `openstack user` anywhere.
 *
 * Packages: python3-openstackclient, python3-cinderclient, python3-openstacksdk (npm run setup installs them).
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accountsOf } from '../../agent/api/identity/builtin/accounts.ts'
import { builtin } from '../../agent/api/identity/builtin/builtin.ts'
import { newHostToken } from '../../agent/api/identity/builtin/host-token.ts'
import { startCluster } from '../unit/api/cluster.ts'
import { startAnyPeer } from './any-peer.ts'

// Each command starts a Python interpreter and imports half of OpenStack.
t.setTimeout(1_200_000)

const PASSWORD = 'a good password'
const home = mkdtempSync(join(tmpdir(), 'scoria-builtin-clients-'))
const peers: string[] = []
const door = await startAnyPeer(() => peers)
const hostToken = newHostToken()
const cluster = await startCluster({
  hosts: 3,
  publicEndpoint: door.url,
  edge: {
    identity: (service) =>
      builtin({
        accounts: accountsOf(service),
        hostToken,
        // Nothing is believed from before: what one peer changed, the next has to know.
        cacheMs: 0,
        tokenLifeMs: 3_600_000,
        wallMs: Date.now,
        monoMs: () => performance.now(),
        uuid: randomUUID,
      }),
  },
})
peers.push(...cluster.hosts.map(({ url }) => url))
t.teardown(async () => {
  await door.stop()
  await cluster.stop()
  rmSync(home, { recursive: true, force: true })
})

await makeAdmin()

/** The first user is made by root on a host; all others by the client of OpenStack. */
async function makeAdmin(): Promise<void> {
  const token = hostToken.text.reveal()
  const call = (method: string, path: string, body?: object) =>
    cluster.first.call(`/identity/v3${path}`, { method, token, ...(body === undefined ? {} : { body }) })
  const project = await call('POST', '/projects', { project: { name: 'admin' } })
  const user = await call('POST', '/users', { user: { name: 'admin', password: PASSWORD } })
  await call('PUT', `/projects/${project.body.project.id}/users/${user.body.user.id}/roles/admin`)
}

interface Ended {
  readonly code: number
  readonly out: string
}

type Run = (...args: readonly string[]) => Promise<Ended>

/** Nothing of the caller's environment: an OS_CLOUD or OS_TOKEN there would change what is tested. */
function client(file: string, variables: Readonly<Record<string, string>>): Run {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    OS_AUTH_URL: `${door.url}/identity/v3`,
    OS_IDENTITY_API_VERSION: '3',
    // Above 3.65 this client sends with each snapshot what Cinder refuses there.
    OS_VOLUME_API_VERSION: '3.60',
    OS_REGION_NAME: 'RegionOne',
    ...variables,
  }
  return (...args) =>
    new Promise((resolve) => {
      execFile(file, [...args], { env, timeout: 120_000 }, (error, out, err) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out: out + err })
      })
    })
}

function as(user: string, project: string, version = '3.60'): Readonly<Record<string, string>> {
  return {
    OS_USERNAME: user,
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: project,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_VOLUME_API_VERSION: version,
  }
}

/** With what the client said, if it did not go well. */
function went(t: Test, { code, out }: Ended, what: string): string {
  t.equal(code, 0, code === 0 ? what : `${what}: ${out}`)
  return out.trim()
}

const admin = client('openstack', as('admin', 'admin'))
const ada = client('openstack', as('ada', 'demo'))
const rita = client('openstack', as('rita', 'demo'))

t.test('an admin makes projects and users with the client of OpenStack, and they log in', async (t) => {
  went(t, await admin('project', 'create', 'demo', '--description', 'to try things'), 'a project')
  for (const [name, role] of [
    ['ada', 'member'],
    ['rita', 'reader'],
  ] as const) {
    went(t, await admin('user', 'create', name, '--password', PASSWORD, '--project', 'demo'), `user ${name}`)
    went(t, await admin('role', 'add', role, '--user', name, '--project', 'demo'), `role of ${name}`)
  }
  t.match(went(t, await admin('user', 'list', '-f', 'value', '-c', 'Name'), 'users'), /admin\nada\nrita/)
  t.match(went(t, await admin('project', 'list', '-f', 'value', '-c', 'Name'), 'projects'), /admin\ndemo/)
  t.match(went(t, await admin('role', 'assignment', 'list', '--names', '-f', 'value'), 'roles'), /member ada@Default/)
  t.match(went(t, await ada('token', 'issue', '-f', 'value', '-c', 'id'), 'a token'), /^scoria_[0-9a-f]{32}_[\w-]{43}$/)
  t.match(went(t, await ada('catalog', 'list', '-f', 'value'), 'the catalogue'), /block-storage/)
  t.match(await ada('user', 'list'), { code: 1, out: /403/ }, 'users are for admins')
})

t.test('a member makes, a reader looks, an admin sees and limits', async (t) => {
  const id = went(t, await ada('volume', 'create', '--size', '1', '-f', 'value', '-c', 'id', 'data'), 'made')
  t.equal(went(t, await rita('volume', 'list', '-f', 'value', '-c', 'ID'), 'listed'), id)
  t.match(await rita('volume', 'delete', 'data'), { code: 1, out: /Policy doesn't allow volume:delete/ })
  went(t, await ada('volume', 'snapshot', 'create', '--volume', 'data', 'before'), 'a snapshot')
  t.equal(went(t, await ada('volume', 'snapshot', 'list', '-f', 'value', '-c', 'Name'), 'snapshots'), 'before')
  t.match(went(t, await admin('volume', 'list', '--all-projects', '-f', 'value', '-c', 'Name'), 'all'), /data/)
  // The same command of the client of OpenStack wants a compute service, too.
  const demo = went(t, await admin('project', 'show', 'demo', '-f', 'value', '-c', 'id'), 'the project')
  t.match(went(t, await client('cinder', as('admin', 'admin'))('quota-update', '--volumes', '8', demo), 'a limit'), /volumes +\| 8 /)
  t.match(went(t, await admin('volume', 'service', 'list', '-f', 'value', '-c', 'Binary'), 'services'), /cinder-volume/)
  went(t, await ada('volume', 'snapshot', 'delete', 'before'), 'snapshot gone')
})

for (const version of ['3.0', '3.44', '3.70']) {
  t.test(`cinder at ${version}`, async (t) => {
    const run = client('cinder', as('ada', 'demo', version))
    const created = went(t, await run('create', '--name', `disk-${version}`, '1'), 'made')
    const id = /\| id +\| ([0-9a-f-]{36})/.exec(created)?.[1] ?? ''
    t.match(went(t, await run('show', id), 'shown'), new RegExp(`disk-${version}`))
    t.match(went(t, await run('list'), 'listed'), new RegExp(id))
    went(t, await run('rename', id, 'renamed'), 'renamed')
    went(t, await run('metadata', id, 'set', 'a=b'), 'labelled')
    went(t, await run('extend', id, '2'), 'grown')
    went(t, await run('delete', id), 'deleted')
  })
}

t.test('an application credential is enough to log in, until it is deleted', async (t) => {
  const made = JSON.parse(went(t, await ada('application', 'credential', 'create', 'ci', '--role', 'member', '-f', 'json'), 'a credential'))
  const ci = client('openstack', {
    OS_AUTH_TYPE: 'v3applicationcredential',
    OS_APPLICATION_CREDENTIAL_ID: made.id,
    OS_APPLICATION_CREDENTIAL_SECRET: made.secret,
  })
  t.match(went(t, await ci('volume', 'list', '-f', 'value', '-c', 'Name'), 'listed'), /data/)
  went(t, await ada('application', 'credential', 'delete', 'ci'), 'deleted')
  t.match(await ci('volume', 'list'), { code: 1, out: /401/ })
})

const SDK = `
import openstack
cloud = openstack.connect(cloud='demo')
volume = cloud.block_storage.create_volume(size=1, name='from the SDK')
volume = cloud.block_storage.wait_for_status(volume, 'available', interval=1, wait=60)
print([v.name for v in cloud.block_storage.volumes() if v.id == volume.id])
snapshot = cloud.block_storage.create_snapshot(volume_id=volume.id, name='s')
cloud.block_storage.wait_for_status(snapshot, 'available', interval=1, wait=60)
cloud.block_storage.delete_snapshot(snapshot, ignore_missing=False)
cloud.block_storage.wait_for_delete(snapshot, interval=1, wait=60)
cloud.block_storage.delete_volume(volume, ignore_missing=False)
cloud.block_storage.wait_for_delete(volume, interval=1, wait=60)
print(cloud.current_project.name)
`

t.test('the SDK, by a clouds.yaml', async (t) => {
  const auth = { auth_url: `${door.url}/identity/v3`, username: 'ada', password: PASSWORD, project_name: 'demo' }
  const domains = { user_domain_name: 'Default', project_domain_name: 'Default' }
  writeFileSync(
    join(home, 'clouds.yaml'),
    JSON.stringify({ clouds: { demo: { auth: { ...auth, ...domains }, region_name: 'RegionOne' } } }),
  )
  const run = client('python3', { OS_CLIENT_CONFIG_FILE: join(home, 'clouds.yaml') })
  t.equal(went(t, await run('-c', SDK), 'the whole life of a volume'), "['from the SDK']\ndemo")
})

t.test('all of it went to all of the peers', async (t) => {
  for (const url of peers) t.ok((door.counts.get(url) ?? 0) > 20, url)
})
