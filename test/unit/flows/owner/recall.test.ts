/** A start asks what this host used to know: how long it waits for an answer, and what it does with it. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import type { Json } from '../../../../lib/model/json.ts'
import { Fleet } from '../fleet.ts'
import { createOn, manifestOf } from '../requests.ts'

function started(names: string): Fleet {
  const fleet = new Fleet(manifestOf(names))
  fleet.startAll()
  return fleet
}

/** The host begins a new life, with another journal if one is given. */
function restart(fleet: Fleet, name: string, journal?: ReadonlyMap<string, Json>): void {
  fleet.stop(name)
  if (journal !== undefined) fleet.host(name).journal = new Map(journal)
  fleet.start(name)
  fleet.settle()
}

const BLANK = new Map<string, Json>()

t.test('a host goes on at once when all others have answered', async (t) => {
  const fleet = started('abc')
  restart(fleet, 'a')
  t.ok(fleet.host('a').isReady)
})

t.test('one that stays silent is not waited for longer than a moment, if a majority knows', async (t) => {
  const fleet = started('abc')
  fleet.stop('c')
  restart(fleet, 'a')
  fleet.pass(TIMINGS.recallMs - 1)
  t.notOk(fleet.host('a').isReady, 'it may only be late')
  fleet.pass(1)
  t.ok(fleet.host('a').isReady, 'this host and the other one are two of three')
})

t.test('without a majority a host of three writes, votes and exports nothing, however long', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  fleet.stop('b')
  fleet.stop('c')
  const journal = new Map(fleet.host('a').journal)
  restart(fleet, 'a')
  fleet.pass(20 * TIMINGS.aloneMs)
  t.notOk(fleet.host('a').isReady)
  t.same(fleet.host('a').journal, journal, 'the journal is as it was')
  fleet.start('b')
  fleet.pass(2 * TIMINGS.recallMs)
  t.ok(fleet.host('a').isReady, 'the next one that comes is heard')
})

t.test('a host waits until it is listed what lies on it', async (t) => {
  const fleet = started('abc')
  fleet.stop('a')
  fleet.start('a', { lacksList: true })
  fleet.pass(5 * TIMINGS.recallMs)
  t.notOk(fleet.host('a').isReady)
  fleet.list('a')
  fleet.settle()
  t.ok(fleet.host('a').isReady)
})

t.test('a host without its journal does not count itself: two others must answer', async (t) => {
  const fleet = started('abc')
  fleet.stop('c')
  restart(fleet, 'a', BLANK)
  fleet.pass(20 * TIMINGS.aloneMs)
  t.notOk(fleet.host('a').isReady, 'one other is no majority')
  fleet.start('c')
  fleet.pass(2 * TIMINGS.recallMs)
  t.ok(fleet.host('a').isReady)
  t.ok(fleet.host('a').notes.includes('memory-lost'))
})

t.test('in a cluster of two a host without its journal goes on alone, but only after a while', async (t) => {
  const fleet = started('ab')
  fleet.stop('b')
  restart(fleet, 'a', BLANK)
  fleet.pass(TIMINGS.aloneMs - 1)
  t.notOk(fleet.host('a').isReady)
  fleet.pass(1)
  t.ok(fleet.host('a').isReady)
  t.ok(fleet.host('a').notes.includes('recovered-alone'), 'and says so')
})

t.test('in a cluster of two a host with a journal gives the other one as long to answer as one without', async (t) => {
  const fleet = new Fleet(manifestOf('ab'))
  fleet.startAll()
  fleet.stop('b')
  fleet.stop('a')
  fleet.start('a')
  fleet.pass(TIMINGS.aloneMs - 1)
  t.notOk(fleet.host('a').isReady, 'timings.aloneMs: after which a cluster of two does without an answer')
  fleet.pass(1)
  t.ok(fleet.host('a').isReady)
})

t.test('answers to another question, and heads that this host never signed, say nothing', async (t) => {
  const fleet = started('abc')
  fleet.stop('b')
  fleet.stop('c')
  restart(fleet, 'a')
  const head = fleet.host('a').tables.view.logs.get(fleet.host('a').id)?.head ?? null
  if (head === null) throw new Error('it has published an epoch')
  const { ref } = fleet.host('a').tables.recovery ?? { ref: '' }
  const answer = { kind: 'recalled', head: null, votes: [], projects: [], totals: [], isLost: false, life: 0 } as const
  fleet.say('b', 'a', { ...answer, ref: 'of a life before' })
  fleet.pass(TIMINGS.recallMs)
  t.notOk(fleet.host('a').isReady, 'an old answer')
  fleet.say('b', 'a', { ...answer, ref, head: { ...head, epoch: 99, seq: 99 } })
  fleet.pass(TIMINGS.recallMs)
  t.ok(fleet.host('a').isReady)
  t.ok(fleet.host('a').tables.epoch < 99)
})

t.test('an epoch is above every life in which this host has voted, also one that no log tells of', async (t) => {
  const fleet = started('abc')
  fleet.stop('b')
  fleet.stop('c')
  restart(fleet, 'a')
  const { ref } = fleet.host('a').tables.recovery ?? { ref: '' }
  fleet.say('b', 'a', { kind: 'recalled', ref, head: null, votes: [], projects: [], totals: [], isLost: false, life: 7 })
  fleet.pass(TIMINGS.recallMs)
  t.equal(fleet.host('a').tables.epoch, 8)
})
