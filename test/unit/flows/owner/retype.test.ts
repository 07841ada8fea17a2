/** Another type for a volume: its owner decides, by types at least as new as those of whoever was asked. */
import t from 'tap'
import type { TypeChange } from '../../../../lib/model/catalogue.ts'
import { poolName, requestId } from '../../../../lib/model/ids.ts'
import type { Operation } from '../../../../lib/model/request.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { createOn, manifestOf, operate, outcomeOf, volumeNamed } from '../requests.ts'

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
