/** Default limits that the cluster changes, and what registers of projects make of them. */
import t from 'tap'
import { catalogueIn } from '../../../lib/model/cell.ts'
import { effectiveDefaultLimits, effectiveLimits } from '../../../lib/model/catalogue.ts'
import { CLUSTER_PROJECT, requestId } from '../../../lib/model/ids.ts'
import type { Limits } from '../../../lib/model/quota.ts'
import type { DefaultLimits } from '../../../lib/model/quota-class.ts'
import { bind, grantOf, newRegister } from './register.ts'

const FOUNDED: Limits = { volumes: 2, snapshots: -1, gigabytes: 1000, per_volume_gigabytes: -1, groups: -1 }

t.test('a class keeps what was set of it, under one request once, and the default class counts where another says nothing', async (t) => {
  const { account, cell, decide } = newRegister({ project: CLUSTER_PROJECT, defaults: FOUNDED })
  const set = (name: string, limits: Partial<Limits>, rid: string) => decide({ kind: 'set-quota-class', name, rid: requestId(rid), limits })
  const entries = () => catalogueIn(account.cell)
  t.equal(effectiveDefaultLimits(entries()), null, 'nobody has set it')
  set('default', { volumes: 20 }, 'one')
  set('default', { gigabytes: 50 }, 'two')
  set('gold', { volumes: 99 }, 'three')
  t.same(effectiveDefaultLimits(entries()), { version: 2, limits: { volumes: 20, gigabytes: 50 } })
  t.same(effectiveLimits(FOUNDED, entries(), 'default'), { ...FOUNDED, volumes: 20, gigabytes: 50 })
  t.same(effectiveLimits(FOUNDED, entries(), 'gold'), { ...FOUNDED, volumes: 99, gigabytes: 50 })
  t.same(effectiveLimits(FOUNDED, entries(), 'nobody’s'), { ...FOUNDED, volumes: 20, gigabytes: 50 })
  set('default', { volumes: 30 }, 'four')
  t.match(set('default', { volumes: 20 }, 'one'), { kind: 'types' }, 'a repeat')
  t.equal(cell.quotaClasses.get('default')?.limits.volumes, 30, 'changes nothing')
})

/** What a register of a project does as it is told. */
function register(limits: Limits = FOUNDED) {
  const { cell, decide } = newRegister({ defaults: limits })
  const limitsNow = (defaults?: DefaultLimits): Limits => {
    const answer = decide({ kind: 'read', about: null, ...(defaults === undefined ? {} : { defaults }) })
    if (answer.kind !== 'contents') throw new Error('a read gives contents')
    return answer.contents.limits
  }
  const take = (volume: string, defaults?: DefaultLimits): string =>
    decide({ ...bind(grantOf(volume, 1)), ...(defaults === undefined ? {} : { defaults }) }).kind
  return { cell, decide, limitsNow, take }
}

const of = (version: number, limits: Partial<Limits>): DefaultLimits => ({ version, limits })

t.test('grants follow the newest default that the register was ever told of, and never an older one', async (t) => {
  const { take, limitsNow } = register()
  t.same([take('a'), take('b'), take('c')], ['bound', 'bound', 'over-quota'], 'as the cluster was founded')
  t.equal(take('c', of(5, { volumes: 4 })), 'bound', 'raised')
  t.equal(take('d'), 'bound', 'by one who has not heard of it')
  t.equal(take('e', of(3, { volumes: 100 })), 'over-quota', 'by one who knows an older one')
  t.equal(take('e', of(7, { volumes: 1 })), 'over-quota', 'lowered, below what is used')
  t.equal(take('e', of(5, { volumes: 9 })), 'over-quota', 'a refusal counts as heard')
  t.equal(take('a'), 'bound', 'what was granted stays granted')
  t.same(limitsNow(), { ...FOUNDED, volumes: 1 }, 'and is shown')
})

t.test('a read shows what its asker knows and keeps nothing of it', async (t) => {
  const { limitsNow, cell } = register()
  t.same(limitsNow(of(4, { gigabytes: 7 })), { ...FOUNDED, gigabytes: 7 })
  t.equal(cell.defaults, null)
  t.same(limitsNow(), FOUNDED)
})

t.test('a limit that a project has of its own does not follow, the others do', async (t) => {
  const { take, decide, limitsNow } = register()
  decide({ kind: 'set-limits', limits: { volumes: 1 } })
  t.equal(take('a', of(2, { volumes: 50, gigabytes: 8 })), 'bound')
  t.equal(take('b', of(2, { volumes: 50, gigabytes: 8 })), 'over-quota')
  t.same(limitsNow(), { ...FOUNDED, volumes: 1, gigabytes: 8 })
  t.match(decide({ kind: 'clear-limits' }), { contents: { limits: { ...FOUNDED, volumes: 50, gigabytes: 8 } } })
  t.equal(take('b'), 'bound')
})

t.test('a class has limits of so many types at most: whoever asks a register tells all of it', async (t) => {
  const { decide } = newRegister({ project: CLUSTER_PROJECT, defaults: FOUNDED })
  const types = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`type-${n}`, { volumes: 1 }]))
  const set = (count: number, rid: string) =>
    decide({ kind: 'set-quota-class', name: 'default', rid: requestId(rid), limits: { types: types(count) } })
  t.match(set(1001, 'r1'), { kind: 'refused', refusal: { code: 'entry-full', of: 'types with limits', limit: 1000 } })
  t.match(set(1000, 'r2'), { kind: 'types' })
})
