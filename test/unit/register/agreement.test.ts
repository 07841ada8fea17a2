/**
 * Agreement on one cell under any order, loss and repetition of messages, with proposers that duel and lose their memory.
 *
 * The cell holds one binding for each request; hosts differ by proposer. If two different bindings of a request were
 * ever answered as decided, or one that was answered is missing from a later answer, agreement is broken.
 */
import fc from 'fast-check'
import t from 'tap'
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { peerId, poolName, projectId, requestId, reservationId, volumeId, type PeerId } from '../../../lib/model/ids.ts'
import type { Binding, LedgerAnswer } from '../../../lib/model/ledger.ts'
import type { ChangeOutcome, PeerMessage } from '../../../lib/model/message.ts'
import { type Acceptor, newAcceptor, onAccept, onConfirm, onPrepare } from '../../../lib/register/acceptor.ts'
import {
  newProposer,
  onAccepted,
  onBehind,
  onConfirmed,
  onMemberUnreachable,
  onPromised,
  onRejected,
  onRoundTimeout,
  type Proposer,
  type ProposerWorld,
  propose,
} from '../../../lib/register/proposer.ts'

const PROJECT = projectId('p')
const MEMBERS = ['a', 'b', 'c'].map(peerId)
/** Voting epoch. */
const GROUP = 1
const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }

interface Letter {
  readonly from: PeerId
  readonly to: PeerId
  readonly message: PeerMessage
}

class World {
  readonly acceptors = new Map<PeerId, Acceptor>(MEMBERS.map((member) => [member, newAcceptor(GROUP)]))
  readonly proposers = new Map<PeerId, Proposer>()
  readonly letters: Letter[] = []
  readonly answers: { readonly rid: string; readonly answer: LedgerAnswer }[] = []
  readonly ended: ChangeOutcome[] = []
  epoch = 0

  constructor() {
    for (const member of MEMBERS) this.restart(member)
  }

  /** A proposer forgets everything; acceptors are durable and don't. */
  restart(member: PeerId): void {
    this.epoch += 1
    this.proposers.set(member, newProposer(PROJECT, member, this.epoch, GROUP, MEMBERS))
  }

  proposer(member: PeerId): Proposer {
    const proposer = this.proposers.get(member)
    if (proposer === undefined) throw new Error('every member proposes')
    return proposer
  }

  worldOf(member: PeerId): ProposerWorld {
    return {
      send: (to, message) => this.letters.push({ from: member, to, message: JSON.parse(JSON.stringify(message)) as PeerMessage }),
      answer: (waiting, outcome) => {
        this.ended.push(outcome)
        if (outcome.kind === 'decided') this.answers.push({ rid: waiting.ref, answer: outcome.answer })
      },
      timer: () => {},
      cancelTimer: () => {},
      evaluate: (cell, change) =>
        evaluate(LEDGER_RULES, { project: PROJECT, cell, defaults: UNLIMITED, founding: [], isLost: () => false }, change),
      random: () => 0,
    }
  }

  bind(member: PeerId, rid: string): void {
    propose(
      this.proposer(member),
      { from: member, ref: rid, change: { kind: 'bind', binding: bindingOf(rid, member) } },
      this.worldOf(member),
    )
  }

  deliver({ from, to, message }: Letter): void {
    const acceptor = this.acceptors.get(to) ?? newAcceptor(GROUP)
    const answer = (of: PeerMessage): void =>
      void this.letters.push({ from: to, to: from, message: JSON.parse(JSON.stringify(of)) as PeerMessage })
    const proposer = this.proposer(to)
    const world = this.worldOf(to)
    switch (message.kind) {
      case 'prepare':
        return answer(onPrepare(acceptor, message).answer)
      case 'accept':
        return answer(onAccept(acceptor, message).answer)
      case 'confirm':
        return answer(onConfirm(acceptor, message).answer)
      case 'promised':
        return onPromised(proposer, from, message, world)
      case 'accepted':
        return onAccepted(proposer, from, message, world)
      case 'behind':
        return onBehind(proposer, from, message, world)
      case 'rejected':
        return onRejected(proposer, message, world)
      case 'confirmed':
        return onConfirmed(proposer, from, message, world)
      default:
        throw new Error(`no register message: ${message.kind}`)
    }
  }
}

function bindingOf(rid: string, host: PeerId): Binding {
  return {
    kind: 'bound',
    rid: requestId(rid),
    volume: volumeId(rid),
    host,
    pool: poolName(host, 'b', 'p'),
    reservation: reservationId('1.1'),
    bodyHash: 'body',
    delta: { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 },
    sizeGiB: 1,
    spec: null,
    snapshot: null,
    transfer: null,
    atMs: 0,
  }
}

interface LetterMove {
  readonly kind: 'deliver' | 'repeat' | 'lose'
  readonly at: number
}

type Move =
  | { readonly kind: 'bind'; readonly member: number; readonly rid: number }
  | LetterMove
  | { readonly kind: 'timeout'; readonly member: number }
  | { readonly kind: 'restart'; readonly member: number }

const member = fc.nat(2)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('bind' as const), member, rid: fc.nat(3) }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(1000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('repeat' as const, 'lose' as const), at: fc.nat(1000) }) },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.record({ kind: fc.constant('timeout' as const), member }),
      fc.record({ kind: fc.constant('restart' as const), member }),
    ),
  },
)

function play(world: World, moves: readonly Move[]): void {
  for (const one of moves) {
    switch (one.kind) {
      case 'bind':
        world.bind(memberAt(one.member), `r${one.rid}`)
        break
      case 'timeout':
        onRoundTimeout(world.proposer(memberAt(one.member)), world.worldOf(memberAt(one.member)))
        break
      case 'restart':
        world.restart(memberAt(one.member))
        break
      default:
        if (world.letters.length > 0) handle(world, one)
    }
  }
}

function handle(world: World, { kind, at }: LetterMove): void {
  const index = at % world.letters.length
  const letter = kind === 'repeat' ? world.letters[index] : world.letters.splice(index, 1)[0]
  if (letter !== undefined && kind !== 'lose') world.deliver(letter)
}

function memberAt(index: number): PeerId {
  return MEMBERS[index] ?? peerId('a')
}

function hostsByRequest(answers: World['answers']): Map<string, Set<string>> {
  const hosts = new Map<string, Set<string>>()
  for (const { rid, answer } of answers) {
    if (answer.kind !== 'bound') continue
    hosts.set(rid, (hosts.get(rid) ?? new Set()).add(answer.binding.host ?? ''))
  }
  return hosts
}

t.test('a request is never decided twice, in any order of messages', async (t) => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 40, maxLength: 300 }), (moves) => {
      const world = new World()
      play(world, moves)
      for (const [rid, hosts] of hostsByRequest(world.answers))
        if (hosts.size > 1) throw new Error(`${rid} was decided for ${[...hosts].join(' and ')}`)
    }),
    { numRuns: 3000, seed: 20261121 },
  )
  t.pass('3,000 schedules')
})

t.test('a lone proposer needs one round trip a change once it is steady', async (t) => {
  const world = new World()
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
  const world = new World()
  const a = peerId('a')
  world.bind(a, 'r')
  for (const lost of ['b', 'c'].map(peerId)) onMemberUnreachable(world.proposer(a), lost, world.worldOf(a))
  t.same(world.ended, [{ kind: 'no-majority', answered: 1, needed: 2 }])
})

t.test('a member that missed a change is brought up to date by the next one', async (t) => {
  const world = new World()
  const [a, , c] = MEMBERS
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
