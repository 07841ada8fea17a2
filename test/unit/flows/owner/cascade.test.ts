/** A volume that goes with its snapshots, and what comes in between. */
import t, { type Test } from 'tap'
import type { BackendCall } from '../../../../lib/flows/step.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { createOn, ledger, manifestOf, operate, outcomeOf, snapshotNamed, take, volumeNamed } from '../requests.ts'

const cascade = (n: number) => operate(n, 1, { kind: 'delete', force: false, cascade: true })
const NOTHING = { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }

interface Scene {
  readonly fleet: Fleet
  volume(): Volume | undefined
}

/** A volume with two snapshots. */
function prepared(t: Test): Scene {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  for (const n of [7, 8]) {
    t.equal(outcomeOf(fleet.ask('a', take(n, 1))()), 'ok')
    fleet.pass(5000)
  }
  return { fleet, volume: () => fleet.host('a').tables.owned.get(volumeNamed(1))?.volume }
}

const isRemoval = (call: { readonly kind: string }): call is Extract<BackendCall, { kind: 'remove-snapshot' }> =>
  call.kind === 'remove-snapshot'

for (const forgets of [false, true])
  t.test(`what an owner has begun that ${forgets ? 'has forgotten' : 'has died'} is gone on with, and is no more in the end`, async (t) => {
    const { fleet, volume } = prepared(t)
    const host = fleet.host('a')
    fleet.hangs = isRemoval
    t.equal(outcomeOf(fleet.ask('b', cascade(20))()), 'ok', 'it is answered when it is begun')
    t.match(volume(), { status: 'deleting', snapshots: [{ status: 'deleting' }, { status: 'deleting' }] })
    fleet.pass(1000)
    t.ok(host.volumes.has(volumeNamed(1)), 'the volume waits for its snapshots')
    fleet.stop('a')
    if (forgets) host.journal = new Map()
    fleet.hangs = () => false
    fleet.start('a')
    fleet.pass(20_000)
    t.equal(volume(), undefined)
    t.same([host.snapshots.size, host.volumes.size], [0, 0])
    t.same(ledger(fleet, 'b').used, NOTHING)
  })

t.test('a snapshot that will not go holds its volume, in error_deleting, until it is asked for again', async (t) => {
  const { fleet, volume } = prepared(t)
  const host = fleet.host('a')
  const calls: Extract<BackendCall, { kind: 'remove-snapshot' }>[] = []
  fleet.hangs = (call) => isRemoval(call) && call.snapshot.id === snapshotNamed(8) && calls.push(call) > 0
  t.equal(outcomeOf(fleet.ask('b', cascade(20))()), 'ok')
  for (let refusals = 0; volume()?.status === 'deleting' && refusals < 10; refusals += 1) {
    const [call] = calls.splice(0)
    if (call === undefined) throw new Error('it was not tried again')
    const outcome = { kind: 'failed', tool: 'lvm', detail: 'busy' } as const
    fleet.feed(host, { kind: 'backend', job: `unsnap/${snapshotNamed(8)}`, volume: volumeNamed(1), call, outcome })
    fleet.pass(20_000)
  }
  t.match(volume(), {
    status: 'error_deleting',
    failure: { kind: 'backend', step: 'delete', tool: 'lvm', detail: 'busy' },
    snapshots: [{ id: snapshotNamed(8), status: 'error_deleting' }],
  })
  t.ok(host.volumes.has(volumeNamed(1)))
  fleet.hangs = () => false
  t.equal(outcomeOf(fleet.ask('b', operate(21, 1, { kind: 'delete', force: true }))()), 'volume-has-snapshots', 'force is no cascade')
  t.equal(outcomeOf(fleet.ask('b', cascade(22))()), 'ok')
  fleet.pass(20_000)
  t.equal(volume(), undefined)
  t.same(ledger(fleet, 'b').used, NOTHING)
})

t.test('a snapshot that was never made is no volume’s source by an operator’s word', async (t) => {
  const { fleet, volume } = prepared(t)
  const host = fleet.host('a')
  fleet.hangs = (call) => {
    if (call.kind !== 'create-snapshot') return false
    const outcome = { kind: 'failed', tool: 'lvm', detail: 'no' } as const
    fleet.feed(host, { kind: 'backend', job: `snapshot/${call.snapshot.id}`, volume: volumeNamed(1), call, outcome })
    return true
  }
  fleet.ask('a', take(9, 1))
  fleet.pass(60_000)
  t.match(volume()?.snapshots.at(-1), { id: snapshotNamed(9), status: 'error', failure: { step: 'create' } })
  const reset = (n: number, to: 'available' | 'error_deleting', snapshot = snapshotNamed(9)) =>
    outcomeOf(fleet.ask('b', operate(n, 1, { kind: 'reset-snapshot', snapshot, status: to }))())
  t.equal(reset(30, 'available'), 'snapshot-status')
  t.equal(reset(31, 'error_deleting'), 'ok')
  t.equal(reset(32, 'available', snapshotNamed(7)), 'ok', 'one that is there may be called what it is')
})
