/** Whatever an owner does, and whatever of it is lost, doubled or late: a copy is never wrong, and comes to be equal. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Delta, newOwnerLog, type OwnerLog, takeDelta } from '../../../lib/replica/log.ts'
import { catchUp, isSigned, Owner, recordsOf } from './owner.ts'

const COPIES = 3
/** Two of them fill a part. */
const LONG = 'x'.repeat(120_000)

type Move =
  | { readonly kind: 'put' | 'long' | 'tomb'; readonly volume: number }
  | { readonly kind: 'epoch' | 'restore' | 'save' | 'collect' }
  /** The newest entry is pushed to all. */
  | { readonly kind: 'push' }
  /** One copy says to another, or to the owner (0), how far it is, and is answered. */
  | { readonly kind: 'ask'; readonly copy: number; readonly of: number; readonly partsMax: number }
  | { readonly kind: 'deliver' | 'repeat' | 'lose'; readonly at: number }

const volume = fc.nat(5)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('put' as const, 'put' as const, 'long' as const, 'tomb' as const), volume }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('epoch' as const, 'restore' as const, 'save' as const, 'collect' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('push' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      copy: fc.nat(COPIES - 1),
      of: fc.nat(COPIES),
      partsMax: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 14, arbitrary: fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(1000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('repeat' as const, 'lose' as const), at: fc.nat(1000) }) },
)

class World {
  owner = new Owner()
  /** A state of the owner that it may be put back to; then it begins an epoch that nobody has seen. */
  saved = this.owner.twin()
  lastEpoch = 1
  readonly copies: readonly OwnerLog[] = Array.from({ length: COPIES }, newOwnerLog)
  readonly letters: { readonly to: OwnerLog; readonly part: Delta }[] = []
  /** Every state that the owner ever signed, by place. */
  readonly history = new Map<string, ReturnType<typeof recordsOf>>()

  constructor() {
    this.note()
  }

  note(): void {
    this.history.set(this.owner.head.signature, recordsOf(this.owner.log))
  }

  play(one: Move): void {
    const { owner } = this
    switch (one.kind) {
      case 'put':
        return owner.put(one.volume, `at ${owner.state.seq}`)
      case 'long':
        return owner.put(one.volume, 'long', LONG)
      case 'tomb':
        return owner.tomb(one.volume)
      case 'collect':
        return owner.collect(owner.state.seq)
      case 'save':
        this.saved = owner.twin()
        return
      case 'epoch':
      case 'restore':
        if (one.kind === 'restore') this.owner = this.saved.twin()
        this.lastEpoch += 1
        return this.owner.begin(this.lastEpoch)
      case 'push':
        for (const to of this.copies) this.letters.push({ to, part: owner.push() })
        return
      case 'ask':
        return this.ask(one.copy, one.of, one.partsMax)
      default:
        return this.post(one.kind, one.at)
    }
  }

  ask(copy: number, of: number, partsMax: number): void {
    const to = this.copies[copy]
    const from = of === 0 ? this.owner.log : this.copies[of - 1]
    if (to === undefined || from === undefined || from === to) return
    const source = new Owner()
    source.log.head = from.head
    source.log.records = from.records
    if (from.head !== null) for (const part of source.partsFor(to, partsMax)) this.letters.push({ to, part })
  }

  post(kind: 'deliver' | 'repeat' | 'lose', at: number): void {
    const index = this.letters.length === 0 ? 0 : at % this.letters.length
    const letter = kind === 'repeat' ? this.letters[index] : this.letters.splice(index, 1)[0]
    if (letter === undefined || kind === 'lose') return
    const taken = takeDelta(letter.to, letter.part, isSigned)
    assert.notEqual(taken.kind, 'forked', 'an owner that never uses an epoch twice does not fork')
  }

  check(): void {
    for (const copy of this.copies) {
      if (copy.head === null) assert.equal(copy.records.size, 0)
      else assert.deepEqual(recordsOf(copy), this.history.get(copy.head.signature), 'what is shown is what the owner had at that head')
    }
  }
}

t.test('a copy shows exactly what the owner had at some point, and the newest of it in the end', async (t) => {
  const isKept = fc.property(fc.array(move, { minLength: 10, maxLength: 80 }), (moves) => {
    const world = new World()
    for (const one of moves) {
      world.play(one)
      world.note()
      world.check()
    }
    for (const copy of world.copies) {
      catchUp(copy, world.owner)
      assert.deepEqual(recordsOf(copy), recordsOf(world.owner.log))
      assert.deepEqual(copy.head, world.owner.head)
    }
  })
  t.doesNotThrow(() => fc.assert(isKept, { numRuns: 150, seed: 20261121 }))
})
