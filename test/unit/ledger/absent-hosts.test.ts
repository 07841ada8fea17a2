/** Deletes of volumes whose host is away, or lost for good, as their project's register decides them. */
import t from 'tap'
import { drop, emptyCell, putEntry, usedBy } from '../../../lib/model/cell.ts'
import { peerId, type PeerId, poolName, projectId, requestId, reservationId, snapshotId, volumeId } from '../../../lib/model/ids.ts'
import type { Binding, Gone, Intent, LedgerAnswer, LedgerChange, LostSnapshot } from '../../../lib/model/ledger.ts'
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'

const ALPHA = peerId('alpha')
const BETA = peerId('beta')
const DAY_MS = 24 * 60 * 60 * 1000

function register(...lost: readonly PeerId[]) {
  const cell = emptyCell()
  const account = {
    project: projectId('p'),
    cell,
    defaults: { volumes: 3, snapshots: -1, gigabytes: 10, per_volume_gigabytes: -1 },
    isLost: (host: PeerId) => lost.includes(host),
  }
  return {
    cell,
    used: () => usedBy(cell),
    decide(change: LedgerChange): LedgerAnswer {
      const { puts, answer } = evaluate(LEDGER_RULES, account, change)
      for (const put of puts) putEntry(cell, put)
      return answer
    },
  }
}

function binding(volume: string, sizeGiB: number, changes: Partial<Binding> = {}): Binding {
  const spec = {
    id: volumeId(volume),
    project: projectId('p'),
    user: 'u',
    name: null,
    description: null,
    sizeGiB,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    createdAtMs: 0,
  }
  return {
    kind: 'bound',
    rid: requestId(`create ${volume}`),
    volume: spec.id,
    host: ALPHA,
    pool: poolName('alpha', 'b', 'p'),
    reservation: reservationId('1.1'),
    bodyHash: 'body',
    delta: { volumes: 1, snapshots: 0, gigabytes: sizeGiB },
    sizeGiB,
    spec,
    snapshot: null,
    atMs: 0,
    ...changes,
  }
}

/** Not folded yet: the totals of the host know nothing of it. */
function extension(volume: string, from: number, to: number): Binding {
  return binding(volume, to, { rid: requestId(`extend ${volume}`), delta: { volumes: 0, snapshots: 0, gigabytes: to - from }, spec: null })
}

function snapshot(rid: string, volume: string, sizeGiB: number): Binding {
  const texts = { user: 'u', name: null, description: null, metadata: {}, createdAtMs: 0 }
  const spec = { id: snapshotId(rid), volume: volumeId(volume), project: projectId('p'), ...texts }
  const delta = { volumes: 0, snapshots: 1, gigabytes: sizeGiB }
  return binding(volume, sizeGiB, { rid: requestId(rid), delta, spec: null, snapshot: spec })
}

const bind = (of: Binding): LedgerChange => ({ kind: 'bind', binding: of })

function fold(volumes: number, gigabytes: number, settled: readonly string[], seq = 1): LedgerChange {
  const totals = { kind: 'host', host: ALPHA, epoch: 1, seq, usage: { volumes, snapshots: 0, gigabytes } } as const
  return { kind: 'fold', totals, settled: settled.map(requestId), atMs: 1 }
}

/** `recordGiB`: the size that the last known record says. */
function forget(volume: string, recordGiB: number, host = ALPHA, snapshots: readonly LostSnapshot[] = []): LedgerChange {
  const gone: Gone = { kind: 'gone', volume: volumeId(volume), host, delta: { volumes: 1, snapshots: 0, gigabytes: recordGiB }, atMs: 2 }
  return { kind: 'forget', gone, snapshots }
}

function intent(volume: string, rid = 'delete'): Intent {
  return { kind: 'intent', volume: volumeId(volume), rid: requestId(rid), host: ALPHA, atMs: 0 }
}

function contentsOf(answer: LedgerAnswer) {
  if (answer.kind !== 'contents') throw new Error(`a read gives contents, not ${answer.kind}`)
  return answer.contents
}

const READ: LedgerChange = { kind: 'read', about: null }

t.test('the first delete of a volume whose host is away stands; another one means the same', async (t) => {
  const { decide } = register()
  t.match(decide({ kind: 'intend', intent: intent('v', 'first') }), { kind: 'intended', intent: { rid: 'first' } })
  t.match(decide({ kind: 'intend', intent: intent('v', 'second') }), { kind: 'intended', intent: { rid: 'first' } })
  t.same(contentsOf(decide(READ)).intents, [intent('v', 'first')])
})

