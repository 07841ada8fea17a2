/** Copies of the volume types: who is behind reads, before room is set aside by what is no more. */
import t from 'tap'
import { TIMINGS } from '../../../lib/flows/timings.ts'
import type { TypeChange } from '../../../lib/model/catalogue.ts'
import { requestId } from '../../../lib/model/ids.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import { Fleet } from './fleet.ts'
import { create, manifestOf } from './requests.ts'

const ID = '00000000-0000-4000-8000-0000000000aa'
const claim = (name: string, id = ID): TypeChange => ({
  kind: 'claim-type',
  claim: { id, name, description: null, isPublic: true, extraSpecs: {}, bodyHash: id },
})
const rid = (n: number) => requestId(String(n).padStart(32, 'f'))
const revise = (n: number, extraSpecs: Record<string, string>): TypeChange => ({
  kind: 'revise-type',
  id: ID,
  rid: rid(n),
  edit: { extraSpecs },
})
const release: TypeChange = { kind: 'release-type', id: ID, rid: rid(99) }

function started(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  fleet.pass(12_000)
  return fleet
}

function change(fleet: Fleet, at: string, wanted: TypeChange | null): ClientReply | undefined {
  return fleet.ask(at, { kind: 'types', change: wanted })()
}

const versionAt = (fleet: Fleet, name: string): number | undefined => fleet.host(name).peer?.catalogue.version

/** Only others can be asked for room. */
function withoutPools(fleet: Fleet, name: string): void {
  fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.settle()
}

/** No host hears of another's copy. */
function withoutBeats(fleet: Fleet): void {
  fleet.loses = ({ message }) => message.kind === 'beat'
}

function hearsOf(fleet: Fleet, name: string, version: number): void {
  const host = fleet.host(name)
  if (host.peer !== null) host.peer.typesWanted = version
  fleet.feed(host, { kind: 'timer', key: 'types' })
  fleet.settle()
}

t.test('everybody has the new type a beat later, and after a start', async (t) => {
  const fleet = started()
  t.match(change(fleet, 'a', claim('fast')), { kind: 'types', result: { ok: true, value: { changed: { name: 'fast', version: 1 } } } })
  t.equal(versionAt(fleet, 'a'), 1, 'who changed it has it before the answer')
  fleet.pass(1000)
  t.same(
    ['a', 'b', 'c'].map((name) => versionAt(fleet, name)),
    [1, 1, 1],
  )
  fleet.stop('b')
  change(fleet, 'a', revise(1, { x: 'y' }))
  fleet.start('b')
  t.equal(fleet.host('b').peer?.catalogue.version, 1, 'kept in the journal')
  fleet.pass(12_000)
  t.equal(versionAt(fleet, 'b'), 2, 'read after the start')
})

t.test('a coordinator that has not heard that a type is to be encrypted makes nothing of it', async (t) => {
  const fleet = started()
  change(fleet, 'a', claim('secret'))
  fleet.pass(1000)
  const stale = fleet.host('b').peer
  const copy = stale?.catalogue
  const encryption = {
    id: ID,
    provider: 'luks',
    controlLocation: 'front-end',
    cipher: null,
    keySize: null,
    createdAtMs: 1,
    updatedAtMs: null,
  } as const
  change(fleet, 'a', { kind: 'revise-type', id: ID, rid: rid(1), edit: { encryption: { kind: 'add', encryption } } })
  fleet.pass(1000)
  if (stale !== null && stale !== undefined && copy !== undefined) stale.catalogue = copy
  withoutPools(fleet, 'b')
  const answer = fleet.ask('b', create(1, { typeId: ID, type: 'secret', sizeGiB: 1 }))
  fleet.pass(3000)
  t.match(answer(), { kind: 'create', result: { ok: false, failure: { code: 'type-encrypted', type: 'secret' } } })
  t.equal(fleet.letters('commit').length, 0, 'no host is told to make it')
})

t.test('a coordinator that is behind reads the type and ranks anew', async (t) => {
  const fleet = started()
  change(fleet, 'a', claim('fast'))
  fleet.pass(1000)
  const stale = fleet.host('b').peer
  const copy = stale?.catalogue
  change(fleet, 'a', revise(1, { storage_protocol: 'none of ours' }))
  fleet.pass(1000)
  if (stale !== null && stale !== undefined && copy !== undefined) stale.catalogue = copy
  withoutPools(fleet, 'b')
  fleet.ask('b', create(1, { typeId: ID, type: 'fast', sizeGiB: 1 }))
  fleet.pass(3000)
  const refused = fleet.letters('refused').filter(({ message }) => message.refusal.kind === 'other-type')
  t.match(refused[0], { to: 'b', message: { refusal: { version: 2 } } })
  t.equal(fleet.letters('reserve').at(-1)?.message.typeVersion, 1, 'no pool meets what the type demands now: nobody is asked again')
  t.equal(versionAt(fleet, 'b'), 2)
})

