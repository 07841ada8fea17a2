/** Groups at their owner: what is in them goes with them, whatever comes in between, and what is granted together shows together. */
import t, { type Test } from 'tap'
import type { BackendCall } from '../../../../lib/flows/step.ts'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { type GroupSource, type Holds, memberSnapshotId, memberVolumeId } from '../../../../lib/model/group.ts'
import { attachmentId, groupSnapshotId, peerId, poolName, type VolumeId } from '../../../../lib/model/ids.ts'
import type { Manifest } from '../../../../lib/model/manifest.ts'
import type { TypeUsage, Usage } from '../../../../lib/model/quota.ts'
import type { ClientRequest, Operation } from '../../../../lib/model/request.ts'
import { snapshotOf } from '../../../../lib/model/snapshot.ts'
import type { Volume, VolumeSpec } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, ledger, manifestOf, operate, outcomeOf, volumeNamed } from '../requests.ts'

const TYPE = '00000000-0000-4000-8000-0000000000aa'
const OTHER_TYPE = '00000000-0000-4000-8000-0000000000bb'
const HOLDS: Holds = { groupType: '00000000-0000-4000-8000-0000000000cc', volumeTypes: [TYPE], source: null, members: [] }
const TYPED = { type: 't', typeId: TYPE }
const GROUP = 1
const SNAPSHOT = groupSnapshotId('99999999-0000-4000-8000-000000000001')
const NOTHING = { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }

function manifest(groups = -1): Manifest {
  const plain = manifestOf('abc')
  const types = [TYPE, OTHER_TYPE].map((id, n) => ({ id, name: 'tu'[n] ?? '', description: null, extraSpecs: {} }))
  return { ...plain, types, limits: { ...plain.limits, groups } }
}

function started(groups?: number): Fleet {
  const fleet = new Fleet(manifest(groups))
  fleet.startAll()
  return fleet
}

const asGroup = { sizeGiB: 0, holds: HOLDS }

/** A request for a volume on the host of a group, in it or not. */
function inGroup(n: number, group: number | null = GROUP, spec: Partial<VolumeSpec> = {}): ClientRequest {
  const place = { owner: peerId('a'), pool: poolName('a', 'fake', 'p') }
  const of = group === null ? {} : { group: volumeNamed(group) }
  return { ...create(n, { ...TYPED, ...of, ...spec }), sourceAt: place }
}

/** A group on host `a` with volumes 2 and 3 in it. */
function filled(t: Test): Fleet {
  const fleet = started()
  createOn(fleet, 'a', GROUP, 'a', asGroup)
  for (const n of [2, 3]) t.equal(ask(fleet, 'b', inGroup(n)), 'ok')
  fleet.pass(2000)
  return fleet
}

function ask(fleet: Fleet, by: string, request: ClientRequest): string {
  const answer = fleet.ask(by, request)
  for (let tries = 0; answer() === undefined && tries < 40; tries += 1) fleet.pass(200)
  return outcomeOf(answer())
}

const change = (n: number, operation: Operation, by: Fleet, through = 'b') => ask(by, through, operate(n, GROUP, operation))
const recordOf = (fleet: Fleet, id: VolumeId): Volume | undefined => fleet.host('a').tables.owned.get(id)?.volume
const shownAt = (fleet: Fleet, host: string, n: number): Volume | undefined =>
  fleet.host(host).tables.view.volumes.get(volumeNamed(n))?.volume
const remove = (cascade: boolean): Operation => ({ kind: 'delete', force: false, ...(cascade ? { cascade } : {}) })
const snap: Operation = {
  kind: 'group-snapshot',
  groupSnapshot: { id: SNAPSHOT, name: 'before', description: null, user: 'u', createdAtMs: 1 },
  bodyHash: 'b',
}
/** By groups, and so much of their one type. */
const usedBy = (of: TypeUsage, groups = 1): Usage => ({ ...of, groups, types: { [TYPE]: of } })
const isTaking = (call: { readonly kind: string }): call is Extract<BackendCall, { kind: 'create-snapshot' }> =>
  call.kind === 'create-snapshot'

t.test('a group has no bytes, counts as one, and its quota is given out once', async (t) => {
  const fleet = started(1)
  t.equal(ask(fleet, 'b', create(1, asGroup)), 'ok')
  t.equal(ask(fleet, 'c', create(2, asGroup)), 'over-quota', 'while the grant is open')
  fleet.pass(5000)
  t.equal(ask(fleet, 'c', create(3, asGroup)), 'over-quota', 'when the host’s totals have it')
  t.same(ledger(fleet, 'a').used, { ...NOTHING, groups: 1 })
  for (const host of fleet.hosts.values()) t.equal(host.volumes.size, 0)
  t.match(shownAt(fleet, 'c', 1), { status: 'available', holds: HOLDS })
})

