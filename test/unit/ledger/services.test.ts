/** Services that take no new volume, in the register of the cluster. */
import t from 'tap'
import { effectiveServices } from '../../../lib/model/catalogue.ts'
import { catalogueIn } from '../../../lib/model/cell.ts'
import { CLUSTER_PROJECT, poolName, requestId } from '../../../lib/model/ids.ts'
import type { LedgerChange } from '../../../lib/model/ledger.ts'
import { isBarred, type ServiceEdit } from '../../../lib/model/service.ts'
import { newRegister } from './register.ts'

const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }
const set = (host: string, rid: string, edit: ServiceEdit, atMs = 1): LedgerChange => ({
  kind: 'set-service',
  host,
  rid: requestId(rid),
  edit,
  atMs,
})

t.test('what an operator said stays until he says otherwise, and a late repeat changes nothing', async (t) => {
  const { cell, decide } = newRegister({ project: CLUSTER_PROJECT, defaults: UNLIMITED })
  const marks = () =>
    effectiveServices(catalogueIn(cell)).map(({ host, isDisabled, reason, isFrozen }) => [host, isDisabled, reason, isFrozen])
  decide(set('a', 'r1', { isDisabled: true, reason: 'a new disk' }))
  decide(set('a', 'r2', { isFrozen: true }))
  t.same(marks(), [['a', true, 'a new disk', true]], 'freezing leaves the rest')
  decide(set('a', 'r3', { isDisabled: false }))
  t.same(marks(), [['a', false, null, true]], 'a reason goes with what it was for')
  decide(set('a', 'r1', { isDisabled: true, reason: 'a new disk' }))
  t.same(marks(), [['a', false, null, true]])
  decide(set('a', 'r4', { isFrozen: false }))
  t.same(marks(), [])
  t.match(decide(set('b', 'r5', { isDisabled: true })), {
    kind: 'types',
    entries: [
      { host: 'a', isGone: true },
      { host: 'b', version: 5 },
    ],
  })
})

t.test('a host’s name bars all of its pools, a backend’s its own', async (t) => {
  const mark = (host: string, edit: ServiceEdit) => ({ host, isDisabled: false, reason: null, isFrozen: false, changedAtMs: 0, ...edit })
  const pools = [poolName('a', 'lvm', 'p'), poolName('a', 'file', 'p'), poolName('ab', 'lvm', 'p')]
  const barred = (host: string, edit: ServiceEdit) => pools.filter((pool) => isBarred([mark(host, edit)], pool))
  t.same(barred('a', { isDisabled: true }), pools.slice(0, 2))
  t.same(barred('a@lvm', { isFrozen: true }), pools.slice(0, 1))
  t.same(barred('a', {}), [])
})
