/** What an owner does with a revert that something comes in between of: a crash, a lost journal, a tool that refuses. */
import t, { type Test } from 'tap'
import type { BackendCall } from '../../../../lib/flows/step.ts'
import { requestId, snapshotId } from '../../../../lib/model/ids.ts'
import { Fleet } from '../fleet.ts'
import { createOn, manifestOf, operate, outcomeOf, PROJECT, volumeNamed } from '../requests.ts'

const SNAPSHOT = snapshotId('11111111-0000-4000-8000-000000000007')
const revert = operate(8, 1, { kind: 'revert', snapshot: SNAPSHOT })

interface Scene {
  readonly fleet: Fleet
  readonly calls: Extract<BackendCall, { kind: 'revert' }>[]
  /** Of the volume and its snapshot. */
  statuses(): readonly (string | undefined)[]
}

/** A volume with a snapshot; what its storage is told to revert comes to no end until `hangs` is taken away. */
function prepared(t: Test): Scene {
  const fleet = new Fleet(manifestOf('abc'))
  const calls: Scene['calls'] = []
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.pass(5000)
  const texts = { user: 'u', name: null, description: null, metadata: {} }
  const snapshot = { id: SNAPSHOT, volume: volumeNamed(1), project: PROJECT, createdAtMs: 7, ...texts }
  t.equal(outcomeOf(fleet.ask('a', operate(7, 1, { kind: 'snapshot', snapshot, bodyHash: 'body', force: false }))()), 'ok')
  fleet.pass(5000)
  fleet.hangs = (call) => call.kind === 'revert' && calls.push(call) > 0
  const volume = () => fleet.host('a').tables.owned.get(volumeNamed(1))?.volume
  return { fleet, calls, statuses: () => [volume()?.status, volume()?.snapshots[0]?.status] }
}

for (const isForgotten of [false, true]) {
  t.test(`a revert that ${isForgotten ? 'a host has forgotten' : 'a crash cut off'} is carried out again under its name`, async (t) => {
    const { fleet, calls, statuses } = prepared(t)
    t.equal(outcomeOf(fleet.ask('b', revert)()), 'ok', 'it is answered when it is begun')
    t.same(statuses(), ['reverting', 'restoring'])
    fleet.pass(1000)
    fleet.stop('a')
    if (isForgotten) fleet.host('a').journal = new Map()
    const hangs = fleet.hangs
    fleet.hangs = (call) => void hangs(call) !== undefined
    fleet.start('a')
    fleet.pass(5000)
    t.same(statuses(), ['available', 'available'])
    const named = requestId('8'.padStart(32, '0'))
    t.match(calls, [
      { rid: named, snapshot: { id: SNAPSHOT } },
      { rid: named, snapshot: { id: SNAPSHOT } },
    ])
    t.equal(calls.length, 2)
  })
}

t.test('while a volume is reverted nothing else begins on it or on the snapshot', async (t) => {
  const { fleet, statuses } = prepared(t)
  t.equal(outcomeOf(fleet.ask('b', revert)()), 'ok')
  for (const [n, operation] of [
    [9, { kind: 'revert', snapshot: SNAPSHOT }],
    [10, { kind: 'extend', sizeGiB: 2, online: true }],
    [11, { kind: 'delete', force: true }],
  ] as const)
    t.equal(outcomeOf(fleet.ask('b', operate(n, 1, operation))()), 'volume-busy', operation.kind)
  t.equal(outcomeOf(fleet.ask('b', operate(12, 1, { kind: 'delete-snapshot', snapshot: SNAPSHOT }))()), 'snapshot-status')
  t.equal(outcomeOf(fleet.ask('b', operate(13, 1, { kind: 'update', name: 'new' }))()), 'ok', 'a name is only a name')
  t.equal(outcomeOf(fleet.ask('c', revert)()), 'ok', 'a repeat is the same request')
  t.same(statuses(), ['reverting', 'restoring'])
})

t.test('a revert that the tool refuses again and again puts the volume in error, and leaves the snapshot', async (t) => {
  const { fleet, calls, statuses } = prepared(t)
  t.equal(outcomeOf(fleet.ask('b', revert)()), 'ok')
  const host = fleet.host('a')
  for (let refusals = 1; statuses()[0] === 'reverting' && refusals < 10; refusals += 1) {
    const [call] = calls.splice(0)
    if (call === undefined) throw new Error('it was not tried again')
    const outcome = { kind: 'failed', tool: 'lvm', detail: 'no' } as const
    fleet.feed(host, { kind: 'backend', job: 'revert', volume: volumeNamed(1), call, outcome })
    fleet.pass(20_000)
  }
  t.same(statuses(), ['error', 'available'])
  t.match(host.tables.owned.get(volumeNamed(1))?.volume.failure, { kind: 'backend', step: 'revert', tool: 'lvm', detail: 'no' })
})
