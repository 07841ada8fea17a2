/** Volume types in the register of the cluster: one name, one type, each change once. */
import t from 'tap'
import { catalogueOf, effectiveTypes, type EncryptionEdit, type TypeEdit } from '../../../lib/model/catalogue.ts'
import { CLUSTER_PROJECT, projectId, requestId } from '../../../lib/model/ids.ts'
import type { LedgerChange } from '../../../lib/model/ledger.ts'
import type { VolumeType } from '../../../lib/model/volume-type.ts'
import { newRegister } from './register.ts'

const DEFAULT: VolumeType = { id: 'd', name: '__DEFAULT__', description: null, extraSpecs: {} }
const GOLD: VolumeType = { id: 'g', name: 'gold', description: 'as founded', extraSpecs: { a: '1', b: '2' } }
const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }

function register() {
  const { account, decide } = newRegister({ project: CLUSTER_PROJECT, defaults: UNLIMITED, founding: [DEFAULT, GOLD] })
  const types = () => effectiveTypes(account.founding, account.cell.types.values())
  return { decide, types, version: () => catalogueOf(account.cell.types.values()).version, count: () => account.cell.types.size }
}

const claim = (id: string, name: string, changes: { bodyHash?: string; extraSpecs?: Record<string, string> } = {}): LedgerChange => ({
  kind: 'claim-type',
  claim: { id, name, description: null, isPublic: true, extraSpecs: {}, bodyHash: `body of ${id}`, ...changes },
})
const revise = (id: string, rid: string, edit: TypeEdit): LedgerChange => ({ kind: 'revise-type', id, rid: requestId(rid), edit })
const release = (id: string, rid: string): LedgerChange => ({ kind: 'release-type', id, rid: requestId(rid) })

t.test('the founding types are the beginning; what is claimed comes after them, by name', async (t) => {
  const { decide, types, version } = register()
  t.equal(version(), 0)
  t.match(decide(claim('2', 'zinc')), { kind: 'types', id: '2', entries: [{ id: '2', version: 1 }] })
  t.match(decide(claim('1', 'iron')), { kind: 'types', id: '1' })
  t.same(
    types().map(({ name, version: of }) => [name, of]),
    [
      ['__DEFAULT__', 0],
      ['gold', 0],
      ['iron', 2],
      ['zinc', 1],
    ],
  )
})

t.test('a name that anybody has is taken; the same request again gets the same answer', async (t) => {
  const { decide, version } = register()
  const first = decide(claim('1', 'iron'))
  t.same(decide(claim('2', 'iron')), { kind: 'name-taken', name: 'iron' })
  t.same(decide(claim('3', 'gold')), { kind: 'name-taken', name: 'gold' }, 'a founding one too')
  t.same(decide(claim('1', 'iron')), first, 'again')
  t.same(decide(claim('1', 'iron', { bodyHash: 'other' })), { kind: 'claimed-otherwise', id: '1' })
  t.equal(version(), 1, 'refusals change nothing')
})

t.test('a change is made once, whatever comes between it and its repeat', async (t) => {
  const { decide, types } = register()
  decide(revise('g', 'r1', { extraSpecs: { a: '3', b: null } }))
  decide(revise('g', 'r2', { extraSpecs: { a: '4' }, description: null }))
  decide(revise('g', 'r1', { extraSpecs: { a: '3', b: null } }))
  t.match(types()[1], { name: 'gold', description: null, extraSpecs: { a: '4' }, version: 2 })
  t.notOk('b' in (types()[1]?.extraSpecs ?? {}), 'an extra spec that was taken out is gone')
})

t.test('a renamed type gives its old name up, and a deleted one its name', async (t) => {
  const { decide, types } = register()
  decide(revise('g', 'r1', { name: 'silver' }))
  t.match(decide(claim('1', 'gold')), { kind: 'types' }, 'free')
  t.same(decide(revise('1', 'r2', { name: 'silver' })), { kind: 'name-taken', name: 'silver' })
  t.match(decide(release('g', 'r3')), { kind: 'types', id: 'g' })
  t.match(decide(release('g', 'r3')), { kind: 'types', id: 'g' }, 'again')
  t.same(decide(release('g', 'r4')), { kind: 'no-type', id: 'g' }, 'another delete')
  t.same(decide(revise('g', 'r5', { name: 'x' })), { kind: 'no-type', id: 'g' })
  t.match(decide(revise('1', 'r6', { name: 'silver' })), { kind: 'types' })
  t.same(
    types().map(({ name }) => name),
    ['__DEFAULT__', 'silver'],
  )
})

t.test('a claim that comes again after its type was deleted does not bring it back', async (t) => {
  const { decide, types } = register()
  decide(claim('1', 'iron'))
  decide(release('1', 'r1'))
  t.match(decide(claim('1', 'iron')), { kind: 'types', id: '1' }, 'the same answer')
  t.equal(types().length, 2)
})

