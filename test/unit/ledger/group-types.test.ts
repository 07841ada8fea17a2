/** Group types in the register of the cluster. */
import t from 'tap'
import { effectiveGroupTypes } from '../../../lib/model/catalogue.ts'
import { catalogueIn, cellEntries, cellOf, emptyCell, putEntry } from '../../../lib/model/cell.ts'
import type { GroupTypeEdit } from '../../../lib/model/group-type.ts'
import { CLUSTER_PROJECT, requestId } from '../../../lib/model/ids.ts'
import type { LedgerChange } from '../../../lib/model/ledger.ts'
import { newRegister } from './register.ts'

const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }

function register() {
  const { cell, decide } = newRegister({ project: CLUSTER_PROJECT, defaults: UNLIMITED })
  return { cell, decide, types: () => effectiveGroupTypes(catalogueIn(cell)) }
}

const claim = (id: string, name: string, bodyHash = 'h'): LedgerChange => ({
  kind: 'claim-group-type',
  claim: { id, name, description: null, isPublic: true, groupSpecs: { tier: 'gold' }, bodyHash },
})
const revise = (id: string, rid: string, edit: GroupTypeEdit): LedgerChange => ({
  kind: 'revise-group-type',
  id,
  rid: requestId(rid),
  edit,
})
const release = (id: string, rid: string): LedgerChange => ({ kind: 'release-group-type', id, rid: requestId(rid) })
const refused = (refusal: object) => ({ kind: 'refused', refusal })

t.test('one name, one group type; a claim that comes again makes no second one', async (t) => {
  const { decide, types } = register()
  const first = decide(claim('1', 'snapped'))
  t.match(first, { kind: 'types', id: '1' })
  t.same(decide(claim('1', 'snapped')), first)
  t.match(decide(claim('1', 'snapped', 'other')), refused({ code: 'group-type-mismatch', type: '1' }))
  t.match(decide(claim('2', 'snapped')), refused({ code: 'group-type-exists', name: 'snapped' }))
  decide(release('1', 'r1'))
  t.match(decide(claim('2', 'snapped')), { kind: 'types', id: '2' }, 'the name is free again')
  decide(claim('1', 'snapped'))
  t.same(
    types().map(({ id }) => id),
    ['2'],
    'and the first request does not bring the deleted one back',
  )
})

t.test('a volume type and a group type may have one name', async (t) => {
  const { decide } = register()
  decide(claim('1', 'fast'))
  const type = { id: '2', name: 'fast', description: null, isPublic: true, extraSpecs: {}, bodyHash: 'h' }
  t.match(decide({ kind: 'claim-type', claim: type }), { kind: 'types', id: '2' })
})

t.test('a change is made once, whole or not at all', async (t) => {
  const { decide, types } = register()
  decide(claim('1', 'snapped'))
  decide(claim('2', 'plain'))
  t.match(decide(revise('1', 'r1', { name: 'plain' })), refused({ code: 'group-type-exists', name: 'plain' }))
  t.match(
    decide(revise('1', 'r2', { name: 'other', groupSpecs: { nothing: null } })),
    refused({ code: 'group-spec-not-found', key: 'nothing' }),
  )
  t.match(decide(revise('1', 'r3', { groupSpecs: { constructor: null } })), refused({ code: 'group-spec-not-found', key: 'constructor' }))
  t.match(types()[1], { name: 'snapped', groupSpecs: { tier: 'gold' } })
  t.match(decide(revise('1', 'r4', { name: 'snapped', isPublic: false, groupSpecs: { tier: null, a: 'b' } })), { kind: 'types', id: '1' })
  t.same(types()[1], { id: '1', name: 'snapped', description: null, isPublic: false, groupSpecs: { a: 'b' } }, 'its own name is no other’s')
  decide(revise('1', 'r5', { description: 'd', groupSpecs: { a: null } }))
  t.match(decide(revise('1', 'r5', { description: 'd', groupSpecs: { a: null } })), { kind: 'types', id: '1' }, 'the same request again')
  decide(revise('1', 'r4', { name: 'snapped', isPublic: true, groupSpecs: { a: 'b' } }))
  t.match(types()[1], { description: 'd', isPublic: false, groupSpecs: {} }, 'a late repeat changes nothing')
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`k${n}`, 'v']))
  t.match(decide(revise('1', 'r6', { groupSpecs: many })), refused({ code: 'entry-full', of: 'specs', limit: 1000 }))
  t.match(decide(revise('3', 'r7', {})), refused({ code: 'group-type-not-found', type: '3' }))
  decide(release('1', 'r8'))
  t.match(decide(release('1', 'r8')), { kind: 'types', id: '1' })
  t.match(decide(release('1', 'r9')), refused({ code: 'group-type-not-found', type: '1' }))
})

t.test('each change counts the catalogue’s version up, and of the deleted the last are remembered', async (t) => {
  const { decide, cell } = register()
  for (let n = 0; n < 70; n += 1) {
    decide(claim(String(n), 'one of many'))
    decide(release(String(n), `r${n}`))
  }
  t.equal(Math.max(...catalogueIn(cell).map(({ version }) => version)), 140)
  t.equal(cell.groupTypes.size, 64)
})

t.test('a register that is handed on whole keeps them', async (t) => {
  const { decide, cell } = register()
  decide(claim('1', 'snapped'))
  t.same(cellOf(cellEntries(cell)), cell)
  for (const [key] of cellEntries(cell)) putEntry(cell, { key, entry: null })
  t.same(cell, emptyCell(), 'each goes by its key')
})
