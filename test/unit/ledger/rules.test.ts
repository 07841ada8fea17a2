import t from 'tap'
import { requestId, reservationId, snapshotId, volumeId } from '../../../lib/model/ids.ts'
import type { Binding, HostTotals, LedgerAnswer, LedgerChange, Unplaced } from '../../../lib/model/ledger.ts'
import type { Limits } from '../../../lib/model/quota.ts'
import { ALPHA, BETA, bind, grantOf, newRegister, type Register } from './register.ts'

const LIMITS: Limits = { volumes: 3, snapshots: -1, gigabytes: 10, per_volume_gigabytes: 8, groups: 10 }

function register(limits: Limits = LIMITS): Register {
  return newRegister({ defaults: limits })
}

function binding(rid: string, host = ALPHA, sizeGiB = 1, reservation = '1.1'): Binding {
  return grantOf(rid, sizeGiB, { host, reservation: reservationId(reservation) })
}

const resolve = (of: Binding): LedgerChange => ({ kind: 'resolve', rid: of.rid, host: of.host, reservation: of.reservation, atMs: 0 })

function unplace(of: Binding): LedgerChange {
  const unplaced: Unplaced = {
    kind: 'unplaced',
    rid: of.rid,
    spec:
      of.spec ??
      (() => {
        throw new Error('a create has a spec')
      })(),
    bodyHash: of.bodyHash,
    delta: of.delta,
    rejected: [],
    atMs: 0,
    updatedAtMs: null,
  }
  return { kind: 'unplace', unplaced }
}

function fold(host: typeof ALPHA, seq: number, volumes: number, gigabytes: number, settled: readonly string[], atMs = 0): LedgerChange {
  const totals: HostTotals = { kind: 'host', host, epoch: 1, seq, usage: { volumes, snapshots: 0, gigabytes, groups: 0 }, isFinal: false }
  return { kind: 'fold', totals, settled: settled.map(requestId), atMs }
}

t.test('a request that is bound stays bound to its host, whoever asks again', async (t) => {
  const { decide } = register()
  decide(bind(binding('r', ALPHA)))
  const again = decide(bind(binding('r', BETA)))
  t.match(again, { kind: 'bound', binding: { host: ALPHA } })
  t.match(decide(unplace(binding('r'))), { kind: 'bound', binding: { host: ALPHA } })
})

t.test('a request that found no room stays without, whatever BIND comes later', async (t) => {
  const { decide } = register()
  decide(unplace(binding('r')))
  t.equal(decide(bind(binding('r'))).kind, 'unplaced')
})

t.test('the same request with another body is refused', async (t) => {
  const { decide } = register()
  decide(bind(binding('r')))
  t.equal(decide(bind({ ...binding('r'), bodyHash: 'other' })).kind, 'mismatch')
})

t.test('a BIND that comes after its reservation was closed is refused', async (t) => {
  const { decide } = register()
  const late = binding('r')
  t.equal(decide(resolve(late)).kind, 'closed')
  t.equal(decide(bind(late)).kind, 'closed')
  t.equal(decide(bind(binding('r', ALPHA, 1, '1.2'))).kind, 'bound', 'a new reservation of the same request may be bound')
})

t.test('a reservation that is bound resolves to its binding, also after the grant was folded', async (t) => {
  const { decide } = register()
  const held = binding('r')
  decide(bind(held))
  t.equal(decide(resolve(held)).kind, 'bound')
  decide(fold(ALPHA, 1, 1, 1, ['r']))
  t.equal(decide(resolve(held)).kind, 'bound')
})

t.test('a grant and the host that takes it over are counted once, at every moment', async (t) => {
  const { decide, used } = register()
  decide(bind(binding('a', ALPHA, 2)))
  decide(bind(binding('b', ALPHA, 3)))
  t.same(used(), { volumes: 2, snapshots: 0, gigabytes: 5, groups: 0 })
  decide(fold(ALPHA, 1, 1, 2, ['a']))
  t.same(used(), { volumes: 2, snapshots: 0, gigabytes: 5, groups: 0 })
  decide(fold(ALPHA, 2, 2, 5, ['a', 'b']))
  t.same(used(), { volumes: 2, snapshots: 0, gigabytes: 5, groups: 0 })
})

t.test('a fold that was overtaken by a later one changes nothing', async (t) => {
  const { decide, used } = register()
  decide(bind(binding('a', ALPHA, 2)))
  decide(fold(ALPHA, 5, 0, 0, ['a']))
  decide(fold(ALPHA, 4, 1, 2, ['a']))
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
})

t.test("a host cannot settle another host's grant", async (t) => {
  const { decide, used } = register()
  decide(bind(binding('a', ALPHA, 2)))
  decide(fold(BETA, 9, 0, 0, ['a']))
  t.same(used(), { volumes: 1, snapshots: 0, gigabytes: 2, groups: 0 })
})

t.test('limits are exact, and name the resource that is short', async (t) => {
  const { decide } = register()
  t.match(decide(bind(binding('big', ALPHA, 9))), { kind: 'over-quota', resource: 'per_volume_gigabytes', limit: 8, requested: 9 })
  decide(bind(binding('a', ALPHA, 8)))
  t.match(decide(bind(binding('b', ALPHA, 3))), { kind: 'over-quota', resource: 'gigabytes', limit: 10, used: 8, requested: 3 })
  decide(bind(binding('c', ALPHA, 1)))
  decide(unplace(binding('d', ALPHA, 1)))
  t.match(decide(bind(binding('e', ALPHA, 1))), { kind: 'over-quota', resource: 'gigabytes' })
  const unlimited = register({ volumes: 2, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 })
  unlimited.decide(bind(binding('a', ALPHA, 5000)))
  unlimited.decide(unplace(binding('b')))
  t.match(
    unlimited.decide(bind(binding('c'))),
    { kind: 'over-quota', resource: 'volumes', limit: 2, used: 2 },
    'a volume without room counts',
  )
})

