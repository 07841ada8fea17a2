/**
 * Unmodified clients that others wrote, against the real REST edge and the real rules: what an operator of Cinder types
 * has to work as it stands. The command lines are the ones of the handbook.
 *
 * Packages: python3-openstackclient, python3-cinderclient (npm run setup installs them).
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { snapshotId, volumeId } from '../../lib/model/ids.ts'
import t from 'tap'
import { createVolume, eventually, startCluster, type TestCluster, until, untilSnapshot } from '../unit/api/cluster.ts'

const PROJECT = 'demo'

// Each command starts a Python interpreter and imports half of OpenStack.
t.setTimeout(600_000)

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

type Run = (...args: readonly string[]) => Promise<Ended>

const home = mkdtempSync(join(tmpdir(), 'scoria-clients-'))
t.teardown(() => rmSync(home, { recursive: true, force: true }))

function client(file: string, fixed: readonly string[]): Run {
  // Nothing of the caller's environment: an OS_CLOUD or OS_TOKEN there would change what is tested.
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, LC_ALL: 'C.UTF-8' }
  return (...args) =>
    new Promise((resolve) => {
      execFile(file, [...fixed, ...args], { env, timeout: 120_000 }, (error, out, err) => {
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
          out,
          err: error !== null && err === '' ? error.message : err,
        })
      })
    })
}

const cinder = (cluster: TestCluster, project = PROJECT): Run =>
  client('cinder', [
    '--os-auth-type',
    'noauth',
    '--os-endpoint',
    `${cluster.first.url}/v3`,
    '--os-user-id',
    'user',
    '--os-project-id',
    project,
    '--os-volume-api-version',
    '3.70',
  ])

/** keystoneauth's plug-in `none` sends a fixed word for a token: the project is the endpoint's. */
const openstackNone = (cluster: TestCluster): Run =>
  client('openstack', ['--os-auth-type', 'none', '--os-endpoint', `${cluster.first.url}/v3/${PROJECT}`])

const openstackToken = (cluster: TestCluster, project = PROJECT): Run =>
  client('openstack', [
    '--os-auth-type',
    'admin_token',
    '--os-token',
    `user:${project}`,
    '--os-endpoint',
    `${cluster.first.url}/v3`,
    '--os-volume-api-version',
    '3.70',
  ])

