/** Limits that an operator gives one project, and takes back. */
import t from 'tap'
import { peerId } from '../../../lib/model/ids.ts'
import type { Limits } from '../../../lib/model/quota.ts'
import { newRegister } from './register.ts'

const DEFAULTS: Limits = { volumes: 10, snapshots: -1, gigabytes: 1000, per_volume_gigabytes: -1, groups: 10 }

/** A project that uses 3 volumes and 30 GiB. */
function register() {
  const { cell, decide } = newRegister({ defaults: DEFAULTS })
  const totals = {
    kind: 'host',
    host: peerId('a'),
    epoch: 1,
    seq: 1,
    usage: { volumes: 3, snapshots: 0, gigabytes: 30, groups: 0 },
    isFinal: false,
  } as const
  decide({ kind: 'fold', totals, settled: [], atMs: 0 })
  const limitsNow = (): Limits => {
    const answer = decide({ kind: 'read', about: null })
    if (answer.kind !== 'contents') throw new Error('a read gives contents')
    return answer.contents.limits
  }
  return { cell, decide, limitsNow, set: (limits: Partial<Limits>) => decide({ kind: 'set-limits', limits }) }
}

t.test('only the limits that are named change, and the answer shows them all', async (t) => {
  const { set, limitsNow } = register()
  t.match(set({ volumes: 5 }), { kind: 'contents', contents: { limits: { ...DEFAULTS, volumes: 5 }, used: { volumes: 3 } } })
  set({ gigabytes: -1 })
  t.same(limitsNow(), { volumes: 5, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 })
})

t.test('a limit below what is used already is refused, and then none of those named changes', async (t) => {
  const { set, limitsNow } = register()
  t.match(set({ per_volume_gigabytes: 5, volumes: 2 }), { kind: 'below-use', resource: 'volumes', limit: 2, used: 3 })
  t.match(set({ gigabytes: 29 }), { kind: 'below-use', resource: 'gigabytes', limit: 29, used: 30 })
  t.same(limitsNow(), DEFAULTS)
  t.equal(set({ volumes: 3, snapshots: 0, gigabytes: 30, groups: 0 }).kind, 'contents', 'what is used exactly can be the limit')
  t.equal(set({ volumes: -1 }).kind, 'contents', 'no limit is never too small')
})

t.test('limits taken back are the defaults again, whatever those are by then', async (t) => {
  const { decide, set, cell, limitsNow } = register()
  set({ volumes: 5 })
  t.match(decide({ kind: 'clear-limits' }), { kind: 'contents', contents: { limits: DEFAULTS } })
  t.equal(cell.limits, null, 'nothing is kept for the project')
  t.same(limitsNow(), DEFAULTS)
  t.equal(decide({ kind: 'clear-limits' }).kind, 'contents', 'once more changes nothing')
})