t.test('a delete that waits for its host frees nothing yet', async (t) => {
  const { decide, used } = register()
  decide(bind(binding('v', 4)))
  decide(fold(1, 4, ['create v']))
  decide({ kind: 'intend', intent: intent('v') })
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4 })
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
  decide(bind(binding('v', 4)))
  t.equal(decide(forget('v', 4)).kind, 'not-lost')
  t.equal(cell.gone.size, 0)
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4 })
})

t.test('a folded volume of a lost host is taken off what its last totals count, once', async (t) => {
  const { decide, used } = register(ALPHA)
  for (const volume of ['v', 'w']) decide(bind(binding(volume, 4)))
  decide(fold(2, 8, ['create v', 'create w']))
  t.equal(decide(forget('v', 4)).kind, 'forgotten')
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4 })
  t.equal(decide(forget('v', 4)).kind, 'forgotten')
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4 }, 'a repeat takes nothing more off')
  t.same(contentsOf(decide(READ)).gone, ['v'])
  decide(forget('w', 4))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0 })
  t.equal(decide(bind(binding('x', 10, { host: BETA }))).kind, 'bound', 'the room is there for others')
})

t.test('a create that the lost host never reported goes with its grant, and takes nothing off besides', async (t) => {
  const { decide, used, cell } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide(fold(1, 4, ['create v']))
  decide(bind(binding('w', 6)))
  t.same(used(), { volumes: 2, snapshots: 0, gigabytes: 10 })
  for (const _ of ['once', 'and again']) decide(forget('w', 6))
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 4 })
  t.equal(cell.bound.size, 0)
  t.match(decide(bind(binding('w', 6))), { kind: 'bound', binding: { kind: 'recent' } }, 'a repeat of the request gets its answer')
})

t.test('an extend that the record shows and the totals do not goes with its grant', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide(fold(1, 4, ['create v']))
  decide(bind(extension('v', 4, 9)))
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 9 })
  decide(forget('v', 9))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('an extend that was bound and never carried out takes nothing off when its volume is forgotten', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide(fold(1, 4, ['create v']))
  decide(bind(extension('v', 4, 9)))
  // The host died before it heard of it: the last record still says 4.
  decide(forget('v', 4))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('create and extend that both were never reported go together', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide(bind(extension('v', 4, 9)))
  decide(forget('v', 9))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('snapshots of a lost host go with their volume: what its totals count of them, and the grants of the others', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide(bind(snapshot('told', 'v', 2)))
  const usage = { volumes: 1, snapshots: 1, gigabytes: 6 }
  const settled = ['create v', 'told'].map(requestId)
  decide({ kind: 'fold', totals: { kind: 'host', host: ALPHA, epoch: 1, seq: 1, usage }, settled, atMs: 1 })
  decide(bind(snapshot('open', 'v', 2)))
  t.same(used(), { volumes: 1, snapshots: 2, gigabytes: 8 })
  const both = ['told', 'open'].map((rid) => ({ rid: requestId(rid), sizeGiB: 2 }))
  decide(forget('v', 4, ALPHA, both))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('a delete that waited for a host which is lost goes with the volume; those of others stay', async (t) => {
  const { decide } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide({ kind: 'intend', intent: intent('v') })
  decide({ kind: 'intend', intent: intent('w') })
  decide(forget('v', 4))
  t.same(contentsOf(decide(READ)).intents, [intent('w')])
})

t.test('a lost host is taken off as long as its totals count, however old that is', async (t) => {
  const { decide, used } = register(ALPHA)
  decide(bind(binding('v', 4)))
  decide(fold(1, 4, ['create v']))
  decide(forget('v', 4))
  const totals = { kind: 'host', host: BETA, epoch: 1, seq: 1, usage: { volumes: 0, snapshots: 0, gigabytes: 0 } } as const
  decide({ kind: 'fold', totals, settled: [], atMs: 100 * DAY_MS })
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('intents and forgotten volumes are kept under keys of their own', async (t) => {
  const cell = emptyCell()
  const gone: Gone = { kind: 'gone', volume: volumeId('v'), host: ALPHA, delta: { volumes: 1, snapshots: 0, gigabytes: 4 }, atMs: 2 }
  for (const entry of [intent('v'), gone]) putEntry(cell, { key: `${entry.kind}/v`, entry })
  t.same([cell.intents.get(volumeId('v')), cell.gone.get(volumeId('v'))], [intent('v'), gone])
  for (const entry of [intent('v'), gone]) putEntry(cell, drop(entry))
  t.same([cell.intents.size, cell.gone.size], [0, 0])
})
