/** Another type for a volume: its owner decides, by types at least as new as those of whoever was asked. */
import t from 'tap'
import type { TypeChange } from '../../../../lib/model/catalogue.ts'
import { poolName, requestId } from '../../../../lib/model/ids.ts'
import type { Operation } from '../../../../lib/model/request.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, ledger, manifestOf, operate, outcomeOf, PROJECT, remove, take, volumeNamed } from '../requests.ts'

const FAST = '00000000-0000-4000-8000-0000000000aa'
const OTHER = '00000000-0000-4000-8000-0000000000bb'

const claim = (id: string, name: string, extraSpecs: Record<string, string> = {}): TypeChange => ({
  kind: 'claim-type',
  claim: { id, name, description: null, isPublic: true, extraSpecs, bodyHash: id },
})
const retype = (typeId: string, typeVersion = 1): Operation => ({ kind: 'retype', typeId, typeVersion, mayMove: false })
const shownAt = (fleet: Fleet, host: string): Volume | undefined => fleet.host(host).tables.view.volumes.get(volumeNamed(1))?.volume

/** Three hosts, a volume without a type on `a`, and a type that everybody knows. */
function started(extraSpecs: Record<string, string> = {}): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.ask('b', { kind: 'types', change: claim(FAST, 'fast', extraSpecs) })
  fleet.pass(2000)
  return fleet
}

t.test('it has the type, and what belongs to it, everywhere and after a crash; a repeat is answered alike', async (t) => {
  const fleet = started({ multiattach: '<is> True' })
  const pool = { name: poolName('a', 'fake', 'p'), pool: 'p', state: 'up', totalGiB: 100, capabilities: { multiattach: true } } as const
  fleet.feed(fleet.host('a'), { kind: 'measured', pools: [pool] })
  t.equal(outcomeOf(fleet.ask('b', operate(2, 1, retype(FAST)))()), 'ok')
  for (const host of 'abc') t.match(shownAt(fleet, host), { type: 'fast', typeId: FAST, multiattach: true, status: 'available' })
  fleet.stop('a')
  fleet.start('a')
  fleet.pass(12_000)
  t.match(shownAt(fleet, 'a'), { typeId: FAST, status: 'available' })
  t.equal(outcomeOf(fleet.ask('c', operate(2, 1, retype(FAST)))()), 'ok', 'the same request')
  t.equal(outcomeOf(fleet.ask('c', operate(3, 1, retype(FAST)))()), 'retype-same')
})

t.test('a pool that is none for the type leaves the volume as it was, with a message that goes when a type fits', async (t) => {
  const fleet = started({ volume_backend_name: 'elsewhere' })
  t.equal(outcomeOf(fleet.ask('c', operate(2, 1, retype(FAST)))()), 'ok', 'as Cinder: taken, and come to nothing')
  const failure = { kind: 'retype-refused', type: 'fast', mayMove: false, rejection: { filter: 'CapabilitiesFilter' } }
  t.match(shownAt(fleet, 'b'), { typeId: null, status: 'available', failure })
  fleet.ask('a', { kind: 'types', change: claim(OTHER, 'plain') })
  fleet.pass(2000)
  t.equal(outcomeOf(fleet.ask('c', operate(3, 1, retype(OTHER, 2)))()), 'ok')
  t.match(shownAt(fleet, 'b'), { typeId: OTHER, failure: null })
})

t.test('an owner that is behind reads the types before it decides, and nobody hears of it', async (t) => {
  const fleet = started()
  const owner = fleet.host('a').tables
  const copy = owner.catalogue
  fleet.ask('b', { kind: 'types', change: claim(OTHER, 'new') })
  fleet.pass(1000)
  owner.catalogue = copy
  const answer = fleet.ask('b', operate(2, 1, retype(OTHER, 2)))
  fleet.pass(1000)
  t.equal(outcomeOf(answer()), 'ok')
  t.match(shownAt(fleet, 'c'), { type: 'new', typeId: OTHER })
})

t.test('an owner that cannot read them says so, and does nothing', async (t) => {
  const fleet = started()
  fleet.loses = ({ message }) => message.kind === 'change'
  const answer = fleet.ask('b', operate(2, 1, retype(FAST, 9)))
  fleet.pass(3000)
  t.equal(outcomeOf(answer()), 'types-behind')
  t.match(shownAt(fleet, 'b'), { typeId: null, failure: null })
})

t.test('a type that is gone, or is to be encrypted, is none', async (t) => {
  const fleet = started()
  const rid = (digit: string) => requestId(digit.repeat(32))
  const record = {
    id: OTHER,
    provider: 'luks',
    controlLocation: 'front-end',
    cipher: null,
    keySize: null,
    createdAtMs: 1,
    updatedAtMs: null,
  } as const
  fleet.ask('a', {
    kind: 'types',
    change: { kind: 'revise-type', id: FAST, rid: rid('e'), edit: { encryption: { kind: 'add', encryption: record } } },
  })
  fleet.pass(1000)
  t.equal(outcomeOf(fleet.ask('b', operate(2, 1, retype(FAST)))()), 'type-encrypted')
  fleet.ask('a', { kind: 'types', change: { kind: 'release-type', id: FAST, rid: rid('f') } })
  fleet.pass(1000)
  t.equal(outcomeOf(fleet.ask('b', operate(3, 1, retype(FAST)))()), 'type-not-found')
  t.equal(outcomeOf(fleet.ask('b', operate(4, 1, retype(OTHER)))()), 'type-not-found')
  t.match(shownAt(fleet, 'c'), { typeId: null, failure: null })
})

