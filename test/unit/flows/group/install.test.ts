/** Registers that move: to another group of voters, and back to a member that has lost its votes. */
import t from 'tap'
import { cellKey, registerKey } from '../../../../lib/flows/keys.ts'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { peerId, projectId } from '../../../../lib/model/ids.ts'
import type { Manifest, ManifestHost } from '../../../../lib/model/manifest.ts'
import { joining, leaving, type NextManifest, stepDone } from '../../../../lib/model/manifest-steps.ts'
import type { Ballot } from '../../../../lib/model/ballot.ts'
import { homeGroup } from '../../../../lib/register/home-group.ts'
import { Fleet, type Letter } from '../fleet.ts'
import { groupOf, ledger, manifestOf, outcomeOf, PROJECT } from '../requests.ts'

type Newcomer = Omit<ManifestHost, 'voter' | 'state'>

const newcomer = (name: string): Newcomer => ({ peer: peerId(name), name, addrs: [], zone: 'z' })

function taken(next: NextManifest): Manifest {
  if (!next.ok) throw new Error(`refused: ${next.problem.kind}`)
  return next.manifest
}

/** A running cluster whose project may have seven volumes. */
function clusterOf(names: string): { readonly fleet: Fleet; readonly manifest: Manifest } {
  const manifest = manifestOf(names)
  const fleet = new Fleet(manifest)
  fleet.startAll()
  setLimit(fleet, names[0] ?? '', 7)
  return { fleet, manifest }
}

/** Such a cluster of three, in which `second` has just begun without its journal. */
function withForgetful() {
  const { fleet, manifest } = clusterOf('abc')
  const [first, second, third] = groupOf(manifest)
  if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three')
  const epochBefore = fleet.host(second).tables.epoch
  fleet.stop(second)
  fleet.host(second).journal.clear()
  fleet.start(second)
  return { fleet, manifest, first, second, third, epochBefore }
}

function setLimit(fleet: Fleet, by: string, volumes: number): void {
  const answer = fleet.ask(by, { kind: 'limits', project: PROJECT, limits: { volumes } })
  fleet.pass(10_000)
  if (outcomeOf(answer()) !== 'ok') throw new Error(`not set: ${outcomeOf(answer())}`)
}

/** All hear of the step, the registers move, and all hear that they have. */
function complete(fleet: Fleet, manifest: Manifest): Manifest {
  fleet.spread(manifest)
  fleet.pass(5 * TIMINGS.recallMs)
  const done = stepDone(manifest, '')
  fleet.spread(done)
  return done
}

function join(fleet: Fleet, manifest: Manifest, name: string): Manifest {
  const next = taken(joining(manifest, newcomer(name), ''))
  fleet.add(name, next)
  fleet.start(name)
  fleet.settle()
  return complete(fleet, next)
}

/** First it gives its votes up, so that its registers can be read from it; then it goes. */
function leave(fleet: Fleet, manifest: Manifest, name: string): Manifest {
  const next = taken(leaving(manifest, name, ''))
  const kept = manifest.hosts.filter((host) => host.name === name).map((host) => ({ ...host, voter: false }))
  const moved = complete(fleet, { ...next, hosts: [...next.hosts, ...kept] })
  const gone = taken(leaving(moved, name, ''))
  fleet.stop(name)
  fleet.hosts.delete(peerId(name))
  fleet.spread(gone)
  return gone
}

t.test('a cluster that grows from one to five, and shrinks again, keeps what a register holds', async (t) => {
  const cluster = clusterOf('a')
  const { fleet } = cluster
  let { manifest } = cluster
  for (const name of 'bcde') {
    manifest = join(fleet, manifest, name)
    for (const by of [...fleet.hosts.keys()]) t.equal(ledger(fleet, by).limits.volumes, 7, `read through ${by}, with ${name}`)
  }
  t.equal(groupOf(manifest).length, 5)
  setLimit(fleet, 'e', 9)
  for (const name of 'abcd') {
    manifest = leave(fleet, manifest, name)
    t.equal(ledger(fleet, 'e').limits.volumes, 9, `without ${name}`)
  }
  t.same(groupOf(manifest), ['e'])
})

t.test('a host that has left its groups keeps nothing of their registers', async (t) => {
  const { fleet, manifest } = clusterOf('abcde')
  const grown = join(fleet, manifest, 'f')
  for (const { id, tables, journal } of fleet.hosts.values()) {
    if (groupOf(grown).includes(id)) continue
    t.notOk(tables.acceptors.has(PROJECT), `${id} does not answer for it`)
    t.notOk(
      [...journal.keys()].some((key) => key === registerKey(PROJECT) || key.startsWith(cellKey(PROJECT, ''))),
      `${id} has nothing of it in its journal`,
    )
  }
})