t.test('the default type keeps its name and is not deleted; its demands may change', async (t) => {
  const { decide, types } = register()
  t.same(decide(release('d', 'r1')), { kind: 'default-type', id: 'd' })
  t.same(decide(revise('d', 'r2', { name: 'other' })), { kind: 'default-type', id: 'd' })
  decide(revise('d', 'r3', { name: '__DEFAULT__', extraSpecs: { a: '1' } }))
  t.match(types()[0], { name: '__DEFAULT__', extraSpecs: { a: '1' } })
})

t.test('deleted types are forgotten in the end, founding ones never, and the version never goes back', async (t) => {
  const { decide, types, version, count } = register()
  decide(release('g', 'r'))
  for (let n = 0; n < 100; n += 1) {
    decide(claim(`t${n}`, 'short'))
    decide(release(`t${n}`, `r${n}`))
    t.equal(version(), 2 * n + 3, `after ${n}`)
  }
  t.equal(count(), 65, 'the founding one and the last 64')
  t.same(
    types().map(({ name }) => name),
    ['__DEFAULT__'],
  )
})

t.test('all types together have a size; a delete is always possible', async (t) => {
  const { decide } = register()
  const large = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`key-${n}`, 'v'.repeat(255)]))
  const answers = ['1', '2', '3', '4', '5'].map((id) => decide(claim(id, id, { extraSpecs: large })))
  t.match(answers.at(-1), { kind: 'types-full' })
  t.match(decide(release('1', 'r1')), { kind: 'types' })
})

t.test('a private type lets projects in and out, each once; a public one has no list', async (t) => {
  const { decide, types } = register()
  decide(claim('1', 'iron'))
  const access = (rid: string, project: string, isGranted: boolean) =>
    decide(revise('1', rid, { access: { project: projectId(project), isGranted } }))
  t.match(access('r1', 'web', true), { kind: 'refused', refusal: { code: 'type-public', type: '1' } })
  decide(revise('1', 'r2', { isPublic: false }))
  t.match(access('r3', 'web', true), { kind: 'types', id: '1' })
  access('r4', 'shop', true)
  t.match(access('r5', 'web', true), { kind: 'refused', refusal: { code: 'access-exists', project: 'web' } })
  t.same(types().at(-1)?.access, ['shop', 'web'], 'in an order that does not depend on who came first')
  access('r6', 'web', false)
  t.match(access('r3', 'web', true), { kind: 'types' }, 'the first request again, late')
  t.same(types().at(-1)?.access, ['shop'], 'does not let anybody in again')
  t.match(access('r7', 'web', false), { kind: 'refused', refusal: { code: 'access-not-found' } })
  decide(revise('1', 'r8', { isPublic: true }))
  decide(revise('1', 'r9', { isPublic: false }))
  t.same(types().at(-1)?.access, ['shop'], 'kept while the type was public')
})

t.test('no entry grows beyond what a message may carry', async (t) => {
  const { decide, types } = register()
  decide(claim('1', 'iron'))
  const specs = (from: number, count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${from + n}`, 'v']))
  t.match(decide(revise('1', 'r1', { extraSpecs: specs(0, 1000) })), { kind: 'types' })
  t.match(decide(revise('1', 'r2', { extraSpecs: specs(1000, 1) })), {
    kind: 'refused',
    refusal: { code: 'entry-full', of: 'extra specs', limit: 1000 },
  })
  t.match(decide(revise('1', 'r3', { extraSpecs: { k0: null, more: 'v' } })), { kind: 'types' }, 'one out, one in')
  t.equal(Object.keys(types().at(-1)?.extraSpecs ?? {}).length, 1000)
})

t.test('a type has one encryption record: added where there is none, changed and removed where there is one', async (t) => {
  const { decide, types } = register()
  decide(claim('1', 'iron'))
  const encryption = {
    id: 'e1',
    provider: 'luks',
    controlLocation: 'front-end',
    cipher: null,
    keySize: 256,
    createdAtMs: 1,
    updatedAtMs: null,
  } as const
  const edit = (rid: string, wanted: EncryptionEdit) => decide(revise('1', rid, { encryption: wanted }))
  t.match(edit('r1', { kind: 'change', to: { keySize: 1 }, atMs: 2 }), { refusal: { code: 'encryption-not-found', type: '1' } })
  t.match(edit('r2', { kind: 'remove' }), { refusal: { code: 'encryption-not-found' } })
  t.match(edit('r3', { kind: 'add', encryption }), { kind: 'types' })
  t.match(edit('r4', { kind: 'add', encryption: { ...encryption, id: 'e2' } }), { refusal: { code: 'encryption-exists', type: '1' } })
  edit('r5', { kind: 'change', to: { cipher: 'aes', keySize: null }, atMs: 9 })
  t.same(types().at(-1)?.encryption, { ...encryption, cipher: 'aes', keySize: null, updatedAtMs: 9 })
  edit('r6', { kind: 'remove' })
  t.match(edit('r3', { kind: 'add', encryption }), { kind: 'types' }, 'late, once more')
  t.equal(types().at(-1)?.encryption, null, 'does not bring it back')
})