t.test('what a group does not take is refused, and leaves nothing behind', async (t) => {
  const fleet = filled(t)
  t.equal(ask(fleet, 'b', inGroup(4, GROUP, { type: 'u', typeId: OTHER_TYPE })), 'group-type')
  t.equal(ask(fleet, 'b', inGroup(5, 9)), 'group-not-found')
  t.equal(ask(fleet, 'b', inGroup(6, 2)), 'group-not-found', 'a volume is no group')
  t.equal(change(20, { kind: 'update', name: 'n' }, fleet), 'volume-not-found', 'and a group is no volume')
  t.equal(ask(fleet, 'b', operate(21, 2, { kind: 'delete', force: true })), 'volume-in-group')
  t.equal(ask(fleet, 'b', operate(22, 2, { kind: 'unmanage' })), 'volume-in-group')
  t.equal(change(23, remove(false), fleet), 'group-has-volumes')
  t.same(ledger(fleet, 'b').used, usedBy({ volumes: 2, snapshots: 0, gigabytes: 2 }))
})

t.test('what is about to get another type is put into no group', async (t) => {
  const fleet = filled(t)
  t.equal(ask(fleet, 'b', inGroup(4, null)), 'ok')
  fleet.pass(2000)
  fleet.loses = ({ message }) => message.kind === 'commit'
  fleet.ask('b', operate(20, 4, { kind: 'retype', typeId: OTHER_TYPE, typeVersion: 0, mayMove: false }))
  fleet.pass(100)
  t.equal(change(21, { kind: 'change-group', add: [volumeNamed(4)], remove: [] }, fleet), 'volume-busy')
  fleet.loses = () => false
  fleet.pass(90_000)
  t.match(shownAt(fleet, 'c', 4), { typeId: OTHER_TYPE })
  t.equal(change(22, { kind: 'change-group', add: [volumeNamed(4)], remove: [] }, fleet), 'group-volume')
})

t.test('volumes are put in and taken out, where they lie on its backend', async (t) => {
  const fleet = filled(t)
  t.equal(ask(fleet, 'b', inGroup(4, null)), 'ok')
  createOn(fleet, 'b', 5, 'b', TYPED)
  createOn(fleet, 'a', 6, 'a', { type: 'u', typeId: OTHER_TYPE })
  const move = (n: number, add: readonly number[], out: readonly number[] = []) =>
    change(n, { kind: 'change-group', add: add.map(volumeNamed), remove: out.map(volumeNamed) }, fleet)
  t.equal(move(30, [5]), 'group-volume', 'on another host')
  t.equal(move(31, [6]), 'group-volume', 'of another type')
  t.equal(move(32, [9]), 'group-volume', 'not there')
  t.equal(move(33, [], [4]), 'group-volume', 'not in it')
  t.equal(move(34, [4], [4]), 'group-volume', 'in and out')
  t.equal(move(35, [2]), 'group-unchanged', 'in it already')
  t.equal(move(36, [4], [2, 3]), 'ok')
  for (const host of ['a', 'b', 'c'])
    t.same(
      [2, 3, 4].map((n) => shownAt(fleet, host, n)?.group),
      [undefined, undefined, volumeNamed(GROUP)],
      `at ${host}`,
    )
  t.equal(ask(fleet, 'b', operate(37, 2, { kind: 'delete', force: false })), 'ok', 'out of it, it goes alone')
})

for (const forgets of [false, true])
  t.test(`a delete that an owner ${forgets ? 'has forgotten' : 'died at'} takes every volume along`, async (t) => {
    const fleet = filled(t)
    const host = fleet.host('a')
    fleet.hangs = (call) => call.kind === 'remove' && call.volume === volumeNamed(3)
    t.equal(change(40, remove(true), fleet), 'ok')
    t.match(recordOf(fleet, volumeNamed(GROUP)), { status: 'deleting' }, 'the group waits for its volumes')
    fleet.pass(1000)
    t.equal(recordOf(fleet, volumeNamed(2)), undefined)
    t.match(recordOf(fleet, volumeNamed(3)), { status: 'deleting' })
    fleet.stop('a')
    if (forgets) host.journal = new Map()
    fleet.hangs = () => false
    fleet.start('a')
    fleet.pass(20_000)
    t.same([host.volumes.size, host.tables.owned.size], [0, 0])
    t.same(ledger(fleet, 'b').used, NOTHING)
  })

