/** What a project may have of each volume type, beside what it may have of all. */
import t from 'tap'
import { requestId } from '../../../lib/model/ids.ts'
import type { HostTotals } from '../../../lib/model/ledger.ts'
import { asOfType, DEFAULT_LIMITS, LIMITED_TYPES_MAX, type Limits, type Usage, usageOfType } from '../../../lib/model/quota.ts'
import { ALPHA, BETA, bind, grantOf, newRegister, type Register } from './register.ts'

const FAST = 'fast-id'
const SLOW = 'slow-id'

function register(types: NonNullable<Limits['types']>): Register {
  return newRegister({ defaults: { ...DEFAULT_LIMITS, types } })
}

const ofType = (volume: string, sizeGiB: number, typeId: string | null) =>
  grantOf(volume, sizeGiB, { delta: usageOfType(typeId, { volumes: 1, gigabytes: sizeGiB }) })

const totals = (seq: number, usage: Usage): HostTotals => ({ kind: 'host', host: ALPHA, epoch: 1, seq, usage, isFinal: false })

t.test('a type’s own limit counts volumes of that type alone', async (t) => {
  const { decide } = register({ [FAST]: { volumes: 1, gigabytes: 5 } })
  t.equal(decide(bind(ofType('a', 3, FAST))).kind, 'bound')
  t.same(decide(bind(ofType('b', 2, FAST))), {
    kind: 'over-quota',
    resource: 'volumes',
    typeId: FAST,
    limit: 1,
    used: 1,
    requested: 1,
  })
  t.match(decide(bind(ofType('b', 3, FAST))), { resource: 'gigabytes', typeId: FAST, limit: 5, used: 3, requested: 3 }, 'the size first')
  t.equal(decide(bind(ofType('b', 9, SLOW))).kind, 'bound')
  t.equal(decide(bind(ofType('c', 9, null))).kind, 'bound', 'what has no type has no such limit')
  const taken = grantOf('s', 1, { delta: usageOfType(FAST, { snapshots: 1, gigabytes: 3 }) })
  t.match(decide(bind(taken)), { kind: 'over-quota', resource: 'gigabytes', typeId: FAST, used: 3, requested: 3 })
})

t.test('what is of several types at once is held against the limits of each', async (t) => {
  const { decide } = register({ [SLOW]: { snapshots: 0 } })
  const both = { ...usageOfType(FAST, { snapshots: 1 }), snapshots: 2, types: { [FAST]: one('snapshots'), [SLOW]: one('snapshots') } }
  t.match(decide(bind(grantOf('g', 0, { delta: both }))), { kind: 'over-quota', resource: 'snapshots', typeId: SLOW, limit: 0 })
})

t.test('another type for a volume takes room there at once, and gives none back before its host says so', async (t) => {
  const { decide, used } = register({ [FAST]: { volumes: 1 }, [SLOW]: { volumes: 1 } })
  const made = ofType('a', 2, FAST)
  decide(bind(made))
  const retype = grantOf('a', 900, {
    rid: requestId('retype'),
    spec: null,
    typeId: SLOW,
    delta: asOfType(SLOW, made.delta),
  })
  t.equal(decide(bind(retype)).kind, 'bound', 'whatever size is allowed by now')
  t.match(used(), { volumes: 1, gigabytes: 2, types: { [FAST]: { volumes: 1 }, [SLOW]: { volumes: 1, gigabytes: 2 } } })
  t.equal(decide(bind({ ...ofType('b', 1, FAST), host: BETA })).kind, 'over-quota')
  const folded = totals(5, usageOfType(SLOW, { volumes: 1, gigabytes: 2 }))
  decide({ kind: 'fold', totals: folded, settled: [made.rid, retype.rid], atMs: 0 })
  t.same(used(), folded.usage)
  t.equal(decide(bind({ ...ofType('b', 1, FAST), host: BETA })).kind, 'bound')
  const other = grantOf('c', 1, { rid: requestId('other'), spec: null, typeId: SLOW, delta: asOfType(SLOW, ofType('c', 1, FAST).delta) })
  t.match(decide(bind(other)), { kind: 'over-quota', resource: 'volumes', typeId: SLOW, used: 1 })
})

t.test('a project’s own limits of a type stand before those of the default class, each for itself', async (t) => {
  const { decide, cell } = register({})
  const defaults = { version: 1, limits: { types: { [FAST]: { volumes: 0, gigabytes: 4 } } } }
  t.equal(decide({ kind: 'bind', binding: ofType('a', 1, FAST), defaults }).kind, 'over-quota')
  t.match(decide({ kind: 'set-limits', limits: { types: { [FAST]: { volumes: 2 } } } }), {
    kind: 'contents',
    contents: { limits: { types: { [FAST]: { volumes: 2, gigabytes: 4 } } } },
  })
  t.equal(decide(bind(ofType('a', 3, FAST))).kind, 'bound')
  t.match(decide(bind(ofType('b', 3, FAST))), { kind: 'over-quota', resource: 'gigabytes', limit: 4 })
  t.same(cell.limits, { types: { [FAST]: { volumes: 2 } } }, 'only what was set is the project’s own')
})

t.test('no limit of a type is set below what is used of it', async (t) => {
  const { decide } = register({})
  decide(bind(ofType('a', 3, FAST)))
  t.same(decide({ kind: 'set-limits', limits: { volumes: 1, types: { [SLOW]: { volumes: 0 }, [FAST]: { gigabytes: 2 } } } }), {
    kind: 'below-use',
    resource: 'gigabytes',
    typeId: FAST,
    limit: 2,
    used: 3,
  })
  t.equal(decide({ kind: 'set-limits', limits: { types: { [FAST]: { volumes: 1, gigabytes: 3, snapshots: 0 } } } }).kind, 'contents')
  t.equal(decide({ kind: 'set-limits', limits: { types: { [FAST]: { gigabytes: -1 } } } }).kind, 'contents')
})

t.test('a register takes limits for so many types and no more', async (t) => {
  const { decide } = register({})
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`type ${at}`, { volumes: 1 }]))
  t.equal(decide({ kind: 'set-limits', limits: { types: many(LIMITED_TYPES_MAX) } }).kind, 'contents')
  t.equal(decide({ kind: 'set-limits', limits: { types: { ...many(1), one: { volumes: 1 } } } }).kind, 'limits-full')
  t.equal(decide({ kind: 'set-limits', limits: { types: { ...many(1) } } }).kind, 'contents')
})

function one(resource: 'volumes' | 'snapshots') {
  return { volumes: 0, snapshots: 0, gigabytes: 0, [resource]: 1 }
}
