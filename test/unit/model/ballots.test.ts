/** The order of ballots, on which agreement rests. */
import fc from 'fast-check'
import t from 'tap'
import { peerId } from '../../../lib/model/ids.ts'
import { type Ballot, compareBallots } from '../../../lib/model/ballot.ts'

const ballot: fc.Arbitrary<Ballot> = fc.record({
  group: fc.nat(2),
  counter: fc.nat(2),
  peer: fc.constantFrom(...['a', 'b'].map(peerId)),
  epoch: fc.nat(2),
})

t.test('whatever is proposed in a later voting epoch outranks everything before it', async (t) => {
  const late: Ballot = { group: 2, counter: 0, peer: peerId('a'), epoch: 0 }
  const early: Ballot = { group: 1, counter: 1_000_000, peer: peerId('z'), epoch: 99 }
  t.ok(compareBallots(late, early) > 0)
})

t.test('of two different ballots one is above the other, whoever compares them', async (t) => {
  const isOrdered = fc.property(ballot, ballot, ballot, (a, b, c) => {
    const isSame = JSON.stringify(a) === JSON.stringify(b)
    if ((compareBallots(a, b) === 0) !== isSame) return false
    if (Math.sign(compareBallots(a, b)) !== -Math.sign(compareBallots(b, a))) return false
    return !(compareBallots(a, b) > 0 && compareBallots(b, c) > 0) || compareBallots(a, c) > 0
  })
  t.doesNotThrow(() => fc.assert(isOrdered, { numRuns: 2000 }))
})
