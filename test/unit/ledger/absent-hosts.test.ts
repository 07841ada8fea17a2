/** Deletes of volumes whose host is away, or lost for good, as their project's register decides them. */
import t from 'tap'
import { drop, emptyCell, putEntry } from '../../../lib/model/cell.ts'
import { type PeerId, projectId, requestId, snapshotId, volumeId } from '../../../lib/model/ids.ts'
import type { Binding, Gone, Intent, LedgerAnswer, LedgerChange } from '../../../lib/model/ledger.ts'
import type { Usage } from '../../../lib/model/quota.ts'
import { ALPHA, BETA, bind, grantOf, newRegister, type Register } from './register.ts'

function register(...lost: readonly PeerId[]): Register {
  return newRegister({
    defaults: { volumes: 3, snapshots: -1, gigabytes: 10, per_volume_gigabytes: -1, groups: 10 },
    isLost: (host) => lost.includes(host),
  })
}

/** Not folded yet: the totals of the host know nothing of it. */
function extension(volume: string, from: number, to: number): Binding {
  return grantOf(volume, to, {
    rid: requestId(`extend ${volume}`),
    delta: { volumes: 0, snapshots: 0, gigabytes: to - from, groups: 0 },
    spec: null,
  })
}

function snapshot(rid: string, volume: string, sizeGiB: number): Binding {
  const texts = { user: 'u', name: null, description: null, metadata: {}, createdAtMs: 0 }
  const spec = { id: snapshotId(rid), volume: volumeId(volume), project: projectId('p'), ...texts }
  const delta = { volumes: 0, snapshots: 1, gigabytes: sizeGiB, groups: 0 }
  return grantOf(volume, sizeGiB, { rid: requestId(rid), delta, spec: null, snapshot: spec })
}

function fold(volumes: number, gigabytes: number, settled: readonly string[], seq = 1): LedgerChange {
  const totals = {
    kind: 'host',
    host: ALPHA,
    epoch: 1,
    seq,
    usage: { volumes, snapshots: 0, gigabytes, groups: 0 },
    isFinal: false,
  } as const
  return { kind: 'fold', totals, settled: settled.map(requestId), atMs: 1 }
}

/** What the last log of the host holds at `seq`: sizes by volume (with its snapshots, if it has some), null for a tombstone. `volume`: deleted by its tenant. */
function forget(volume: string | null, log: Readonly<Record<string, number | Usage | null>>, { host = ALPHA, seq = 1 } = {}): LedgerChange {
  const records = Object.entries(log).map(([id, counts]) => ({
    volume: volumeId(id),
    usage: typeof counts === 'number' ? { volumes: 1, snapshots: 0, gigabytes: counts, groups: 0 } : counts,
  }))
  return { kind: 'forget', host, epoch: 1, seq, records, volume: volume === null ? null : volumeId(volume), atMs: 2 }
}

function intent(volume: string, rid = 'delete'): Intent {
  return { kind: 'intent', volume: volumeId(volume), rid: requestId(rid), host: ALPHA, atMs: 0 }
}

function contentsOf(answer: LedgerAnswer) {
  if (answer.kind !== 'contents') throw new Error(`a read gives contents, not ${answer.kind}`)
  return answer.contents
}

/** A volume of 4 GiB and its snapshot. */
const SNAPPED: Usage = { volumes: 1, snapshots: 1, gigabytes: 8, groups: 0 }
const READ: LedgerChange = { kind: 'read', about: null }

t.test('the first delete of a volume whose host is away stands; another one means the same', async (t) => {
  const { decide } = register()
  t.match(decide({ kind: 'intend', intent: intent('v', 'first') }), { kind: 'intended', intent: { rid: 'first' } })
  t.match(decide({ kind: 'intend', intent: intent('v', 'second') }), { kind: 'intended', intent: { rid: 'first' } })
  t.same(contentsOf(decide(READ)).intents, [intent('v', 'first')])
})

t.test('a delete that waits for its host frees nothing yet', async (t) => {
  const { decide, used } = register()
  decide(bind(grantOf('v', 4)))
  decide(fold(1, 4, ['v']))
  decide({ kind: 'intend', intent: intent('v') })
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 })
})

t.test('the owner withdraws the delete that it has seen to, and not a later one', async (t) => {
  const { decide } = register()
  const withdraw = (rid: string): LedgerAnswer => decide({ kind: 'withdraw', volume: volumeId('v'), rid: requestId(rid) })
  decide({ kind: 'intend', intent: intent('v', 'one') })
  withdraw('another')
  t.equal(contentsOf(decide(READ)).intents.length, 1, 'this one was not meant')
  withdraw('one')
  t.same(contentsOf(decide(READ)).intents, [])
  t.equal(withdraw('one').kind, 'absent', 'once more changes nothing')
})

t.test('a volume is forgotten only if the manifest says that its host is lost', async (t) => {
  const { decide, used, cell } = register(BETA)
  decide(bind(grantOf('v', 4)))
  t.equal(decide(forget('v', { v: 4 })).kind, 'not-lost')
  t.equal(cell.gone.size, 0)
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 })
})

t.test('a volume of a lost host counts until its tenant deletes it, and is taken off once', async (t) => {
  const { decide, used } = register(ALPHA)
  for (const volume of ['v', 'w']) decide(bind(grantOf(volume, 4)))
  decide(fold(2, 8, ['v', 'w']))
  const log = { v: 4, w: 4 }
  decide(forget(null, log))
  t.same(used(), { volumes: 2, snapshots: 0, gigabytes: 8, groups: 0 }, 'the loss alone frees nothing')
  for (const title of ['once', 'and a repeat takes nothing more off']) {
    t.equal(decide(forget('v', log)).kind, 'forgotten')
    t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 }, title)
  }
  t.same(contentsOf(decide(READ)).gone, ['v'])
  decide(forget('w', log))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
  t.equal(decide(bind(grantOf('x', 10, { host: BETA }))).kind, 'bound', 'the room is there for others')
})

