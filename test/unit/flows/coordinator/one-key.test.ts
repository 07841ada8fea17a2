/** One key, two bodies, one coordinator: an answer to the first request is none to the second. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { Fleet, type Letter } from '../fleet.ts'
import { create, createOn, ledger, manifestOf, outcomeOf, volumeNamed } from '../requests.ts'

const GIB = 1024 ** 3

t.test('a reservation that comes late is not taken for that of another request under the same key', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  const { pool, owner } = createOn(fleet, 'a', 1)
  if (pool === null || owner === null) throw new Error('it has a place')
  // A copy has one pool to go to: if that does not answer, nothing is decided, and the key may be used again.
  const copyOf = (sizeGiB: number) => ({
    ...create(2, { sizeGiB, source: { kind: 'volume', volume: volumeNamed(1) } }),
    bodyHash: `${sizeGiB} GiB`,
    sourceAt: { owner, pool },
  })
  const late: Letter[] = []
  fleet.loses = (letter) => {
    if (letter.message.kind === 'reserved') late.push(letter)
    return letter.message.kind === 'reserved'
  }
  const first = fleet.ask('b', copyOf(1))
  fleet.pass(TIMINGS.reserveMs)
  t.equal(outcomeOf(first()), 'owner-unreachable')
  const [reserved] = late
  if (reserved === undefined) throw new Error('nothing was reserved')
  fleet.loses = ({ message }) => message.kind === 'reserve'
  const second = fleet.ask('b', copyOf(3))
  fleet.say('a', 'b', reserved.message)
  t.equal(second(), undefined, 'that was not for this one')
  t.same(ledger(fleet, 'c').bound, [])
  fleet.loses = () => false
  fleet.pass(2 * TIMINGS.reserveMs)
  t.equal(outcomeOf(fleet.ask('b', copyOf(3))()), 'ok')
  fleet.pass(1000)
  t.equal(fleet.host('a').volumes.get(volumeNamed(2))?.sizeBytes, 3 * GIB)
})
