/** A create while hosts start: an error stays with its volume, so that none is given for what is over in a moment. */
import t from 'tap'
import { typesOf } from '../../../../lib/flows/spread/catalogue.ts'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { requestId } from '../../../../lib/model/ids.ts'
import { Fleet } from '../fleet.ts'
import { create, manifestOf } from '../requests.ts'

function started(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  fleet.pass(12_000)
  return fleet
}

function withoutPools(fleet: Fleet, name: string): void {
  fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.settle()
}

t.test('who has just started and heard of no pool waits for the others to tell', async (t) => {
  const fleet = started()
  fleet.stop('a')
  fleet.loses = ({ message }) => message.kind === 'beat'
  fleet.start('a')
  withoutPools(fleet, 'a')
  fleet.pass(100)
  const answer = fleet.ask('a', create(1))
  fleet.pass(1000)
  t.equal(answer(), undefined, 'it knows of no pool, and of nobody that is away')
  fleet.loses = () => false
  fleet.cut('a', 'b')
  fleet.mend('a', 'b')
  fleet.pass(TIMINGS.lookAgainMs)
  fleet.pass(1000)
  t.match(answer(), { kind: 'create', result: { ok: true, value: { pool: /fake/ } } })
})

t.test('a host that starts says so, and is asked again', async (t) => {
  const fleet = started()
  withoutPools(fleet, 'a')
  withoutPools(fleet, 'c')
  fleet.pass(1000)
  const owner = fleet.host('b').peer
  if (owner === null) throw new Error('b runs')
  owner.state = 'recovering'
  const answer = fleet.ask('a', create(1))
  fleet.pass(100)
  t.match(fleet.letters('refused').at(-1), { from: 'b', message: { refusal: { kind: 'not-ready', state: 'recovering' } } })
  t.equal(answer(), undefined)
  owner.state = 'ready'
  fleet.pass(TIMINGS.lookAgainMs)
  fleet.pass(1000)
  t.match(answer(), { kind: 'create', result: { ok: true, value: { pool: /fake/ } } })
})

t.test('whoever waits in vain gets its error, and does not wait where nothing will change', async (t) => {
  const fleet = started()
  const nowhere = (n: number) => create(n, { zone: 'elsewhere' })
  const full = fleet.ask('a', nowhere(1))
  fleet.pass(TIMINGS.lookAgainMs)
  t.match(full(), { kind: 'create', result: { ok: true, value: { pool: null } } }, 'all were heard')
  fleet.stop('a')
  fleet.stop('c')
  fleet.start('a')
  fleet.pass(2000)
  const young = fleet.ask('a', nowhere(2))
  fleet.pass(TIMINGS.placeMs - 1000)
  t.equal(young(), undefined, 'one that was never heard may have the room')
  fleet.pass(3000)
  t.match(young(), { kind: 'create', result: { ok: true, value: { pool: null } } })
})

t.test('a type that goes while its create looks again is not left out', async (t) => {
  const fleet = started()
  const id = '00000000-0000-4000-8000-0000000000aa'
  const claim = { id, name: 'fast', description: null, isPublic: true, extraSpecs: {}, bodyHash: id }
  fleet.ask('a', { kind: 'types', change: { kind: 'claim-type', claim } })
  fleet.pass(1000)
  withoutPools(fleet, 'a')
  withoutPools(fleet, 'c')
  fleet.pass(TIMINGS.beatMs + 1000)
  fleet.loses = ({ message }) => message.kind === 'reserve'
  const answer = fleet.ask('a', create(1, { typeId: id, type: 'fast' }))
  fleet.pass(100)
  fleet.ask('c', { kind: 'types', change: { kind: 'release-type', id, rid: requestId('f'.repeat(32)) } })
  fleet.pass(TIMINGS.reserveMs - 200)
  for (const { peer } of fleet.hosts.values()) t.same(peer === null ? null : typesOf(peer), [])
  fleet.loses = () => false
  fleet.pass(TIMINGS.placeMs)
  t.match(answer(), { kind: 'create', result: { ok: false, failure: { code: 'type-not-found' } } })
  t.equal(fleet.letters('reserved').length, 0)
})
