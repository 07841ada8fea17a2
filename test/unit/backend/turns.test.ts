/** Calls that outlive their time limit: the next one for the same volume waits, others do not, and nothing begins too late. */
import t from 'tap'
import { createTurns } from '../../../agent/backend/turns.ts'
import { volumeId } from '../../../lib/model/ids.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

const FIRST = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const SECOND = volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d')
const patient = new AbortController().signal
const GIVEN_UP = { kind: 'unknown', tool: 'tool', detail: 'the time limit passed' }

/** A call that ends when it is told to. */
function stuck(): { readonly work: () => Promise<Outcome<string>>; readonly end: (value: string) => void } {
  let end = (_: string): void => {}
  const ended = new Promise<Outcome<string>>((resolve) => {
    end = (value) => resolve(done(value))
  })
  return { work: () => ended, end: (value) => end(value) }
}

t.test('after a call that was given up, the next one for its volume waits for its end, and one for another does not', async (t) => {
  const turns = createTurns('tool')
  const limit = new AbortController()
  const { work, end } = stuck()
  const order: string[] = []
  const first = turns.take([FIRST], () => work().finally(() => order.push('first has ended')), limit.signal)
  limit.abort()
  t.same(await first, GIVEN_UP)
  const next = turns.take([FIRST], async () => done(order.push('next begins')), patient)
  t.same(await turns.take([SECOND], async () => done(order.push('other volume')), patient), done(1))
  end('late')
  await next
  t.same(order, ['other volume', 'first has ended', 'next begins'])
})

t.test('a call whose time is up before its turn comes is given up, and never begins', async (t) => {
  const turns = createTurns('tool')
  const limits = [new AbortController(), new AbortController()] as const
  const { work, end } = stuck()
  const first = turns.take([FIRST], work, limits[0].signal)
  let hasBegun = false
  const second = turns.take(
    [FIRST],
    async () => {
      hasBegun = true
      return done(null)
    },
    limits[1].signal,
  )
  for (const limit of limits) limit.abort()
  t.same(await Promise.all([first, second]), [GIVEN_UP, GIVEN_UP])
  end('late')
  t.same(await turns.take([FIRST], async () => done('third'), patient), done('third'))
  t.equal(hasBegun, false)
})

t.test('a call about two volumes waits for both, and both wait for it', async (t) => {
  const turns = createTurns('tool')
  const [busy, both] = [stuck(), stuck()]
  const order: string[] = []
  const first = turns.take([FIRST], () => busy.work(), patient)
  const copy = turns.take([SECOND, FIRST], () => both.work().finally(() => order.push('copied')), patient)
  busy.end('free')
  await first
  const after = [FIRST, SECOND].map((volume) => turns.take([volume], async () => done(order.push(volume)), patient))
  both.end('done')
  await Promise.all([copy, ...after])
  t.same(order, ['copied', FIRST, SECOND])
})
