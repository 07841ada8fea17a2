/** Bodies that clients of Cinder parse, key by key: at both ends of the range of microversions. */
import t from 'tap'
import type { Attachment, Connection } from '../../../../lib/model/attachment.ts'
import type { HostView } from '../../../../lib/model/host.ts'
import { attachmentId, peerId, poolName, projectId, requestId, snapshotId, volumeId } from '../../../../lib/model/ids.ts'
import type { PoolView } from '../../../../lib/model/placement.ts'
import type { Snapshot } from '../../../../lib/model/snapshot.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { attachmentDetail, attachmentSummary } from '../../../../lib/wire/cinder/attachment.ts'
import { cinderDate, parseCinderDate } from '../../../../lib/wire/cinder/dates.ts'
import { faultBody } from '../../../../lib/wire/cinder/fault.ts'
import { messageBody, messageOf } from '../../../../lib/wire/cinder/message.ts'
import { poolDetail, poolSummary } from '../../../../lib/wire/cinder/pool.ts'
import { limitsBody, quotaSetBody } from '../../../../lib/wire/cinder/quota.ts'
import { serviceRows } from '../../../../lib/wire/cinder/service.ts'
import { snapshotBody, snapshotDetail, snapshotSummary } from '../../../../lib/wire/cinder/snapshot.ts'
import { versionsBody } from '../../../../lib/wire/cinder/versions.ts'
import { volumeDetail, volumeShape, volumeSummary } from '../../../../lib/wire/cinder/volume.ts'
import { volumeTypeBody } from '../../../../lib/wire/cinder/volume-type.ts'
import { zonesBody } from '../../../../lib/wire/cinder/zone.ts'
import { golden } from './golden.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const ADMIN = { isAdmin: true, seesHosts: true }
const BASE = { root: 'http://192.0.2.7:8776', project: 'p1' }
const PEER = peerId('12D3KooWPeer')
const POOL = poolName('alpha', 'lvm', 'fast')
const VOLUME = volumeId('6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001')

const attachment: Attachment = {
  id: attachmentId('6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0002'),
  volume: VOLUME,
  status: 'attached',
  export: 'exported',
  generation: 3,
  instance: '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003',
  mode: 'rw',
  connector: { initiator: 'iqn.1993-08.org.debian:01:a', host: 'compute1', ip: '192.0.2.9', multipath: false, mountpoint: '/dev/vdb' },
  mountpoint: null,
  attachedAtMs: AT,
}
const waiting: Attachment = {
  ...attachment,
  id: attachmentId('6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0004'),
  status: 'reserved',
  export: 'none',
  generation: 0,
  connector: null,
  attachedAtMs: null,
}
const connection: Connection = {
  portal: '192.0.2.1:3260',
  iqn: 'iqn.2026-01.io.scoria:volume-x-3',
  lun: 1,
  username: 'chap-user',
  password: 'chap-password',
}

const volume: Volume = {
  id: VOLUME,
  project: projectId('p1'),
  user: 'u1',
  name: 'data',
  description: null,
  sizeGiB: 5,
  zone: null,
  type: '__DEFAULT__',
  typeId: '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0005',
  metadata: { purpose: 'test' },
  multiattach: false,
  source: null,
  createdAtMs: AT,
  status: 'in-use',
  rid: requestId('00112233445566778899aabbccddeeff'),
  owner: PEER,
  pool: POOL,
  availabilityZone: 'zone-1',
  updatedAtMs: AT + 1000,
  attachments: [attachment, waiting],
  snapshots: [],
  detached: [],
  transfer: null,
  failure: null,
}

const pool: PoolView = {
  name: POOL,
  peer: PEER,
  zone: 'zone-1',
  state: 'up',
  capabilities: {
    total_capacity_gb: 100,
    free_capacity_gb: 60,
    provisioned_capacity_gb: 40,
    storage_protocol: ['iSCSI', 'iscsi'],
    thin_provisioning_support: true,
  },
  queue: 0,
}
const host: HostView = { peer: PEER, name: 'alpha', zone: 'zone-1', voter: true, state: 'up', lastBeatMs: AT, beat: null }