/** Ends the test at the first command that fails: the rest would only repeat it. */
async function succeed(run: Run, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await run(...args)
  if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}\n${out}\n${err}`)
  return out
}

/** Value of a row of the clients' two-column tables. */
function field(table: string, name: string): string {
  const row = table.split('\n').find((line) => line.split('|')[1]?.trim() === name)
  return row?.split('|')[2]?.trim() ?? ''
}

t.test('openstack, auth type none, microversion 3.0', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const openstack = openstackNone(cluster)
  const created = await succeed(openstack, 'volume', 'create', '--size', '1', '--description', 'words', '--property', 'tier=gold', 'data')
  const id = field(created, 'id')
  t.equal(field(created, 'name'), 'data', 'create')
  await until(cluster.first, id, 'available')
  t.match(await succeed(openstack, 'volume', 'list', '--long'), new RegExp(`${id}.*data.*available.*__DEFAULT__.*tier='gold'`), 'list')
  t.equal(field(await succeed(openstack, 'volume', 'show', 'data'), 'id'), id, 'show by name')
  await succeed(openstack, 'volume', 'set', '--size', '3', 'data')
  await until(cluster.first, id, 'available')
  await succeed(openstack, 'volume', 'set', '--name', 'renamed', '--property', 'colour=red', id)
  await succeed(openstack, 'volume', 'unset', '--property', 'tier', id)
  const shown = await succeed(openstack, 'volume', 'show', id)
  t.same(
    [field(shown, 'size'), field(shown, 'name'), field(shown, 'properties')],
    ['3', 'renamed', "colour='red'"],
    'extend, rename, set and unset a property',
  )
  await succeed(openstack, 'volume', 'set', '--bootable', '--read-only', '--image-property', 'os_distro=debian', id)
  const flagged = await succeed(openstack, 'volume', 'show', id)
  t.same([field(flagged, 'bootable'), field(flagged, 'properties')], ['true', "colour='red', readonly='True'"], 'flags')
  t.match(field(flagged, 'volume_image_metadata'), /os_distro.*debian/)
  await succeed(openstack, 'volume', 'unset', '--image-property', 'os_distro', id)
  await succeed(openstack, 'volume', 'set', '--read-write', id)
  const snapshot = field(
    await succeed(openstack, 'volume', 'snapshot', 'create', '--volume', 'renamed', '--description', 'words', 'before'),
    'id',
  )
  await untilSnapshot(cluster.first, snapshot, 'available')
  t.match(
    await succeed(openstack, 'volume', 'snapshot', 'list'),
    new RegExp(`${snapshot} \\| before +\\| words +\\| available +\\| +3 `),
    'snapshots',
  )
  await succeed(openstack, 'volume', 'snapshot', 'set', '--name', 'after', '--property', 'keep=yes', snapshot)
  const taken = await succeed(openstack, 'volume', 'snapshot', 'show', 'after')
  t.same([field(taken, 'id'), field(taken, 'volume_id'), field(taken, 'properties')], [snapshot, id, "keep='yes'"], 'set and show by name')
  t.match((await openstack('volume', 'delete', 'renamed')).err, /have snapshots/, 'a volume with a snapshot stays')
  const copy = await succeed(openstack, 'volume', 'create', '--snapshot', 'after', 'copied')
  t.same([field(copy, 'snapshot_id'), field(copy, 'size')], [snapshot, '3'], 'a volume from a snapshot')
  await until(cluster.first, field(copy, 'id'), 'available')
  const clone = await succeed(openstack, 'volume', 'create', '--source', 'copied', '--size', '4', 'cloned')
  t.same([field(clone, 'source_volid'), field(clone, 'size')], [field(copy, 'id'), '4'], 'a volume from another, larger')
  await until(cluster.first, field(clone, 'id'), 'available')
  await succeed(openstack, 'volume', 'delete', 'copied', 'cloned')
  await succeed(openstack, 'volume', 'snapshot', 'delete', 'after')
  await untilSnapshot(cluster.first, snapshot, 'gone')
  const services = await succeed(openstack, 'volume', 'service', 'list')
  for (const host of cluster.hosts)
    t.match(services, new RegExp(`cinder-volume +\\| ${host.name}@memory .* enabled .* up`), `services of ${host.name}`)
  t.match(await succeed(openstack, 'volume', 'type', 'list'), /__DEFAULT__/, 'types')
  await succeed(openstack, 'volume', 'type', 'create', '--property', 'storage_protocol=iSCSI', 'fast')
  t.match(await succeed(openstack, 'volume', 'type', 'list', '--long'), /fast.*storage_protocol='iSCSI'/, 'a type that was made')
  await succeed(openstack, 'volume', 'type', 'set', '--name', 'faster', '--property', 'a=1', 'fast')
  await succeed(openstack, 'volume', 'type', 'unset', '--property', 'a', 'faster')
  await succeed(openstack, 'volume', 'type', 'delete', 'faster')
  t.notMatch(await succeed(openstack, 'volume', 'type', 'list'), /fast/, 'and is deleted')
  t.match(await succeed(openstack, 'availability', 'zone', 'list', '--volume'), /zone-3 +\| available/, 'zones')
  await succeed(openstack, 'volume', 'snapshot', 'create', '--volume', 'renamed', 'last')
  await untilSnapshot(cluster.first, field(await succeed(openstack, 'volume', 'snapshot', 'show', 'last'), 'id'), 'available')
  await succeed(openstack, 'volume', 'delete', '--purge', 'renamed')
  await until(cluster.first, id, 'gone')
  t.notMatch(await succeed(openstack, 'volume', 'list', '--all-projects'), id, 'delete')
  const missing = await openstack('volume', 'show', 'nothing')
  t.equal(missing.code, 1)
  t.match(missing.err, /No volume with a name or ID of 'nothing' exists/, 'what is not there is said to be not there')
})

t.test('openstack, auth type admin_token, microversion 3.70', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const openstack = openstackToken(cluster)
  const id = field(await succeed(openstack, 'volume', 'create', '--size', '1', 'data'), 'id')
  await until(cluster.first, id, 'available')
  t.match(await succeed(openstack, 'volume', 'list'), new RegExp(`${id} \\| data +\\| available`), 'create and list')
  await succeed(openstack, 'volume', 'delete', 'data')
  await until(cluster.first, id, 'gone')
})

t.test('cinder, auth type noauth, microversion 3.70', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const run = cinder(cluster)
  const created = await succeed(run, 'create', '--name', 'data', '--metadata', 'tier=gold', '1')
  const id = field(created, 'id')
  await until(cluster.first, id, 'available')
  t.equal(field(await succeed(run, 'show', 'data'), 'status'), 'available', 'show by name')
  await succeed(run, 'extend', 'data', '2')
  await until(cluster.first, id, 'available')
  await succeed(run, 'metadata', 'data', 'set', 'colour=red')
  await succeed(run, 'rename', 'data', 'renamed')
  for (const filter of [
    ['--name', 'renamed'],
    ['--metadata', 'colour=red'],
    ['--filters', 'name~=rename'],
    ['--status', 'available', '--sort', 'name:asc'],
    ['--all-tenants'],
  ]) {
    t.match(await succeed(run, 'list', ...filter), new RegExp(`${id}.*available.*renamed.* 2 `), `list ${filter.join(' ')}`)
  }
  t.match(await succeed(run, 'service-list'), /cinder-scheduler \| alpha3 [\s\S]*cinder-volume +\| alpha3@memory .* up/, 'services')
  t.match(await succeed(run, 'get-pools', '--detail'), /alpha2@memory#pool/, 'pools')
  t.equal(field(await succeed(run, 'absolute-limits'), 'totalGigabytesUsed'), '2', 'limits')

  const server = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003'
  const attached = await succeed(
    run,
    'attachment-create',
    id,
    server,
    '--connect',
    'True',
    '--initiator',
    'iqn.1993-08.org.debian:01:a1',
    '--host',
    'compute1',
    '--mountpoint',
    '/dev/vdb',
  )
  t.match(field(attached, 'target_iqn'), id, 'an attachment is made and connected')
  const attachment = /([0-9a-f-]{36}) \| [0-9a-f-]{36} \| attaching/.exec(await succeed(run, 'attachment-list'))?.[1] ?? ''
  await succeed(run, 'attachment-complete', attachment)
  await until(cluster.first, id, 'in-use')
  const inUse = await run('delete', id)
  t.not(inUse.code, 0)
  t.match(inUse.out + inUse.err, /must not be attached/, 'a volume in use is not deleted, and the client says why')
  t.match((await run('attachment-delete', attachment)).err, /Compute API/, 'nor is it taken from a server')
})

t.test('a volume is handed from project to project, by openstack and by cinder', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const request = ['volume', 'transfer', 'request'] as const
  const [openstack, shop] = [openstackToken(cluster), openstackToken(cluster, 'shop')]
  const id = field(await succeed(openstack, 'volume', 'create', '--size', '1', 'data'), 'id')
  await until(cluster.first, id, 'available')
  const offered = await succeed(openstack, ...request, 'create', '--name', 'gift', 'data')
  const [transfer, key] = [field(offered, 'id'), field(offered, 'auth_key')]
  t.match(key, /^[0-9a-f]{16}$/, 'the key is shown')
  t.match(await succeed(openstack, ...request, 'list'), new RegExp(`${transfer} \\| gift +\\| ${id}`), 'list')
  t.equal(field(await succeed(openstack, ...request, 'show', 'gift'), 'volume_id'), id, 'show by name')
  t.equal(field(await succeed(openstack, 'volume', 'show', id), 'status'), 'awaiting-transfer')
  t.match(await shop(...request, 'accept', '--auth-key', 'wrong', transfer), { code: 1, err: /Invalid auth key/ })
  t.equal(field(await succeed(shop, ...request, 'accept', '--auth-key', key, transfer), 'volume_id'), id, 'accept')
  t.match(await succeed(shop, 'volume', 'list'), new RegExp(`${id}.*data.*available`))
  t.notMatch(await succeed(openstack, 'volume', 'list'), id)

  const [cinderShop, run] = [cinder(cluster, 'shop'), cinder(cluster)]
  const back = await succeed(cinderShop, 'transfer-create', '--name', 'back', id)
  t.match(await succeed(cinderShop, 'transfer-list'), new RegExp(`${field(back, 'id')} \\| ${id}`), 'transfer-list')
  await succeed(cinderShop, 'transfer-delete', 'back')
  const again = await succeed(cinderShop, 'transfer-create', '--no-snapshots', id)
  t.equal(field(await succeed(cinderShop, 'transfer-show', field(again, 'id')), 'no_snapshots'), 'True', 'transfer-show')
  await succeed(run, 'transfer-accept', field(again, 'id'), field(again, 'auth_key'))
  t.match(await succeed(run, 'list'), new RegExp(`${id} .*available`), 'and is back')
})

t.test('cinder manages what lies in a pool, and gives it back', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const run = cinder(cluster)
  const [, host] = cluster.hosts
  if (host === undefined) throw new Error('three hosts')
  const pool = `${host.name}@memory#pool`
  host.volumes.lay('database', { sizeBytes: 2 * 1024 ** 3, hindrance: null, former: null, bytes: 'precious' })
  t.match(await succeed(run, 'manageable-list', pool), /'source-name': 'database'\} +\| 2 +\| True/)
  const id = field(await succeed(run, 'manage', '--name', 'data', '--metadata', 'tier=gold', '--', pool, 'database'), 'id')
  await until(cluster.first, id, 'available')
  t.equal(host.volumes.bytesOf(volumeId(id)), 'precious')
  t.match(await succeed(run, 'manageable-list', pool), new RegExp(`False +\\| already managed +\\| ${id}`))
  await succeed(run, 'unmanage', 'data')
  await until(cluster.first, id, 'gone')
  t.match(await succeed(run, 'manageable-list', pool), new RegExp(`unmanaged-${id}'\\} +\\| 2 +\\| True`))
  const refused = await run('manage', pool, 'nothing')
  t.not(refused.code, 0)
  t.match(refused.err, /invalid backend reference nothing/, 'and the client says why')
})