t.test('a volume that will not go keeps its group, in error, until both are deleted again', async (t) => {
  const fleet = filled(t)
  const host = fleet.host('a')
  const calls: Extract<BackendCall, { kind: 'remove' }>[] = []
  fleet.hangs = (call) => call.kind === 'remove' && call.volume === volumeNamed(3) && calls.push(call) > 0
  t.equal(change(40, remove(true), fleet), 'ok')
  for (let refusals = 0; recordOf(fleet, volumeNamed(3))?.status === 'deleting' && refusals < 10; refusals += 1) {
    const [call] = calls.splice(0)
    if (call === undefined) throw new Error('it was not tried again')
    fleet.feed(host, {
      kind: 'backend',
      job: 'delete',
      volume: volumeNamed(3),
      call,
      outcome: { kind: 'failed', tool: 'lvm', detail: 'busy' },
    })
    fleet.pass(20_000)
  }
  t.match(recordOf(fleet, volumeNamed(3)), { status: 'error_deleting', group: volumeNamed(GROUP) })
  t.match(recordOf(fleet, volumeNamed(GROUP)), { status: 'error', failure: { kind: 'backend', step: 'delete' } })
  fleet.hangs = () => false
  t.equal(change(41, remove(true), fleet), 'ok')
  fleet.pass(5000)
  t.same([host.volumes.size, host.tables.owned.size], [0, 0])
})

t.test('a delete that was promised while the owner was away takes the volumes along', async (t) => {
  const fleet = filled(t)
  fleet.stop('a')
  t.equal(change(40, remove(false), fleet), 'owner-unreachable', 'it is not empty, by all that is known')
  t.equal(change(41, remove(true), fleet, 'c'), 'ok')
  t.match(ledger(fleet, 'b').intents, [{ volume: volumeNamed(GROUP), cascade: true }])
  t.equal(ask(fleet, 'b', operate(42, 2, { kind: 'delete', force: false })), 'owner-unreachable', 'what is in it is not promised alone')
  fleet.start('a')
  fleet.pass(5000)
  t.equal(fleet.host('a').volumes.size, 0)
  fleet.pass(2 * TIMINGS.watchMs)
  const { intents, used } = ledger(fleet, 'b')
  t.same([intents, used], [[], NOTHING])
})

t.test('a promised delete whose volume was attached meanwhile is refused, whole', async (t) => {
  const fleet = filled(t)
  for (const other of ['b', 'c']) fleet.cut('a', other)
  const connector = { initiator: 'iqn.x:y', host: null, ip: null, multipath: false, mountpoint: null }
  const attachment = attachmentId(volumeNamed(700))
  const attach: Operation = { kind: 'attach', attachment, instance: null, mode: 'rw', connector, mountpoint: null }
  t.equal(outcomeOf(fleet.ask('a', operate(50, 3, attach))()), 'ok')
  t.equal(change(51, remove(true), fleet), 'ok')
  fleet.pass(500)
  for (const other of ['b', 'c']) fleet.mend('a', other)
  fleet.pass(2 * TIMINGS.watchMs)
  t.equal(fleet.host('a').volumes.size, 2)
  t.match(shownAt(fleet, 'c', GROUP), { status: 'available', failure: { kind: 'delete-refused' } })
  t.match(shownAt(fleet, 'c', 2), { status: 'available', group: volumeNamed(GROUP) })
  t.same(ledger(fleet, 'b').intents, [])
})

t.test('no volume is made in a group on its way out, and no group goes while one is being made in it', async (t) => {
  const fleet = filled(t)
  fleet.hangs = (call) => call.kind === 'create'
  t.equal(ask(fleet, 'b', inGroup(4)), 'ok')
  t.equal(change(60, remove(true), fleet), 'volume-busy')
  fleet.hangs = (call) => call.kind === 'remove'
  fleet.pass(1000)
  fleet.stop('a')
  fleet.start('a')
  fleet.pass(5000)
  t.match(recordOf(fleet, volumeNamed(4)), { status: 'available', group: volumeNamed(GROUP) })
  t.equal(change(61, remove(true), fleet), 'ok')
  t.equal(ask(fleet, 'c', inGroup(5)), 'group-status')
  t.notOk(
    ledger(fleet, 'b').bound.some(({ volume }) => volume === volumeNamed(5)),
    'and nothing is granted',
  )
})