t.test('of a pool that does not answer nobody knows what it can', async (t) => {
  const fleet = started()
  fleet.feed(fleet.host('a'), { kind: 'measured', pools: [] })
  t.equal(outcomeOf(fleet.ask('b', operate(2, 1, retype(FAST)))()), 'no-room')
  t.match(shownAt(fleet, 'b'), { typeId: null, failure: null })
})

/** Types `fast` and `plain` for everybody, and as many volumes of each as `limits` says. */
function limited(limits: Partial<Record<typeof FAST | typeof OTHER, number>>): Fleet {
  const fleet = started()
  fleet.ask('b', { kind: 'types', change: claim(OTHER, 'plain') })
  fleet.pass(2000)
  const types = Object.fromEntries(Object.entries(limits).map(([id, volumes]) => [id, { volumes }]))
  fleet.ask('b', { kind: 'limits', project: PROJECT, limits: { types } })
  fleet.pass(1000)
  return fleet
}

t.test('a volume with its snapshots counts for the type that it has', async (t) => {
  const fleet = limited({})
  fleet.ask('a', take(7, 1))
  fleet.pass(2000)
  t.equal(outcomeOf(fleet.ask('b', operate(2, 1, retype(FAST)))()), 'ok')
  fleet.pass(2000)
  const all = { volumes: 1, snapshots: 1, gigabytes: 2 }
  t.same(ledger(fleet, 'c').used, { ...all, groups: 0, types: { [FAST]: all } })
  t.equal(outcomeOf(fleet.ask('b', operate(3, 1, { kind: 'extend', sizeGiB: 3, online: false }))()), 'ok')
  fleet.pass(2000)
  t.equal(outcomeOf(fleet.ask('b', operate(4, 1, retype(OTHER, 2)))()), 'ok')
  fleet.pass(2000)
  t.same(ledger(fleet, 'c').used.types, { [OTHER]: { ...all, gigabytes: 4 } })
  t.same(ledger(fleet, 'c').bound, [])
})

t.test('of a type that the project may have no more of nothing is made, taken or given to a volume', async (t) => {
  const fleet = limited({ [FAST]: 1, [OTHER]: 0 })
  const refused = fleet.ask('b', operate(2, 1, retype(OTHER, 2)))()
  t.match(refused, { result: { failure: { code: 'over-quota', resource: 'volumes', type: 'plain', limit: 0, used: 0, requested: 1 } } })
  fleet.pass(1000)
  t.match(shownAt(fleet, 'c'), { typeId: null, status: 'available', failure: null })
  t.equal(fleet.host('a').tables.owned.get(volumeNamed(1))?.pending, null, 'and nothing is kept for it')
  t.equal(outcomeOf(fleet.ask('b', operate(3, 1, retype(FAST)))()), 'ok')
  fleet.pass(1000)
  t.match(fleet.ask('c', create(5, { type: 'fast', typeId: FAST }))(), {
    result: { failure: { code: 'over-quota', type: 'fast', used: 1 } },
  })
  fleet.ask('c', remove(6, 1))
  fleet.pass(3000)
  t.equal(outcomeOf(fleet.ask('c', create(7, { type: 'fast', typeId: FAST }))()), 'ok', 'a delete gives it back')
})

t.test('what the register has bound is done by the owner, also after a crash; what it has forgotten of it is only settled', async (t) => {
  const fleet = limited({ [FAST]: 1 })
  const backup = new Map(fleet.host('a').journal)
  fleet.loses = ({ message }) => message.kind === 'commit'
  fleet.ask('b', operate(2, 1, retype(FAST)))
  fleet.pass(200)
  t.match(shownAt(fleet, 'c'), { typeId: null })
  t.same(
    ledger(fleet, 'c').bound.map(({ typeId, spec }) => [typeId, spec]),
    [[FAST, null]],
  )
  t.equal(outcomeOf(fleet.ask('b', take(3, 1))()), 'volume-busy')
  fleet.stop('a')
  fleet.loses = () => false
  fleet.start('a')
  fleet.pass(90_000)
  t.match(shownAt(fleet, 'c'), { typeId: FAST, type: 'fast' })
  t.same(ledger(fleet, 'c').used.types, { [FAST]: { volumes: 1, snapshots: 0, gigabytes: 1 } })

  fleet.loses = ({ message }) => message.kind === 'commit'
  fleet.ask('b', operate(4, 1, retype(OTHER, 2)))
  fleet.pass(200)
  fleet.stop('a')
  fleet.host('a').journal = backup
  fleet.loses = () => false
  fleet.start('a')
  fleet.pass(90_000)
  t.match(shownAt(fleet, 'c'), { typeId: FAST }, 'as the others know it')
  t.same(ledger(fleet, 'c').bound, [])
  t.same(ledger(fleet, 'c').used.types, { [FAST]: { volumes: 1, snapshots: 0, gigabytes: 1 } })
})