t.test('a former member that was asked is sealed, for good: it votes under no ballot of the former group any more', async (t) => {
  const { fleet, manifest } = clusterOf('abc')
  const [, second, third] = groupOf(manifest)
  if (second === undefined || third === undefined) throw new Error('a group of three')
  const next = taken(joining(manifest, newcomer('d'), ''))
  fleet.add('d', next)
  fleet.spread(next)
  const late: Ballot = { group: manifest.voting.epoch, counter: 99, peer: third, epoch: 1 }
  const votes = (): number =>
    fleet.sent.filter(({ from, message }) => from === second && message.kind === 'promised' && message.project === PROJECT).length
  const before = votes()
  fleet.say(third, second, { kind: 'prepare', project: PROJECT, ballot: late, known: null, lives: [] })
  fleet.stop(second)
  fleet.start(second)
  fleet.pass(2 * TIMINGS.recallMs)
  fleet.say(third, second, { kind: 'prepare', project: PROJECT, ballot: late, known: null, lives: [] })
  t.equal(votes(), before, 'no promise, neither in this life nor in the next')
  const promised = fleet.host(second).tables.acceptors.get(PROJECT)?.promised
  t.ok((promised?.group ?? 0) >= next.voting.epoch, 'and its journal says so too')
})

t.test('what the former group decides while only some have heard of the step is not lost', async (t) => {
  const { fleet, manifest } = clusterOf('abc')
  const [first, second, third] = groupOf(manifest)
  if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three')
  const next = taken(joining(manifest, newcomer('d'), ''))
  fleet.add('d', next)
  fleet.start('d')
  // The third knows already, the other two decide by the old manifest.
  fleet.spread(next, first, second)
  const answer = fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 8 } })
  t.equal(outcomeOf(answer()), 'ok')
  complete(fleet, next)
  for (const by of ['d', third]) t.equal(ledger(fleet, by).limits.volumes, 8, `through ${by}`)
})

t.test('a member votes on no register that it has not taken over', async (t) => {
  const { fleet, manifest } = clusterOf('abc')
  const next = taken(joining(manifest, newcomer('d'), ''))
  const members = groupOf(next)
  fleet.add('d', next)
  fleet.start('d')
  fleet.settle()
  // Nobody of the former group gives anything out.
  fleet.loses = ({ message }) => message.kind === 'fetched'
  fleet.spread(next)
  const from = fleet.sent.length
  for (const member of members) {
    const ballot = { group: next.voting.epoch, counter: 5, peer: member, epoch: 9 }
    for (const to of members) fleet.say(member, to, { kind: 'prepare', project: PROJECT, ballot, known: null, lives: [] })
  }
  const answer = fleet.ask('a', { kind: 'ledger', project: PROJECT })
  fleet.pass(20_000)
  const votes = fleet.sent.slice(from).filter(({ message }) => message.kind === 'promised' || message.kind === 'accepted')
  t.same(votes, [])
  t.equal(outcomeOf(answer()), 'no-majority')
  fleet.loses = () => false
  fleet.pass(5 * TIMINGS.recallMs)
  t.equal(ledger(fleet, 'd').limits.volumes, 7, 'as soon as it can be read it is')
})

t.test('a step goes on without one former member, and not without a majority of them', async (t) => {
  const { fleet, manifest } = clusterOf('abc')
  const [first, second, third] = groupOf(manifest)
  if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three')
  const next = taken(leaving(manifest, third, ''))
  fleet.stop(third)
  fleet.hosts.delete(third)
  fleet.cut(first, second)
  fleet.spread(next)
  fleet.pass(20 * TIMINGS.recallMs)
  t.not(fleet.host(first).tables.acceptors.get(PROJECT)?.group, next.voting.epoch, 'one of three is too few')
  fleet.mend(first, second)
  fleet.pass(5 * TIMINGS.recallMs)
  t.equal(ledger(fleet, first).limits.volumes, 7, 'two of three are enough')
})

t.test('a member that has lost its votes reads a register from the others before it votes on it', async (t) => {
  const { fleet, first, second, third } = withForgetful()
  fleet.settle()
  t.notOk(fleet.host(second).tables.acceptors.has(PROJECT), 'at first it has nothing')
  fleet.loses = ({ from, to, message }) => message.kind === 'fetched' && to === second && from === third
  const from = fleet.sent.length
  const isVote = ({ message }: Letter): boolean =>
    (message.kind === 'promised' || message.kind === 'accepted' || message.kind === 'confirmed') && message.project === PROJECT
  const votes = (): number => fleet.sent.slice(from).filter((letter) => letter.from === second && isVote(letter)).length
  setLimit(fleet, first, 8)
  t.equal(votes(), 0, 'what one of the two others holds is not enough')
  fleet.loses = () => false
  fleet.pass(2 * TIMINGS.recallMs)
  setLimit(fleet, first, 9)
  t.ok(votes() > 0, 'now it votes')
  fleet.stop(first)
  t.equal(ledger(fleet, second).limits.volumes, 9, 'and stands for what was decided')
})