t.test('cinder and openstack manage snapshots that lie in a pool, and give them back', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const run = cinder(cluster)
  const { id: volume, 'os-vol-host-attr:host': pool } = await createVolume(cluster.first, { size: 2, name: 'data' })
  const host = cluster.hosts.find(({ name }) => pool === `${name}@memory#pool`) ?? cluster.first
  host.volumes.lay('nightly', { sizeBytes: 2 * 1024 ** 3, hindrance: null, former: null, bytes: 'precious', of: volumeId(volume) })
  t.match(await succeed(run, 'snapshot-manageable-list', pool), /'source-name': 'nightly'\} +\| 2 +\| True/)
  const id = field(await succeed(run, 'snapshot-manage', '--name', 'kept', '--', volume, 'nightly'), 'id')
  await untilSnapshot(cluster.first, id, 'available')
  t.equal(host.volumes.bytesOf(snapshotId(id)), 'precious')
  await succeed(run, 'snapshot-unmanage', id)
  await untilSnapshot(cluster.first, id, 'gone')
  // Debian's client cannot unmanage one: its `snapshot delete` knows no `--remote`.
  const stack = openstackNone(cluster)
  const reference = `source-name=unmanaged-snapshot-${id}`
  const again = await succeed(stack, 'volume', 'snapshot', 'create', '--volume', volume, '--remote-source', reference, 'again')
  await untilSnapshot(cluster.first, field(again, 'id'), 'available')
  t.equal(host.volumes.bytesOf(snapshotId(field(again, 'id'))), 'precious')
  await succeed(run, 'snapshot-unmanage', 'again')
  await untilSnapshot(cluster.first, field(again, 'id'), 'gone')
  t.equal(host.volumes.existing.get(`unmanaged-snapshot-${field(again, 'id')}`)?.bytes, 'precious')
})

