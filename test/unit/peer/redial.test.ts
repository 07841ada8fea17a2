import t from 'tap'
import { backoffMs, Redial } from '../../../agent/peer/redial.ts'
import { type PeerId, peerId } from '../../../lib/model/ids.ts'

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map(peerId) as [PeerId, PeerId, PeerId, PeerId, PeerId]

/** A redial loop whose calls end when the test says so. */
function loop(self: PeerId, wanted: readonly PeerId[]) {
  const called: PeerId[] = []
  const ending = new Map<PeerId, (error: Error | null) => void>()
  const state = { nowMs: 0, reached: new Set<PeerId>() }
  const redial = new Redial({
    self,
    wanted: () => wanted,
    isReached: (peer) => state.reached.has(peer),
    reach: (peer) => {
      called.push(peer)
      return new Promise((resolve, reject) => ending.set(peer, (error) => (error === null ? resolve() : reject(error))))
    },
    onFailure: () => {},
    now: () => state.nowMs,
    random: () => 0.5,
  })
  const end = async (peer: PeerId, error: Error | null): Promise<void> => {
    ending.get(peer)?.(error)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const at = (nowMs: number): void => {
    state.nowMs = nowMs
    redial.tick()
  }
  return { redial, called, state, end, at }
}

t.test('at the start everybody is called, three at a time', async (t) => {
  const { called, end, at } = loop(C, [A, B, D, E])
  at(0)
  t.same(called, [A, B, D])
  await end(A, new Error('refused'))
  t.same(called, [A, B, D, E])
})

t.test('hosts that have not failed are called before those that have', async (t) => {
  const { called, end, at, state } = loop(A, [B, C, D, E])
  state.reached.add(E)
  at(0)
  for (const peer of [B, C, D]) await end(peer, new Error('gone'))
  called.length = 0
  state.reached.delete(E)
  at(60_000)
  t.same(called, [E, B, C])
})

t.test('calls come ever less often, up to five seconds', (t) => {
  t.same(
    [1, 2, 3, 4, 5, 6, 60].map((attempt) => backoffMs(attempt, 0.999999)),
    [250, 500, 1000, 2000, 4000, 5000, 5000],
  )
  t.same(
    [1, 6].map((attempt) => backoffMs(attempt, 0)),
    [125, 2500],
  )
  t.end()
})

t.test('after a break the lower id calls at once, the higher one two seconds later', (t) => {
  const lower = loop(A, [B])
  lower.redial.lost(B)
  lower.at(249)
  t.same(lower.called, [B])
  const higher = loop(B, [A])
  higher.redial.lost(A)
  higher.at(1999)
  t.same(higher.called, [])
  higher.at(2250)
  t.same(higher.called, [A])
  t.end()
})

t.test('a peer that was reached starts from the beginning, and a stopped loop calls nobody', async (t) => {
  const { redial, called, end, at } = loop(A, [B])
  for (const nowMs of [0, 10_000, 20_000]) {
    at(nowMs)
    await end(B, new Error('refused'))
  }
  redial.reached(B)
  called.length = 0
  at(20_001)
  t.same(called, [B])
  await end(B, null)
  redial.stop()
  at(90_000)
  t.same(called, [B])
})
