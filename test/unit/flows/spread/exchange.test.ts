/** How two peers find out that one of them lacks something, and how little they say if not. */
import t from 'tap'
import { tallyOf } from '../../../../lib/replica/view.ts'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { createOn, ledger, manifestOf, operate, PROJECT, remove, volumeNamed } from '../requests.ts'
import { Fleet } from '../fleet.ts'

t.test('peers that know the same show each other one hash, and say no more', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.pass(1000)
  const tallies = [...fleet.hosts.values()].map(({ tables }) => tallyOf(tables.view))
  t.equal(new Set(tallies).size, 1)
  fleet.sent.length = 0
  fleet.pass(5 * TIMINGS.headsMs)
  t.equal(fleet.letters('tally').length, 3 * 5, 'each shows it to one other in each interval')
  t.same([...fleet.letters('heads'), ...fleet.letters('delta')], [])
})

t.test('a record whose push was lost comes with the next exchange', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.loses = ({ message }) => message.kind === 'delta'
  fleet.ask('a', operate(2, 1, { kind: 'update', name: 'new' }))
  const nameAt = (host: string): unknown => fleet.host(host).tables.view.volumes.get(volumeNamed(1))?.volume.name
  t.equal(nameAt('b'), 'volume 1', 'the push was lost')
  t.not(tallyOf(fleet.host('a').tables.view), tallyOf(fleet.host('b').tables.view))
  fleet.loses = () => false
  for (let exchanges = 0; exchanges < 20 && nameAt('b') !== 'new'; exchanges += 1) fleet.pass(TIMINGS.headsMs)
  t.equal(nameAt('b'), 'new')
})

t.test('after a partition one exchange brings a peer up to date, also about hosts that are away by then', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.cut('a', 'c')
  fleet.cut('b', 'c')
  fleet.ask('a', operate(2, 1, { kind: 'update', name: 'new' }))
  fleet.pass(500)
  fleet.stop('a')
  fleet.mend('b', 'c')
  t.equal(fleet.host('c').tables.view.volumes.get(volumeNamed(1))?.volume.name, 'new')
})

t.test('a volume that was known from its grant goes out of the picture with the tombstones that are collected', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  fleet.loses = ({ message }) => message.kind === 'change' && message.change.kind === 'fold'
  createOn(fleet, 'a', 1)
  fleet.ask('a', remove(2, 1))
  fleet.pass(1000)
  // Every host has seen its end. One of them starts anew with nothing, and hears of the grant that is still open.
  const isHidden = fleet.loses
  fleet.loses = (letter) => isHidden(letter) || (letter.to === 'c' && letter.message.kind === 'delta')
  fleet.stop('c')
  fleet.start('c')
  fleet.pass(2 * TIMINGS.recallMs)
  fleet.ask('c', { kind: 'find', project: PROJECT, volume: volumeNamed(1), isOwn: false })
  fleet.pass(1000)
  const isShown = (): boolean => fleet.host('c').tables.view.volumes.has(volumeNamed(1))
  t.ok(isShown())
  fleet.loses = (letter) => letter.to === 'c' && letter.message.kind === 'delta'
  fleet.pass(2 * TIMINGS.watchMs)
  t.same([ledger(fleet, 'b').bound, fleet.host('a').tables.tombs.size], [[], 0], 'all is over, and nothing is left of it')
  fleet.loses = () => false
  fleet.pass(5 * TIMINGS.headsMs)
  t.notOk(isShown())
})
