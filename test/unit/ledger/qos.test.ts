/** QoS specs and projects' default types in the register of the cluster. */
import t from 'tap'
import { effectiveDefaults, effectiveQos, effectiveTypes } from '../../../lib/model/catalogue.ts'
import { catalogueIn, cellEntries, cellOf, emptyCell, putEntry } from '../../../lib/model/cell.ts'
import { CLUSTER_PROJECT, projectId, requestId } from '../../../lib/model/ids.ts'
import type { LedgerChange } from '../../../lib/model/ledger.ts'
import { frontEndSpecs, type QosEdit } from '../../../lib/model/qos.ts'
import { newRegister } from './register.ts'

const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }
const FOUNDING = ['a', 'b', 'c'].map((id) => ({ id, name: `type ${id}`, description: null, extraSpecs: {} }))

function register() {
  const { account, cell, decide } = newRegister({ project: CLUSTER_PROJECT, defaults: UNLIMITED, founding: FOUNDING })
  const types = () => effectiveTypes(account.founding, catalogueIn(account.cell))
  return {
    cell,
    decide,
    qos: () => effectiveQos(catalogueIn(account.cell)),
    defaults: () => effectiveDefaults(catalogueIn(account.cell)),
    qosOf: (id: string) => types().find((type) => type.id === id)?.qosId,
  }
}

const claim = (id: string, name: string, bodyHash = 'h'): LedgerChange => ({
  kind: 'claim-qos',
  claim: { id, name, consumer: 'front-end', specs: { read_iops_sec: '1' }, bodyHash },
})
const revise = (id: string, rid: string, edit: QosEdit): LedgerChange => ({ kind: 'revise-qos', id, rid: requestId(rid), edit })
const release = (id: string, rid: string, force = false): LedgerChange => ({ kind: 'release-qos', id, rid: requestId(rid), force })
const free = (id: string, rid: string): LedgerChange => ({ kind: 'free-qos', id, rid: requestId(rid) })
const give = (type: string, rid: string, id: string, isAssociated = true): LedgerChange => ({
  kind: 'revise-type',
  id: type,
  rid: requestId(rid),
  edit: { qos: { id, isAssociated } },
})
const setDefault = (project: string, rid: string, typeId: string | null): LedgerChange => ({
  kind: 'set-default-type',
  project: projectId(project),
  rid: requestId(rid),
  typeId,
})
const refused = (refusal: object) => ({ kind: 'refused', refusal })

t.test('one name, one set of specs; a claim that comes again makes no second one', async (t) => {
  const { decide, qos } = register()
  const first = decide(claim('1', 'slow'))
  t.match(first, { kind: 'types', id: '1' })
  t.same(decide(claim('1', 'slow')), first)
  t.match(decide(claim('1', 'slow', 'other')), refused({ code: 'qos-mismatch', qos: '1' }))
  t.match(decide(claim('2', 'slow')), refused({ code: 'qos-exists', name: 'slow' }))
  decide(release('1', 'r1'))
  t.match(decide(claim('2', 'slow')), { kind: 'types', id: '2' }, 'the name is free again')
  decide(claim('1', 'slow'))
  t.same(
    qos().map(({ id }) => id),
    ['2'],
    'and the first request does not bring the deleted one back',
  )
})

t.test('keys are set and taken out, all or none, once', async (t) => {
  const { decide, qos } = register()
  decide(claim('1', 'slow'))
  decide(revise('1', 'r1', { consumer: 'both', specs: { write_iops_sec: '2' } }))
  t.match(
    decide(revise('1', 'r2', { specs: { write_iops_sec: null, nothing: null } })),
    refused({ code: 'qos-key-not-found', key: 'nothing' }),
  )
  t.same(qos(), [{ id: '1', name: 'slow', consumer: 'both', specs: { read_iops_sec: '1', write_iops_sec: '2' } }])
  decide(revise('1', 'r3', { specs: { write_iops_sec: null } }))
  t.match(decide(revise('1', 'r3', { specs: { write_iops_sec: null } })), { kind: 'types', id: '1' }, 'the same request again')
  decide(revise('1', 'r1', { consumer: 'both', specs: { write_iops_sec: '2' } }))
  t.same(qos()[0]?.specs, { read_iops_sec: '1' }, 'a late repeat changes nothing')
  t.match(decide(revise('2', 'r4', {})), refused({ code: 'qos-not-found', qos: '2' }))
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, 'v']))
  t.match(decide(revise('1', 'r5', { specs: many })), refused({ code: 'entry-full', of: 'specs', limit: 1000 }))
})