for (const forgets of [false, true])
  t.test(
    `between two parts of a group snapshot its owner ${forgets ? 'forgets' : 'dies'}: it is whole in the end, and shows no part before`,
    async (t) => {
      const fleet = filled(t)
      const host = fleet.host('a')
      fleet.hangs = (call) => isTaking(call) && call.snapshot.volume === volumeNamed(3)
      t.equal(change(70, snap, fleet), 'ok')
      fleet.pass(1000)
      t.equal(host.snapshots.size, 1, 'one part is taken')
      const parts = (): readonly unknown[] =>
        [2, 3].map(
          (n) => snapshotOf(recordOf(fleet, volumeNamed(n)) ?? { snapshots: [] }, memberSnapshotId(SNAPSHOT, volumeNamed(n)))?.status,
        )
      t.same(parts(), ['creating', 'creating'])
      t.same(ledger(fleet, 'c').used, usedBy({ volumes: 2, snapshots: 2, gigabytes: 4 }), 'both count, once')
      t.equal(change(71, remove(true), fleet), 'volume-busy')
      fleet.stop('a')
      if (forgets) host.journal = new Map()
      fleet.hangs = () => false
      fleet.start('a')
      fleet.pass(20_000)
      t.same(parts(), ['available', 'available'])
      t.match(recordOf(fleet, volumeNamed(GROUP))?.groupSnapshots, [{ id: SNAPSHOT, status: 'available', members: { length: 2 } }])
      t.same(ledger(fleet, 'c').used, usedBy({ volumes: 2, snapshots: 2, gigabytes: 4 }))
      const part = memberSnapshotId(SNAPSHOT, volumeNamed(2))
      t.equal(ask(fleet, 'b', operate(72, 2, { kind: 'delete-snapshot', snapshot: part })), 'snapshot-in-group')
      t.equal(ask(fleet, 'b', operate(75, 2, { kind: 'unmanage-snapshot', snapshot: part })), 'snapshot-in-group')
      t.equal(change(73, remove(true), fleet), 'group-has-snapshots')
      t.equal(change(74, { kind: 'delete-group-snapshot', groupSnapshot: SNAPSHOT }, fleet), 'ok')
      fleet.pass(20_000)
      t.equal(host.snapshots.size, 0)
      t.same(recordOf(fleet, volumeNamed(GROUP))?.groupSnapshots, [])
      t.same(ledger(fleet, 'c').used, usedBy({ volumes: 2, snapshots: 0, gigabytes: 2 }))
    },
  )

t.test('a part that the tool refuses leaves the group snapshot in error, and all of it can be deleted', async (t) => {
  const fleet = filled(t)
  const host = fleet.host('a')
  fleet.hangs = (call) => {
    if (!isTaking(call) || call.snapshot.volume !== volumeNamed(3)) return false
    fleet.feed(host, {
      kind: 'backend',
      job: 'snapshot',
      volume: volumeNamed(3),
      call,
      outcome: { kind: 'failed', tool: 'lvm', detail: 'no' },
    })
    return true
  }
  t.equal(change(70, snap, fleet), 'ok')
  fleet.pass(5000)
  t.match(recordOf(fleet, volumeNamed(GROUP)), { status: 'available', groupSnapshots: [{ status: 'error' }] })
  t.match(recordOf(fleet, volumeNamed(2))?.snapshots, [{ status: 'available' }])
  t.match(recordOf(fleet, volumeNamed(3))?.snapshots, [{ status: 'error', failure: { tool: 'lvm' } }])
  t.equal(change(71, { kind: 'delete-group-snapshot', groupSnapshot: SNAPSHOT }, fleet), 'ok')
  fleet.pass(20_000)
  t.same(recordOf(fleet, volumeNamed(GROUP))?.groupSnapshots, [])
})

t.test('the volumes that a group begins with show together, and their source stays until they do', async (t) => {
  const fleet = filled(t)
  const copy = volumeNamed(8)
  const members = [2, 3].map((n) => {
    const source = { kind: 'volume', volume: volumeNamed(n) } as const
    return { id: memberVolumeId(copy, volumeNamed(n)), sizeGiB: 1, source, ...TYPED, multiattach: false }
  })
  const source: GroupSource = { kind: 'group', group: volumeNamed(GROUP) }
  const place = { owner: peerId('a'), pool: poolName('a', 'fake', 'p') }
  const request = (n: number, some = members): ClientRequest => ({
    ...create(n, { sizeGiB: 0, holds: { ...HOLDS, source, members: some } }),
    sourceAt: place,
  })
  t.equal(ask(fleet, 'b', request(9, members.slice(1))), 'volume-busy', 'not what is in it')
  fleet.hangs = (call) => call.kind === 'copy' && call.source.kind === 'volume' && call.source.volume === volumeNamed(3)
  t.equal(ask(fleet, 'b', request(8)), 'ok')
  fleet.pass(1000)
  const statuses = (): readonly unknown[] => [copy, ...members.map(({ id }) => id)].map((id) => recordOf(fleet, id)?.status)
  t.same(statuses(), ['creating', 'creating', 'creating'])
  t.same(ledger(fleet, 'c').used, usedBy({ volumes: 4, snapshots: 0, gigabytes: 4 }, 2))
  t.equal(change(80, remove(true), fleet), 'volume-busy', 'it is being copied')
  fleet.stop('a')
  fleet.hangs = () => false
  fleet.start('a')
  fleet.pass(10_000)
  t.same(statuses(), ['available', 'available', 'available'])
  for (const { id } of members) t.equal(recordOf(fleet, id)?.group, copy)
  t.same(ledger(fleet, 'c').used, usedBy({ volumes: 4, snapshots: 0, gigabytes: 4 }, 2))
})