t.test('openstack gives types QoS specs and encryption records', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const openstack = openstackNone(cluster)
  const qos = (...args: readonly string[]) => succeed(openstack, 'volume', 'qos', ...args)
  const id = field(await qos('create', '--consumer', 'front-end', '--property', 'total_iops_sec_per_gb=30', 'slow'), 'id')
  await qos('set', '--property', 'a=b', 'slow')
  await qos('associate', 'slow', 'shared')
  t.match(await qos('list'), new RegExp(`${id} \\| slow +\\| front-end +\\| shared +\\| a='b', total_iops_sec_per_gb='30'`))
  await qos('unset', '--property', 'a', 'slow')
  await qos('disassociate', '--all', 'slow')
  const shown = await qos('show', 'slow')
  t.same([field(shown, 'properties'), field(shown, 'associations')], ["total_iops_sec_per_gb='30'", ''])
  await qos('delete', '--force', 'slow')
  const luks = ['--encryption-provider', 'luks', '--encryption-cipher', 'aes-xts-plain64', '--encryption-key-size', '256']
  await succeed(openstack, 'volume', 'type', 'create', ...luks, '--encryption-control-location', 'front-end', 'secret')
  t.match(await succeed(openstack, 'volume', 'type', 'list', '--encryption-type'), /secret.*provider='luks'/)
  const refused = await openstack('volume', 'create', '--size', '1', '--type', 'secret', 'data')
  t.equal(refused.code, 1)
  t.match(refused.err, /have to be encrypted, which no host can/)
  await succeed(openstack, 'volume', 'type', 'unset', '--encryption-type', 'secret')
  await succeed(openstack, 'volume', 'create', '--size', '1', '--type', 'secret', 'data')
})