t.test('a type has one; what types have is deleted by force alone, and then they have none', async (t) => {
  const { decide, qos, qosOf } = register()
  decide(claim('1', 'slow'))
  decide(claim('2', 'fast'))
  t.match(decide(give('a', 'r1', '3')), refused({ code: 'qos-not-found', qos: '3' }))
  decide(give('a', 'r2', '1'))
  decide(give('b', 'r3', '1'))
  t.match(decide(give('a', 'r4', '2')), refused({ code: 'type-has-qos', type: 'a', qos: '1' }))
  t.match(decide(give('a', 'r5', '1')), { kind: 'types', id: 'a' }, 'what it has already')
  t.match(decide(give('a', 'r6', '2', false)), { kind: 'types' }, 'what it has not is not taken from it')
  t.equal(qosOf('a'), '1')
  decide(give('a', 'r7', '1', false))
  t.equal(qosOf('a'), null)
  decide(give('a', 'r2', '1'))
  t.equal(qosOf('a'), null, 'a late repeat does not give it again')
  t.match(decide(release('1', 'r8')), refused({ code: 'qos-in-use', qos: '1' }))
  t.match(decide(release('1', 'r9', true)), { kind: 'types', id: '1' })
  t.equal(qosOf('b'), null)
  t.same(
    qos().map(({ id }) => id),
    ['2'],
  )
  for (const type of ['a', 'b']) decide(give(type, `to ${type}`, '2'))
  decide(free('2', 'r10'))
  t.same([qosOf('a'), qosOf('b')], [null, null], 'taken from all')
  t.match(decide(release('2', 'r11')), { kind: 'types' })
  t.match(decide(free('2', 'r12')), refused({ code: 'qos-not-found' }))
})

t.test('a project has a default type that is there, and that is not deleted meanwhile', async (t) => {
  const { decide, defaults } = register()
  t.match(decide(setDefault('web', 'r1', 'nothing')), { kind: 'no-type', id: 'nothing' })
  t.match(decide(setDefault('web', 'r2', null)), { kind: 'types' }, 'there is none to take back')
  decide(setDefault('web', 'r3', 'a'))
  decide(setDefault('shop', 'r4', 'b'))
  decide(setDefault('web', 'r5', 'b'))
  t.same(defaults(), [
    { project: 'shop', typeId: 'b' },
    { project: 'web', typeId: 'b' },
  ])
  const deleteB: LedgerChange = { kind: 'release-type', id: 'b', rid: requestId('r6') }
  t.match(decide(deleteB), { kind: 'default-type', id: 'b' })
  decide(setDefault('web', 'r7', null))
  decide(setDefault('shop', 'r8', null))
  decide(setDefault('web', 'r5', 'b'))
  t.same(defaults(), [], 'a late repeat does not set it again')
  t.match(decide(deleteB), { kind: 'types', id: 'b' })
  t.match(decide(setDefault('web', 'r9', 'b')), { kind: 'no-type', id: 'b' })
})

t.test('a register that is handed on whole keeps them', async (t) => {
  const { decide, cell } = register()
  decide(claim('1', 'slow'))
  decide(give('a', 'r1', '1'))
  decide(setDefault('web/shop', 'r2', 'a'))
  t.same(cellOf(cellEntries(cell)), cell)
  for (const [key] of cellEntries(cell)) putEntry(cell, { key, entry: null })
  t.same(cell, emptyCell(), 'each goes by its key')
})

t.test('what is told to who attaches grows with the volume, between its bounds', async (t) => {
  const told = (specs: Record<string, string>, sizeGiB: number, consumer: 'front-end' | 'back-end' | 'both' = 'both') =>
    frontEndSpecs({ id: '1', name: 'n', consumer, specs }, sizeGiB)
  t.equal(told({ read_iops_sec: '1' }, 1, 'back-end'), null)
  t.same(told({ read_iops_sec: '1', x: 'y' }, 1, 'front-end'), { read_iops_sec: '1', x: 'y' })
  const growing = { total_iops_sec_per_gb: '30', total_iops_sec_per_gb_min: '100', total_iops_sec_max: '2000', read_iops_sec_max: '7' }
  t.same(told(growing, 1), { total_iops_sec: '100', read_iops_sec_max: '7' }, 'at least')
  t.same(told(growing, 10), { total_iops_sec: '300', read_iops_sec_max: '7' })
  t.same(told(growing, 1000), { total_iops_sec: '2000', read_iops_sec_max: '7' }, 'at most')
  t.same(told({ write_bytes_sec_per_gb: 'much' }, 2), { write_bytes_sec_per_gb: 'much' }, 'what is no number is handed on')
})