t.test('an extend takes gigabytes and no volume', async (t) => {
  const { decide } = register({ volumes: 1, snapshots: -1, gigabytes: 10, per_volume_gigabytes: -1, groups: 10 })
  decide(bind(binding('a', ALPHA, 4)))
  const more: Binding = { ...binding('x'), delta: { volumes: 0, snapshots: 0, gigabytes: 6, groups: 0 }, sizeGiB: 10, spec: null }
  t.equal(decide(bind(more)).kind, 'bound')
  t.match(decide(bind({ ...more, rid: requestId('y'), delta: { volumes: 0, snapshots: 0, gigabytes: 1, groups: 0 } })), {
    kind: 'over-quota',
    resource: 'gigabytes',
  })
})

t.test(
  'a snapshot takes gigabytes and one of the snapshots, is remembered by its name, and is measured by no bound for volumes',
  async (t) => {
    const { decide, used, account } = register({ volumes: 1, snapshots: 1, gigabytes: 9, per_volume_gigabytes: 3, groups: 10 })
    const texts = { user: 'u', name: null, description: null, metadata: {}, createdAtMs: 0 }
    const snapshot = { id: snapshotId('s'), volume: volumeId('v'), project: account.project, ...texts }
    const one: Binding = { ...binding('x'), delta: { volumes: 0, snapshots: 1, gigabytes: 4, groups: 0 }, sizeGiB: 4, spec: null, snapshot }
    t.equal(decide(bind(one)).kind, 'bound')
    t.match(decide(bind({ ...one, rid: requestId('y') })), { kind: 'over-quota', resource: 'snapshots', limit: 1, used: 1, requested: 1 })
    t.match(decide(bind({ ...one, rid: requestId('y'), delta: { volumes: 0, snapshots: 1, gigabytes: 6, groups: 0 } })), {
      resource: 'gigabytes',
    })
    const totals: HostTotals = { kind: 'host', host: ALPHA, epoch: 1, seq: 1, usage: one.delta, isFinal: false }
    decide({ kind: 'fold', totals, settled: [one.rid], atMs: 1 })
    t.same(used(), { volumes: 0, snapshots: 1, gigabytes: 4, groups: 0 }, 'counted once, in one place or the other')
    t.match(decide({ kind: 'read', about: snapshot.id }), { contents: { ended: { rid: one.rid, snapshot: snapshot.id, host: ALPHA } } })
    t.match(decide(bind(one)), { kind: 'bound', binding: { kind: 'recent' } }, 'a repeat gets what was decided')
  },
)

t.test('an unplaced volume can be renamed and deleted, and its request is remembered', async (t) => {
  const { decide, used } = register()
  decide(unplace(binding('r', ALPHA, 4)))
  const edited = decide({ kind: 'edit-unplaced', volume: volumeId('r'), edit: { kind: 'update', name: 'new' }, atMs: 5 })
  t.match(edited, { kind: 'edited', unplaced: { spec: { name: 'new', sizeGiB: 4 }, updatedAtMs: 5 } })
  const labelled = (metadataChanges: Record<string, string | null>): LedgerAnswer =>
    decide({ kind: 'edit-unplaced', volume: volumeId('r'), edit: { kind: 'update', metadataChanges }, atMs: 6 })
  labelled({ a: '1', b: '2' })
  t.match(labelled({ a: null, c: '3' }), { unplaced: { spec: { name: 'new', metadata: { b: '2', c: '3' } } } })
  t.equal(decide({ kind: 'edit-unplaced', volume: volumeId('r'), edit: { kind: 'delete' }, atMs: 6 }).kind, 'ended')
  t.same(used(), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
  t.equal(decide(bind(binding('r'))).kind, 'ended')
  t.equal(decide({ kind: 'edit-unplaced', volume: volumeId('r'), edit: { kind: 'delete' }, atMs: 7 }).kind, 'absent')
})

t.test('what ended is remembered however long ago, until so many have ended since that the oldest has to go', async (t) => {
  const { decide, account } = register({ volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 })
  const remembered = 4096
  const names = Array.from({ length: remembered + 2 }, (_, n) => `r${n}`)
  // The clocks of the proposers say nothing: the first to end is the latest by them.
  for (const [n, name] of names.entries()) decide(bind({ ...binding(name), atMs: -n }))
  const half = remembered / 2
  decide(fold(ALPHA, 1, 0, 0, names.slice(0, half), 10))
  decide(fold(ALPHA, 2, 0, 0, names.slice(half, remembered), 5))
  t.equal(decide(bind(binding('r0'))).kind, 'bound', 'the first is there as long as there is room')
  decide(fold(ALPHA, 3, 0, 0, names.slice(remembered), 0))
  decide(fold(ALPHA, 4, 0, 0, [], 1_000 * 24 * 60 * 60 * 1000))
  t.equal(account.cell.recent.size, remembered)
  t.same(
    names.filter((name) => !account.cell.recent.has(requestId(name))),
    ['r0', 'r1'],
    'in the order in which they ended',
  )
})

t.test('a reservation that was closed stays closed, however late the BIND for it comes', async (t) => {
  const { decide } = register()
  const late = binding('r')
  decide({ kind: 'resolve', rid: late.rid, host: late.host, reservation: late.reservation, atMs: 0 })
  decide(fold(BETA, 1, 0, 0, [], 1_000 * 24 * 60 * 60 * 1000))
  t.equal(decide(bind(late)).kind, 'closed')
})