t.test('cinder lets projects in, and sets their default types', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const run = cinder(cluster)
  await succeed(run, 'type-create', 'own', '--is-public', 'False')
  await succeed(run, 'type-access-add', '--volume-type', 'own', '--project-id', PROJECT)
  t.match(await succeed(run, 'type-access-list', '--volume-type', 'own'), new RegExp(`\\| ${PROJECT} +\\|`))
  await succeed(run, 'default-type-set', 'own', PROJECT)
  t.match(await succeed(run, 'default-type-list'), new RegExp(`\\| ${PROJECT} +\\|`))
  t.equal(field(await succeed(run, 'create', '--name', 'data', '1'), 'volume_type'), 'own', 'a create without a type')
  await succeed(run, 'retype', 'data', '__DEFAULT__', '--migration-policy', 'never')
  t.equal(field(await succeed(run, 'show', 'data'), 'volume_type'), '__DEFAULT__')
  await succeed(run, 'default-type-unset', PROJECT)
  await succeed(run, 'type-access-remove', '--volume-type', 'own', '--project-id', PROJECT)
  await succeed(run, 'type-create', 'secret')
  t.match(await succeed(run, 'encryption-type-create', '--key-size', '256', 'secret', 'luks'), /luks/)
  await succeed(run, 'encryption-type-update', '--key-size', '512', 'secret')
  t.match(await succeed(run, 'encryption-type-show', 'secret'), /luks .* 512 /)
  await succeed(run, 'encryption-type-delete', 'secret')
  const qos = field(await succeed(run, 'qos-create', 'slow', 'consumer=back-end', 'a=b'), 'id')
  await succeed(run, 'qos-key', qos, 'set', 'c=d')
  await succeed(run, 'qos-key', qos, 'unset', 'a')
  t.match(await succeed(run, 'qos-show', qos), /c : d/)
  await succeed(run, 'qos-delete', qos)
  t.match(await succeed(run, 'quota-class-show', 'default'), /gigabytes +\| 1000/)
  await succeed(run, 'quota-class-update', '--gigabytes', '2000', 'default')
  t.match(await succeed(run, 'quota-class-show', 'default'), /gigabytes +\| 2000/)
  await succeed(run, 'type-create', 'rare')
  await succeed(run, 'quota-update', '--volume-type', 'rare', '--volumes', '1', PROJECT)
  t.match(await succeed(run, 'quota-usage', PROJECT), /volumes_rare +\| 0 +\| 0 +\| 1 /)
  await succeed(run, 'create', '--volume-type', 'rare', '1')
  const refused = await run('create', '--volume-type', 'rare', '1')
  t.equal(refused.code, 1)
  t.match(refused.err, /VolumeLimitExceeded: Maximum number of volumes allowed \(1\) exceeded for quota 'volumes_rare'/)
  await succeed(run, 'quota-class-update', '--volume-type', 'rare', '--gigabytes', '7', 'default')
  t.match(await succeed(run, 'quota-show', PROJECT), /gigabytes_rare +\| 7 /)
})