t.test('a volume has the fixed keys of 3.0 and of 3.71, and only attachments that are attached', async (t) => {
  golden(t, 'volume-3.0', volumeDetail(volume, 0, BASE, ADMIN))
  golden(t, 'volume-3.71', volumeDetail(volume, 71, BASE, ADMIN))
  golden(t, 'volume-summary', volumeSummary(volume, BASE))
})

t.test('keys come at their own microversion and never go', async (t) => {
  const since: Record<string, number> = {
    group_id: 13,
    provider_id: 21,
    shared_targets: 48,
    service_uuid: 48,
    cluster_name: 61,
    volume_type_id: 63,
    consumes_quota: 65,
  }
  const always = Object.keys(volumeDetail(volume, 0, BASE, ADMIN))
  for (let minor = 0; minor <= 71; minor += 1) {
    const expected = [...always, ...Object.keys(since).filter((key) => (since[key] ?? 0) <= minor)].sort()
    t.same(Object.keys(volumeDetail(volume, minor, BASE, ADMIN)).sort(), expected, `keys at 3.${minor}`)
  }
  t.notSame(volumeShape(12, ADMIN), volumeShape(13, ADMIN), 'versions with different keys are different shapes')
  t.equal(volumeShape(14, ADMIN), volumeShape(20, ADMIN), 'versions with equal keys are one shape')
})

t.test('where a volume lies is for admins, and who uses it for admins and services', async (t) => {
  const keys = (viewer: typeof ADMIN) => Object.keys(volumeDetail(volume, 71, BASE, viewer))
  const hidden = keys(ADMIN).filter((key) => !keys({ isAdmin: false, seesHosts: false }).includes(key))
  t.same(hidden, [
    'migration_status',
    'provider_id',
    'cluster_name',
    'os-vol-host-attr:host',
    'os-vol-mig-status-attr:migstat',
    'os-vol-mig-status-attr:name_id',
  ])
  const hostsSeen = (viewer: typeof ADMIN) => JSON.stringify(volumeDetail(volume, 71, BASE, viewer)).includes('"host_name":"compute')
  t.ok(hostsSeen({ isAdmin: false, seesHosts: true }))
  t.notOk(hostsSeen({ isAdmin: false, seesHosts: false }))
  const shapes = [ADMIN, { isAdmin: false, seesHosts: true }, { isAdmin: false, seesHosts: false }].map((viewer) => volumeShape(71, viewer))
  t.equal(new Set(shapes).size, 3, 'each of them has a shape of its own')
})

t.test('a volume that found no room has no host', async (t) => {
  const body = new Map(
    Object.entries(volumeDetail({ ...volume, owner: null, pool: null, status: 'error', attachments: [] }, 71, BASE, ADMIN)),
  )
  t.equal(body.get('os-vol-host-attr:host'), null)
  t.equal(body.get('status'), 'error')
})

t.test('an attachment as a resource, with the keys that os-brick reads', async (t) => {
  golden(t, 'attachment', attachmentDetail(attachment, { connection, qosSpecs: null }))
  golden(t, 'attachment-reserved', attachmentDetail(waiting, null))
  golden(t, 'attachment-summary', attachmentSummary(attachment))
})

t.test('services and pools', async (t) => {
  golden(
    t,
    'services-3.0',
    serviceRows(host, [pool], [], 0).map((row) => row.body),
  )
  golden(
    t,
    'services-3.71',
    serviceRows(host, [pool], [], 71).map((row) => row.body),
  )
  golden(
    t,
    'services-down',
    serviceRows({ ...host, state: 'down', lastBeatMs: null }, [], [], 71).map((row) => row.body),
  )
  golden(t, 'pool', poolDetail(pool, AT))
  golden(t, 'pool-summary', poolSummary(pool))
})

t.test('two pools of one backend are one service, which is up while one of them is', async (t) => {
  const other = { ...pool, name: poolName('alpha', 'lvm', 'slow'), state: 'stalled' as const }
  const rows = serviceRows(host, [other, pool], [], 71)
  t.same(
    rows.map((row) => [row.binary, row.host]),
    [
      ['cinder-scheduler', 'alpha'],
      ['cinder-volume', 'alpha@lvm'],
    ],
  )
  t.match(rows[1]?.body, { backend_state: 'up' })
})