t.test(
  'a member that was asked by a later life votes for nothing that counts the one before, and a new proposer knows of it',
  async (t) => {
    const { fleet, manifest, first, second, third, epochBefore } = withForgetful()
    fleet.pass(2 * TIMINGS.recallMs)
    setLimit(fleet, first, 8)
    const refusals = (): readonly Letter[] =>
      fleet.sent.filter(({ from, message }) => from === third && message.kind === 'outlived' && message.project === PROJECT)
    const before = refusals().length
    const ballot: Ballot = { group: manifest.voting.epoch, counter: 99, peer: first, epoch: 1 }
    const lives = groupOf(manifest).map((member) => (member === second ? epochBefore : 0))
    fleet.say(first, third, { kind: 'prepare', project: PROJECT, ballot, known: null, lives })
    fleet.settle()
    t.equal(refusals().length, before + 1, 'that vote was of a life before')
    fleet.stop(first)
    fleet.start(first)
    fleet.pass(2 * TIMINGS.recallMs)
    setLimit(fleet, first, 9)
    t.equal(refusals().length, before + 1, 'its own memory of the register says so')
  },
)

t.test('what a life before had asked for is not taken in by the next', async (t) => {
  const { fleet, manifest, first, second, third } = withForgetful()
  fleet.settle()
  fleet.loses = ({ message }) => message.kind === 'fetched'
  setLimit(fleet, first, 8)
  const { installing, acceptors, epoch } = fleet.host(second).tables
  t.ok(installing.has(PROJECT), 'it has asked, and heard nothing')
  fleet.loses = () => false
  const memory = { group: manifest.voting.epoch, seal: false, promised: null, accepted: null, value: [], lives: [] }
  const told = (life: number): void => {
    for (const other of [first, third]) fleet.say(other, second, { kind: 'fetched', project: PROJECT, life, ...memory })
    fleet.settle()
  }
  told(epoch - 1)
  t.notOk(acceptors.has(PROJECT), 'answers to another question')
  told(epoch)
  t.ok(acceptors.has(PROJECT))
})

t.test('of five, a member that has lost its votes needs three of the four others', async (t) => {
  const { fleet, manifest } = clusterOf('abcde')
  const [first, second, third, fourth, fifth] = groupOf(manifest)
  if (first === undefined || second === undefined || third === undefined || fourth === undefined || fifth === undefined)
    throw new Error('a group of five')
  fleet.stop(fifth)
  fleet.host(fifth).journal.clear()
  fleet.start(fifth)
  fleet.pass(2 * TIMINGS.recallMs)
  fleet.loses = ({ from, message }) => message.kind === 'fetched' && (from === third || from === fourth)
  setLimit(fleet, first, 8)
  t.notOk(fleet.host(fifth).tables.acceptors.has(PROJECT), 'two are too few')
  fleet.loses = ({ from, message }) => message.kind === 'fetched' && from === fourth
  fleet.pass(2 * TIMINGS.recallMs)
  t.equal(fleet.host(fifth).tables.acceptors.get(PROJECT)?.cell.limits?.volumes, 8, 'three are enough')
})

t.test('a former voter that has just become a member of a group has nothing to move', async (t) => {
  const manifest = manifestOf('ab')
  const fleet = new Fleet(manifest)
  fleet.startAll()
  fleet.ask('a', { kind: 'limits', project: PROJECT, limits: { volumes: 7 } })
  const next = joining(manifest, { peer: peerId('c'), name: 'c', addrs: [], zone: 'z' }, '')
  if (!next.ok) throw new Error('refused')
  fleet.add('c', next.manifest)
  fleet.start('c')
  fleet.spread(next.manifest)
  fleet.pass(60_000)
  t.equal(ledger(fleet, 'c').limits.volumes, 7)
  fleet.pass(60_000)
  for (const name of 'abc') t.equal(fleet.host(name).tables.beats.get(peerId(name))?.beat.pending, 0, `pending at ${name}`)
})

t.test('a register that is first asked for in the middle of a step moves too, though its asker has gone', async (t) => {
  const { fleet, manifest } = clusterOf('abcd')
  const next = taken(joining(manifest, newcomer('e'), ''))
  fleet.add('e', next)
  fleet.start('e')
  fleet.spread(next)
  fleet.pass(5 * TIMINGS.recallMs)
  const other = projectId('first asked for now')
  const [member] = homeGroup(manifest, other).filter((one) => homeGroup(next, other).includes(one))
  if (member === undefined) throw new Error('one that is in both groups')
  fleet.say('e', member, { kind: 'change', ref: 'nobody waits', project: other, change: { kind: 'read', about: null } })
  fleet.pass(5 * TIMINGS.recallMs)
  t.ok(fleet.host(member).tables.acceptors.has(other))
  for (const name of 'abcd') t.equal(fleet.host(name).tables.beats.get(peerId(name))?.beat.pending, 0, `pending at ${name}`)
})