t.test('group types: both clients make, change, show and delete them', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const consistent = 'consistent_group_snapshot_enabled'
  const group = (...args: readonly string[]) => succeed(openstackToken(cluster), 'volume', 'group', 'type', ...args)
  const id = field(await group('create', '--private', '--description', 'words', 'snapped'), 'ID')
  await group('set', '--public', '--property', 'a=b', 'snapped')
  await group('set', '--no-property', '--property', `${consistent}=<is> True`, 'snapped')
  // Debian's `volume group type show` has a fault of its own and asks nobody.
  t.match(await group('list'), new RegExp(`${id} \\| snapped .*\\{'${consistent}': '<is> True'\\}`))
  await group('set', '--name', 'other', id)
  await group('delete', 'other')
  t.notMatch(await group('list'), id)

  const run = cinder(cluster)
  const plain = /\| ([0-9a-f-]{36}) \|/.exec(await succeed(run, 'group-type-create', '--is-public', 'False', 'plain'))?.[1] ?? ''
  await succeed(run, 'group-type-key', 'plain', 'set', `${consistent}=<is> True`, 'a=b')
  await succeed(run, 'group-type-key', 'plain', 'unset', 'a')
  t.match(await succeed(run, 'group-specs-list'), new RegExp(`plain +\\| \\{'${consistent}': '<is> True'\\}`))
  await succeed(run, 'group-type-update', '--name', '__DEFAULT__', plain)
  t.match(await succeed(run, 'group-type-list'), /__DEFAULT__/)
  t.match(await succeed(run, 'group-type-show', plain), /__DEFAULT__/)
  t.match(await succeed(run, 'group-type-default'), /__DEFAULT__/)
  await succeed(run, 'group-type-delete', '__DEFAULT__')
  t.not((await run('group-type-default')).code, 0, 'and there is none')
})

t.test('groups: both clients make, fill, snap, copy and delete them', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const group = (...args: readonly string[]) => succeed(openstackToken(cluster), 'volume', 'group', ...args)
  const run = cinder(cluster)
  await succeed(run, 'group-type-create', 'snapped')
  const id = field(await group('create', '--name', 'shop', 'snapped', 'shared'), 'ID')
  await eventually(
    () => succeed(run, 'group-show', id),
    (shown) => field(shown, 'status') === 'available',
  )
  await group('set', '--description', 'words', 'shop')
  t.match(await group('list'), new RegExp(`${id} \\| available \\| shop`))
  const volume = field(await succeed(run, 'create', '--name', 'db', '--volume-type', 'shared', '--group-id', id, '1'), 'id')
  await eventually(
    () => succeed(run, 'show', volume),
    (shown) => field(shown, 'status') === 'available',
  )
  t.match(await succeed(run, 'group-show', id, '--list-volume'), volume)
  await succeed(run, 'group-update', '--remove-volumes', volume, id)
  await succeed(run, 'group-update', '--add-volumes', volume, '--name', 'store', id)
  const snapshot = field(await group('snapshot', 'create', '--name', 'before', 'store'), 'ID')
  await eventually(
    () => succeed(run, 'group-snapshot-show', snapshot),
    (shown) => field(shown, 'status') === 'available',
  )
  t.match(await group('snapshot', 'list'), new RegExp(`${snapshot} .*\\| before`))
  // Debian's openstack cannot show a group or a group snapshot: it calls what its cinderclient does not have.
  t.match(await succeed(run, 'group-snapshot-show', 'before'), snapshot)
  t.match(await succeed(run, 'group-snapshot-list'), snapshot)
  const copy = field(await succeed(run, 'group-create-from-src', '--group-snapshot', snapshot, '--name', 'copy'), 'id')
  await eventually(
    () => succeed(run, 'group-show', copy),
    (shown) => field(shown, 'status') === 'available',
  )
  await group('snapshot', 'delete', 'before')
  await eventually(
    () => succeed(run, 'group-snapshot-list'),
    (shown) => !shown.includes(snapshot),
  )
  await group('delete', '--force', 'copy')
  await succeed(run, 'group-delete', '--delete-volumes', id)
  await eventually(
    () => succeed(run, 'group-list'),
    (shown) => !shown.includes(id) && !shown.includes(copy),
  )
})