t.test('a snapshot has the fixed keys of 3.0 and of 3.71; where it stands and whose it is only where it is shown', async (t) => {
  const snapshot: Snapshot = {
    id: snapshotId('6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0009'),
    volume: VOLUME,
    project: projectId('p1'),
    user: 'u1',
    name: 'before',
    description: null,
    metadata: { purpose: 'upgrade' },
    createdAtMs: AT,
    status: 'available',
    sizeGiB: 3,
    rid: requestId('0'),
    bodyHash: 'h',
    updatedAtMs: AT,
    revert: null,
    failure: null,
  }
  golden(t, 'snapshot-3.0', snapshotDetail(snapshot, 0))
  golden(t, 'snapshot-3.71', snapshotDetail(snapshot, 71))
  golden(t, 'snapshot-made', snapshotBody(snapshot, 71))
  golden(t, 'snapshot-summary', snapshotSummary(snapshot))
})

t.test('quota, limits, types, zones, versions', async (t) => {
  const limits = { volumes: 10, snapshots: 10, gigabytes: 1000, per_volume_gigabytes: -1, groups: 10 }
  const type = { id: '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0005', name: 'fast', description: null, extraSpecs: { volume_backend_name: 'fast' } }
  golden(t, 'limits', limitsBody(limits, { volumes: 2, snapshots: 1, gigabytes: 7, groups: 0 }))
  golden(t, 'quota-set', quotaSetBody({ project: 'p1', limits, used: null, types: [type] }))
  golden(
    t,
    'quota-set-usage',
    quotaSetBody({ project: 'p1', limits, used: { volumes: 2, snapshots: 1, gigabytes: 7, groups: 0 }, types: [type] }),
  )
  golden(t, 'volume-type', volumeTypeBody({ ...type, isPublic: true, access: [], encryption: null, qosId: null, version: 0 }, true))
  golden(t, 'zones', zonesBody([host, { ...host, zone: 'zone-0', state: 'down' }]))
  golden(t, 'versions', versionsBody('http://192.0.2.7:8776'))
})

t.test('the message of a volume without room counts the pools that each filter refused, and names them for an admin', async (t) => {
  const rejected = [
    { pool: POOL, filter: 'CapacityFilter', reported: '1 GiB', needed: '5 GiB' },
    { pool: poolName('beta', 'lvm', 'fast'), filter: 'AvailabilityZoneFilter', reported: 'zone-2', needed: 'zone-1' },
    { pool: poolName('gamma', 'lvm', 'fast'), filter: 'CapacityFilter', reported: '2 GiB', needed: '5 GiB' },
  ]
  const facts = { kind: 'no-room', rejected } as const
  golden(t, 'message', messageBody(messageOf(volume, facts, '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0006', true), BASE))
  const { text } = messageOf(volume, facts, 'id', false)
  t.match(text, /AvailabilityZoneFilter refused 1 pool, CapacityFilter refused 2 pools/)
  t.notMatch(text, /beta/, 'a tenant does not learn the names of hosts')
})

t.test('every error has the name of its code', async (t) => {
  const names = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 500, 501, 503].map((code) => [
    code,
    Object.keys(faultBody(code, ''))[0],
  ])
  golden(t, 'fault-names', names)
  t.same(faultBody(413, 'too much'), { overLimit: { code: 413, message: 'too much', retryAfter: '0' } })
})

t.test('dates have six decimals and no zone, as clients in Go parse them', async (t) => {
  t.equal(cinderDate(AT), '2026-01-02T03:04:05.678000')
  t.equal(cinderDate(0), '1970-01-01T00:00:00.000000')
  t.equal(parseCinderDate(cinderDate(AT)), AT, 'what is written can be read')
  t.equal(parseCinderDate('2026-01-02'), Date.UTC(2026, 0, 2))
  t.equal(parseCinderDate('2026-01-02T03:04:05Z'), Date.UTC(2026, 0, 2, 3, 4, 5))
  for (const wrong of ['', 'yesterday', '2026-13-40', '2026-01-02T25:00:00']) t.equal(parseCinderDate(wrong), null, wrong)
})
