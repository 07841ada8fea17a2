/**
 * Agreement on one cell under any order, loss and repetition of messages, with proposers that duel and restart, and members
 * that lose their memory.
 *
 * The cell holds one binding for each request; hosts differ by proposer. If two different bindings of a request were
 * ever answered as decided, or one that was answered is missing from a later answer, agreement is broken.
 */
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { peerId, type PeerId } from '../../../lib/model/ids.ts'
import { onMemberUnreachable, onRoundTimeout, propose } from '../../../lib/register/proposer.ts'
import { Group } from './group.ts'

interface LetterMove {
  readonly kind: 'deliver' | 'repeat' | 'lose'
  readonly at: number
}

type Move =
  | { readonly kind: 'bind'; readonly member: number; readonly rid: number }
  | LetterMove
  | { readonly kind: 'timeout'; readonly member: number }
  | { readonly kind: 'restart' | 'forget'; readonly member: number }

const member = fc.nat(4)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('bind' as const), member, rid: fc.nat(3) }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('repeat' as const, 'lose' as const), at: fc.nat(1000) }) },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant('timeout' as const), member }),
      fc.record({ kind: fc.constantFrom('restart' as const, 'forget' as const), member }),
    ),
  },
)

function play(group: Group, moves: readonly Move[]): void {
  for (const one of moves) {
    switch (one.kind) {
      case 'bind':
        group.bind(memberAt(group, one.member), `r${one.rid}`)
        break
      case 'timeout':
        onRoundTimeout(group.proposer(memberAt(group, one.member)), group.worldOf(memberAt(group, one.member)))
        break
      case 'restart':
        group.restart(memberAt(group, one.member))
        break
      case 'forget':
        group.forget(memberAt(group, one.member))
        break
      default:
        if (group.letters.length > 0) handle(group, one)
    }
  }
}

function handle(group: Group, { kind, at }: LetterMove): void {
  const index = at % group.letters.length
  const letter = kind === 'repeat' ? group.letters[index] : group.letters.splice(index, 1)[0]
  if (letter !== undefined && kind !== 'lose') group.deliver(letter)
}

function memberAt({ members }: Group, index: number): PeerId {
  return members[index % members.length] ?? peerId('a')
}

/** Which hosts each request was ever said to be bound to; `nowhere` if a later read did not find it. */
function hostsByRequest(answers: Group['answers']): Map<string, Set<string>> {
  const hosts = new Map<string, Set<string>>()
  const say = (rid: string, host: string): void => void hosts.set(rid, (hosts.get(rid) ?? new Set()).add(host))
  for (const { rid, answer } of answers) {
    if (answer.kind === 'bound') say(rid, answer.binding.host ?? '')
    if (answer.kind !== 'contents') continue
    const bound = new Map(answer.contents.bound.map((binding) => [String(binding.rid), binding.host]))
    for (const known of hosts.keys()) say(known, bound.get(known) ?? 'nowhere')
  }
  return hosts
}

function checkSchedules(t: Test, names: string): void {
  const schedules = fc.property(fc.array(move, { minLength: 40, maxLength: 300 }), (moves) => {
    const group = new Group(names)
    play(group, moves)
    group.readAtLast()
    for (const [rid, hosts] of hostsByRequest(group.answers))
      if (hosts.size > 1) throw new Error(`${rid} was decided for ${[...hosts].join(' and ')}`)
  })
  fc.assert(schedules, { numRuns: 5000, seed: 20261121 })
  t.pass('5,000 schedules')
}

t.test('a request is never decided twice, in any order of messages, by three members that may forget', async (t) =>
  checkSchedules(t, 'abc'),
)

t.test('a request is never decided twice, in any order of messages, by five members that may forget', async (t) =>
  checkSchedules(t, 'abcde'),
)

t.test('a lone proposer needs one round trip a change once it is steady', async (t) => {
  const world = new Group('abc')
  const a = peerId('a')
  const run = (): number => {
    let delivered = 0
    for (let letter = world.letters.shift(); letter !== undefined; letter = world.letters.shift()) {
      delivered += 1
      world.deliver(letter)
    }
    return delivered
  }
  world.bind(a, 'first')
  t.equal(run(), 12, 'prepare and accept, each to three members and back')
  world.bind(a, 'second')
  t.equal(run(), 6, 'accept alone')
  propose(world.proposer(a), { from: a, ref: 'read', change: { kind: 'read', about: null } }, world.worldOf(a))
  t.notOk(
    world.letters.some(({ message }) => message.kind === 'accept'),
    'a read writes nothing',
  )
  run()
  t.match(world.answers.at(-1)?.answer, { kind: 'contents', contents: { bound: [{ rid: 'first' }, { rid: 'second' }] } })
})

t.test('without a majority everybody who waits is told at once', async (t) => {
  const world = new Group('abc')
  const a = peerId('a')
  world.bind(a, 'r')
  for (const lost of ['b', 'c'].map(peerId)) onMemberUnreachable(world.proposer(a), lost, world.worldOf(a))
  t.same(world.ended, [{ kind: 'no-majority', answered: 1, needed: 2 }])
})

t.test('a member that missed a change is brought up to date by the next one', async (t) => {
  const world = new Group('abc')
  const [a, , c] = world.members
  if (a === undefined || c === undefined) throw new Error('three members')
  const run = (skip: PeerId | null): void => {
    for (let letter = world.letters.shift(); letter !== undefined; letter = world.letters.shift())
      if (letter.to !== skip) world.deliver(letter)
  }
  world.bind(a, 'one')
  run(c)
  world.bind(a, 'two')
  run(null)
  t.same([...(world.acceptors.get(c)?.cell.bound.keys() ?? [])].sort(), ['one', 'two'])
})