t.test('lists that are filtered and paged, and what operators look at', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const run = cinder(cluster)
  const admin = openstackToken(cluster)
  let newest = ''
  for (const name of ['one', 'two', 'twofold']) {
    const { id } = (await cluster.first.call(`/v3/${PROJECT}/volumes`, { method: 'POST', body: { volume: { size: 1, name } } })).body.volume
    await until(cluster.first, id, 'available')
    newest = id
  }
  const shows = async (made: Promise<Ended>, wanted: RegExp, unwanted: RegExp | null, what: string) => {
    const { code, out, err } = await made
    t.equal(code, 0, `${what}: ${err}`)
    t.match(out, wanted, what)
    if (unwanted !== null) t.notMatch(out, unwanted, what)
  }
  await shows(run('list', '--filters', 'name~=two', '--sort', 'name:asc'), /\| two .*\n.*\| twofold /, / one /, 'a part of a name')
  await shows(run('list', '--limit', '2', '--sort', 'name:asc', '--with-count'), / one .*\n.* two [\s\S]*in total: 3/, /twofold/, 'a page')
  await shows(run('list-filters'), /volume +\| name~, status/, /backup/, 'the filters')
  await shows(run('backup-list'), /^\+.*\n\| ID .*\n\+.*\n\+.*\s*$/, null, 'no backups')
  await shows(run('cluster-list'), /^\+.*\n\| Name .*\n\+.*\n\+.*\s*$/, null, 'no clusters')
  await shows(run('get-capabilities', 'alpha1@memory'), /vendor_name +\| Scoria/, null, 'what a backend can do')
  await shows(run('work-cleanup', '--host', 'alpha1'), /^No cleanable services/, null, 'nothing to clean')
  const levels = run('service-set-log', 'DEBUG', '--server', 'alpha1').then(() => run('service-get-log'))
  await shows(levels, /cinder-volume +\| alpha1@memory +\| scoria +\| DEBUG/, null, 'how much a host logs')
  await shows(run('summary'), /total_size +\| 3/, null, 'sums')
  await shows(admin('volume', 'backup', 'list'), /^\s*$/, null, 'openstack: no backups')
  const behind = admin('volume', 'list', '--marker', newest, '--limit', '1', '-f', 'value', '-c', 'Name')
  await shows(behind, /^two\s*$/, null, 'openstack: the page behind the newest')
  const failover = await run('failover-host', 'alpha1@memory')
  t.not(failover.code, 0)
  t.match(failover.err, /not replicated/)
})

t.test('a create that finds no room shows its reason in the clients', async (t) => {
  const cluster = await startCluster({ capacityGiB: 5 })
  t.teardown(() => cluster.stop())
  const run = cinder(cluster)
  const id = field(await succeed(run, 'create', '--name', 'big', '50'), 'id')
  await until(cluster.first, id, 'error')
  t.match(await succeed(run, 'list'), new RegExp(`${id} \\| error`))
  const told = await succeed(run, 'message-list', '--resource_uuid', id)
  t.match(told, /CapacityFilter refused 1 pool/)
  await succeed(run, 'message-delete', /\| ([0-9a-f-]{36}) +\|/.exec(told)?.[1] ?? '')
  t.notMatch(await succeed(run, 'message-list'), /CapacityFilter/, 'and is put away')
  await succeed(run, 'delete', 'big')
  await until(cluster.first, id, 'gone')
})