t.test('an owner that is behind reads the type and is asked again', async (t) => {
  const fleet = started()
  withoutBeats(fleet)
  change(fleet, 'a', claim('fast'))
  for (const host of fleet.hosts.values()) if (host.id !== 'a' && host.peer !== null) host.peer.catalogue = { version: 0, entries: [] }
  const answer = fleet.ask('a', create(2, { typeId: ID, type: 'fast' }))
  fleet.pass(1000)
  t.match(answer(), { kind: 'create', result: { ok: true, value: { type: 'fast' } } })
  for (const { message } of fleet.letters('reserve')) t.equal(message.typeVersion, 1)
})

t.test('a create of a type that was deleted meanwhile says so', async (t) => {
  const fleet = started()
  change(fleet, 'a', claim('fast'))
  fleet.pass(1000)
  const copy = fleet.host('b').peer?.catalogue
  change(fleet, 'a', release)
  fleet.pass(1000)
  const stale = fleet.host('b').peer
  if (stale !== null && copy !== undefined) stale.catalogue = copy
  withoutPools(fleet, 'b')
  const answer = fleet.ask('b', create(3, { typeId: ID, type: 'fast' }))
  fleet.pass(3000)
  t.match(answer(), { kind: 'create', result: { ok: false, failure: { code: 'type-not-found' } } })
})

t.test('an owner whose read came to nothing a moment ago reads again for a create that waits', async (t) => {
  const fleet = started()
  fleet.cut('b', 'a')
  fleet.cut('b', 'c')
  hearsOf(fleet, 'b', 1)
  for (let waited = 0; waited < 100 && fleet.host('b').peer?.typesRead !== 'paused'; waited += 1) fleet.pass(100)
  change(fleet, 'a', claim('fast'))
  fleet.pass(TIMINGS.askMs)
  for (const name of ['a', 'c']) withoutPools(fleet, name)
  withoutBeats(fleet)
  for (const name of ['a', 'c']) fleet.mend('b', name)
  const answer = fleet.ask('a', create(5, { typeId: ID, type: 'fast' }))
  fleet.pass(2 * TIMINGS.typesMs)
  t.match(answer(), { kind: 'create', result: { ok: true, value: { type: 'fast' } } })
})

t.test('copies that never agree end in another pool, not in a loop', async (t) => {
  const fleet = started()
  change(fleet, 'a', claim('fast'))
  fleet.pass(1000)
  // A host whose reads come to nothing, and whose copy is of before.
  for (const name of ['b', 'c']) {
    const { peer } = fleet.host(name)
    if (peer !== null) peer.catalogue = { version: 0, entries: [] }
  }
  fleet.loses = ({ from, message }) => from !== 'a' && message.kind === 'change'
  const answer = fleet.ask('a', create(4, { typeId: ID, type: 'fast' }))
  fleet.pass(30_000)
  t.ok(answer() !== undefined, 'it is answered')
  t.ok(fleet.letters('reserve').length <= 16, 'after few questions')
})

t.test('a minority changes nothing and says so', async (t) => {
  const fleet = started()
  fleet.cut('a', 'b')
  fleet.cut('a', 'c')
  const answer = fleet.ask('a', { kind: 'types', change: claim('fast') })
  fleet.pass(10_000)
  t.match(answer(), { result: { ok: false, failure: { code: 'no-majority', project: '_cluster' } } })
})

t.test('a type whose maker never heard the answer becomes known to everybody all the same', async (t) => {
  const fleet = started()
  fleet.loses = ({ message }) => message.kind === 'changed'
  fleet.ask('a', { kind: 'types', change: claim('fast') })
  fleet.stop('a')
  fleet.loses = () => false
  t.same([versionAt(fleet, 'b'), versionAt(fleet, 'c')], [0, 0], 'it is in the register, and in no copy')
  fleet.pass(2 * TIMINGS.watchMs)
  t.same([versionAt(fleet, 'b'), versionAt(fleet, 'c')], [1, 1])
})