t.test('what the host did and never reported is counted by its log', async (t) => {
  const table = [
    { title: 'a create', grants: [grantOf('w', 6)], log: { v: 4, w: 6 }, used: { volumes: 2, snapshots: 0, gigabytes: 10, groups: 0 } },
    { title: 'an extend', grants: [extension('v', 4, 9)], log: { v: 9 }, used: { volumes: 1, snapshots: 0, gigabytes: 9, groups: 0 } },
    { title: 'a snapshot', grants: [snapshot('s', 'v', 4)], log: { v: SNAPPED }, used: SNAPPED },
    {
      title: 'a snapshot that was never made',
      grants: [snapshot('s', 'v', 4)],
      log: { v: 4 },
      used: { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 },
    },
    {
      title: 'an extend that was never made',
      grants: [extension('v', 4, 9)],
      log: { v: 4 },
      used: { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 },
    },
    { title: 'a delete', grants: [], log: { v: null }, used: { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 } },
    {
      title: 'a create and its delete',
      grants: [grantOf('w', 6)],
      log: { v: 4, w: null },
      used: { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 },
    },
  ]
  for (const { title, grants, log, used: wanted } of table) {
    const { decide, used, cell } = register(ALPHA)
    decide(bind(grantOf('v', 4)))
    decide(fold(1, 4, ['v']))
    for (const grant of grants) decide(bind(grant))
    decide(forget(null, log, { seq: 7 }))
    t.same(used(), wanted, title)
    t.equal(cell.bound.size, 0, `${title}: the grant has come to its end`)
  }
})

t.test('a create that no log tells of stays granted until it is deleted', async (t) => {
  const { decide, used, cell } = register(ALPHA)
  decide(bind(grantOf('w', 6)))
  decide(forget(null, {}))
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 6, groups: 0 })
  decide(forget('w', {}))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
  t.equal(cell.bound.size, 0)
  t.match(decide(bind(grantOf('w', 6))), { kind: 'bound', binding: { kind: 'recent' } }, 'a repeat of the request gets its answer')
})

t.test('the copy of the log that goes furthest counts; one that is behind decides nothing', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(grantOf('v', 4)))
  decide(fold(1, 4, ['v'], 5))
  t.equal(decide(forget('v', {}, { seq: 4 })).kind, 'behind')
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 })
  decide(forget('v', { v: 4, w: 2 }, { seq: 5 }))
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 2, groups: 0 })
  decide(forget(null, { v: 4, w: 3 }, { seq: 6 }))
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 3, groups: 0 }, 'v stays deleted')
})

t.test('of a host that left only grants are to be ended; where its log ended does not matter, and the manifest must say so', async (t) => {
  const left = register()
  const departed = newRegister({ defaults: left.account.defaults, hasLeft: (host) => host === ALPHA })
  const out = { kind: 'forget', host: ALPHA, epoch: 0, seq: 0, records: [], volume: null, hasLeft: true, atMs: 2 } as const
  for (const { decide } of [left, departed]) {
    decide(fold(0, 0, [], 5))
    for (const grant of [grantOf('v', 4), grantOf('w', 2), snapshot('s', 'x', 4)]) decide(bind(grant))
    decide({ kind: 'intend', intent: intent('w') })
  }
  t.equal(left.decide(out).kind, 'not-lost')
  t.equal(departed.decide(forget(null, {}, { seq: 5 })).kind, 'not-lost', 'it is not lost')
  t.equal(departed.decide(out).kind, 'forgotten')
  t.same([...departed.cell.bound.keys()], ['v'], 'what was promised stays until it is deleted')
  t.same(contentsOf(departed.decide(READ)).gone, ['w'])
  t.equal(departed.decide({ ...out, volume: volumeId('v') }).kind, 'forgotten')
  t.same(departed.used(), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
  t.equal(departed.decide(bind(grantOf('z', 1))).kind, 'closed', 'nothing is granted to it any more')
})

t.test('a lost host that comes back reports nothing and is given nothing', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(grantOf('v', 4)))
  decide(fold(1, 4, ['v']))
  decide(forget('v', { v: 4 }))
  decide(fold(1, 4, [], 99))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
  t.equal(decide(bind(grantOf('x', 1))).kind, 'closed')
})

t.test('a delete that waited for a host which is lost is done by the loss; those of other hosts stay', async (t) => {
  const { decide, used } = register(ALPHA)
  for (const volume of ['v', 'w']) decide(bind(grantOf(volume, 4, volume === 'w' ? { host: BETA } : {})))
  decide({ kind: 'intend', intent: intent('v') })
  decide({ kind: 'intend', intent: { ...intent('w'), host: BETA } })
  decide(forget(null, { v: 4 }))
  t.same(contentsOf(decide(READ)).intents, [{ ...intent('w'), host: BETA }])
  t.same(contentsOf(decide(READ)).gone, ['v'])
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4, groups: 0 })
})

t.test('intents and forgotten volumes are kept under keys of their own', async (t) => {
  const cell = emptyCell()
  const gone: Gone = { kind: 'gone', volume: volumeId('v'), host: ALPHA, atMs: 2 }
  for (const entry of [intent('v'), gone]) putEntry(cell, { key: `${entry.kind}/v`, entry })
  t.same([cell.intents.get(volumeId('v')), cell.gone.get(volumeId('v'))], [intent('v'), gone])
  for (const entry of [intent('v'), gone]) putEntry(cell, drop(entry))
  t.same([cell.intents.size, cell.gone.size], [0, 0])
})
