/** Single histories, told so that they can be read: what happens when it goes wrong exactly here. */
import t from 'tap'
import type { PeerId } from '../../lib/model/ids.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import {
  abused,
  attach,
  available,
  cluster,
  copyOf,
  create,
  operate,
  otherThan,
  ownerOf,
  PROJECT,
  shown,
  shownAs,
  until,
  wanted,
} from './scenario.ts'
import type { Simulation } from './simulation.ts'

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>

/** Does not let this kind of message through, and keeps the first. */
function hold<Kind extends PeerMessage['kind']>(
  simulation: Simulation,
  kind: Kind,
  isMeant: (message: Message<Kind>) => boolean = () => true,
) {
  const held: { from: PeerId; to: PeerId; message: Message<Kind> }[] = []
  const isKind = (message: PeerMessage): message is Message<Kind> => message.kind === kind
  simulation.network.filter = (from, to, message) => {
    if (!isKind(message) || !isMeant(message)) return true
    held.push({ from, to, message })
    return false
  }
  return held
}

const isBind = (message: Message<'change'>): boolean => message.change.kind === 'bind'
const isBound = (message: Message<'changed'>): boolean => message.outcome.kind === 'decided' && message.outcome.answer.kind === 'bound'

function bytesOf(simulation: Simulation, id: string): string[] {
  return simulation.nodes.filter((node) => node.volumes.list().some((volume) => volume.id === id)).map(({ name }) => name)
}

t.test('a coordinator that dies between BIND and 202 leaves a volume that is finished, and a retry finds it', async (t) => {
  const simulation = cluster()
  const request = wanted(simulation, 1)
  const held = hold(simulation, 'changed', isBound)
  simulation.clients.ask(request, 99, simulation.node('a'))
  until(simulation, 'the register has bound it', () => held.length > 0)
  simulation.node('a').crash('scenario')
  simulation.network.filter = () => true
  shownAs(simulation, request.spec.id, 'b', 'available')
  t.equal(create(simulation, request, 'b').id, request.spec.id, 'the retry gets the same volume')
  t.equal(bytesOf(simulation, request.spec.id).length, 1, 'and there is one')
  simulation.heal()
  t.ok(simulation.comeToRest() < 30_000, 'all comes to rest')
})

t.test('a BIND that arrives after its reservation was given up is refused', async (t) => {
  const simulation = cluster()
  const request = wanted(simulation, 1)
  const held = hold(simulation, 'change', isBind)
  simulation.clients.ask(request, 99, simulation.node('a'))
  until(simulation, 'the BIND is on its way', () => held.length > 0)
  const late = held[0]
  t.ok(late)
  const isReserved = (): boolean => simulation.nodes.some((node) => node.journal.get(`volume/${request.spec.id}`) !== undefined)
  until(simulation, 'room is set aside', isReserved)
  until(simulation, 'it is let go', () => !isReserved())
  const answers = hold(simulation, 'changed')
  if (late !== undefined) simulation.network.deliver(late.from, late.to, late.message)
  until(simulation, 'the register has answered', () => answers.length > 0)
  t.match(answers[0]?.message.outcome, { kind: 'decided', answer: { kind: 'closed' } })
  simulation.network.filter = () => true
  simulation.heal()
  simulation.comeToRest()
  t.same(bytesOf(simulation, request.spec.id), [], 'no bytes were made')
})

t.test('a repeat that is faster than its host, which is back and asks what became of its reservation, gets its volume', async (t) => {
  const simulation = cluster()
  const source = available(simulation, 'a')
  // Only the host of the source can make it: there is no other pool to go on to.
  const request = copyOf(simulation, { kind: 'volume', volume: source.id }, 1)
  const owner = ownerOf(simulation, source.id)
  const [first, second] = simulation.nodes.filter((node) => node !== owner)
  if (first === undefined || second === undefined) throw new Error('there are three')
  const held = hold(simulation, 'change', isBind)
  simulation.clients.ask(request, 99, first)
  until(simulation, 'the BIND is on its way', () => held.length > 0)
  first.crash('scenario')
  owner.crash('scenario')
  const isClosed = (message: PeerMessage): boolean =>
    message.kind === 'changed' && message.outcome.kind === 'decided' && message.outcome.answer.kind === 'closed'
  const told: PeerId[] = []
  simulation.network.filter = (_, to, message) => {
    if (!isClosed(message)) return true
    told.push(to)
    return to !== owner.id || told.includes(second.id)
  }
  owner.start()
  first.start()
  until(simulation, 'the register has closed it', () => told.length > 0)
  simulation.clients.ask(request, 99, second)
  shownAs(simulation, request.spec.id, second.name, 'available')
  t.ok(told.includes(second.id), 'the repeat had met what was closed')
  t.same(bytesOf(simulation, request.spec.id), [owner.name])
  simulation.heal()
  t.ok(simulation.comeToRest() < 30_000, 'all comes to rest')
})

t.test('a retry with the same key through another peer gives the same volume', async (t) => {
  const simulation = cluster()
  const request = wanted(simulation, 2)
  const ids = ['a', 'b', 'c', 'a'].map((through) => create(simulation, request, through).id)
  simulation.heal()
  simulation.comeToRest()
  t.same(new Set(ids), new Set([request.spec.id]))
  t.equal(bytesOf(simulation, request.spec.id).length, 1)
})

t.test('two coordinators with one key at the same moment make one volume', async (t) => {
  const simulation = cluster()
  const request = wanted(simulation, 2)
  for (const node of simulation.nodes) simulation.clients.ask(request, 99, node)
  until(simulation, 'all are answered', () => !simulation.clients.isWaiting)
  for (const { reply } of simulation.history.asked.values()) t.match(reply, { result: { ok: true, value: { id: request.spec.id } } })
  simulation.heal()
  simulation.comeToRest()
  t.equal(bytesOf(simulation, request.spec.id).length, 1)
})

t.test('one key with two bodies at the same moment: one is refused, and the other gets what it asked for', async (t) => {
  for (const pair of [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
    ['a', 'a'],
  ]) {
    const simulation = cluster()
    const request = wanted(simulation, 2)
    const other = abused(request, 7)
    simulation.clients.ask(request, 99, simulation.node(pair[0] ?? ''))
    simulation.clients.ask(other, 99, simulation.node(pair[1] ?? ''))
    until(simulation, 'both are answered', () => !simulation.clients.isWaiting)
    const replies = [...simulation.history.asked.values()].map(({ request: asked, reply }) => ({ asked, reply }))
    const granted = replies.filter(({ reply }) => reply?.kind === 'create' && reply.result.ok)
    t.equal(granted.length, 1, `through ${pair.join(' and ')}: one is granted`)
    const [first] = granted
    const sizeGiB = first?.asked.kind === 'create' ? first.asked.spec.sizeGiB : 0
    t.equal(shownAs(simulation, request.spec.id, 'a', 'available').sizeGiB, sizeGiB, 'and has the size that was granted')
    simulation.heal()
    simulation.comeToRest()
  }
})

t.test('a host that dies after BIND finishes the volume when it is back', async (t) => {
  const simulation = cluster()
  const request = wanted(simulation, 1)
  const held = hold(simulation, 'commit')
  const { owner } = create(simulation, request, 'a')
  const host = simulation.nodes.find(({ id }) => id === owner)
  t.ok(host && held.length > 0, 'it is bound, and its host has not heard of it')
  host?.crash('scenario')
  simulation.network.filter = () => true
  shownAs(simulation, request.spec.id, host?.name ?? '', 'available')
  t.same(bytesOf(simulation, request.spec.id), [host?.name])
})

t.test('a request that found no room stays without, even if a BIND for it arrives later', async (t) => {
  const simulation = cluster({ poolGiB: 5 })
  const request = wanted(simulation, 6)
  const { id } = create(simulation, request, 'a')
  const decision = simulation.registers.decisionOf(PROJECT, request.rid)
  t.equal(decision?.kind, 'unplaced')

  const a = simulation.node('a')
  const { rid, bodyHash, spec } = request
  const binding = {
    kind: 'bound',
    rid,
    volume: id,
    host: a.id,
    pool: 'a@fake#p',
    reservation: '1.77',
    bodyHash,
    delta: { volumes: 1, snapshots: 0, gigabytes: 6, groups: 0 },
    sizeGiB: 6,
    spec,
    atMs: 0,
  }
  const late: PeerMessage = JSON.parse(JSON.stringify({ kind: 'change', ref: 'late', project: PROJECT, change: { kind: 'bind', binding } }))
  const answers = hold(simulation, 'changed')
  for (const node of simulation.nodes) simulation.network.deliver(a.id, node.id, late)
  until(simulation, 'the register has answered', () => answers.length > 0)
  t.match(answers[0]?.message.outcome, { kind: 'decided', answer: { kind: 'unplaced' } })
  simulation.network.filter = () => true
  simulation.heal()
  simulation.comeToRest()
  t.same(bytesOf(simulation, id), [])
  t.match(operate(simulation, 'b', id, { kind: 'delete', force: false }), { ok: true }, 'and it can be deleted through any peer')
})

t.test('a quota is exact when ten creates come at once through all peers', async (t) => {
  const simulation = cluster({ peers: 5, limits: { volumes: 4, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 } })
  for (let n = 0; n < 10; n += 1) simulation.clients.ask(wanted(simulation, 1), 99, simulation.nodes[n % 5])
  until(simulation, 'all are answered', () => !simulation.clients.isWaiting)
  const results = [...simulation.history.asked.values()].map(({ reply }) => (reply?.kind === 'create' ? reply.result : null))
  t.equal(results.filter((result) => result?.ok === true).length, 4, 'four are granted')
  t.equal(results.filter((result) => result?.ok === false && result.failure.code === 'over-quota').length, 6, 'six are over quota')
  simulation.heal()
  simulation.comeToRest()
  t.equal(simulation.nodes.flatMap((node) => node.volumes.list()).length, 4)
})

t.test('a volume that is deleted gives its quota back', async (t) => {
  const simulation = cluster({ limits: { volumes: 1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 } })
  const { id } = available(simulation, 'a')
  t.match(simulation.ask(wanted(simulation, 1), 'b'), { result: { ok: false, failure: { code: 'over-quota' } } })
  t.match(operate(simulation, 'c', id, { kind: 'delete', force: false }), { ok: true })
  simulation.heal()
  simulation.comeToRest()
  t.match(simulation.ask(wanted(simulation, 1), 'b'), { result: { ok: true } })
})

t.test('a detach cuts a live session off, and nobody gets in with the old secret', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a')
  const { id: attachment, initiator, connection } = attach(simulation, 'b', id)
  const { exports } = ownerOf(simulation, id)
  const session = exports.login(initiator, connection.iqn, connection.username, connection.password)
  t.ok(session !== null && exports.write(session), 'it writes')
  t.match(operate(simulation, 'c', id, { kind: 'detach', attachment, allowUnsafe: true }), { ok: true })
  t.notOk(session !== null && exports.write(session), 'it cannot write any more')
  t.equal(exports.login(initiator, connection.iqn, connection.username, connection.password), null, 'nor come back')
  const next = attach(simulation, 'c', id)
  t.not(next.connection.iqn, connection.iqn, 'the next export has a name of its own')
  t.not(next.connection.password, connection.password, 'and a secret of its own')
})

t.test('a host that was restarted exports under the same name and secret', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a')
  const { initiator, connection } = attach(simulation, 'b', id)
  const owner = ownerOf(simulation, id)
  owner.crash('scenario')
  owner.exports.restartEmpty()
  until(simulation, 'it is exported again', () => owner.exports.list().includes(connection.iqn))
  t.ok(owner.exports.login(initiator, connection.iqn, connection.username, connection.password), 'the old secret opens it')
  t.same(owner.exports.list(), [connection.iqn], 'and there is nothing else')
})

t.test('a target daemon that comes back empty serves what it served, while the host stays up', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a')
  const { initiator, connection } = attach(simulation, 'b', id)
  const owner = ownerOf(simulation, id)
  const { incarnation } = owner
  owner.exports.restartEmpty()
  until(simulation, 'it is exported again', () => owner.exports.list().includes(connection.iqn))
  t.ok(owner.exports.login(initiator, connection.iqn, connection.username, connection.password))
  t.equal(owner.incarnation, incarnation)
})

t.test('a host whose journal is full does nothing until there is room again', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a')
  const owner = ownerOf(simulation, id)
  owner.journal.isFull = true
  const request = { rid: wanted(simulation, 1).rid, project: PROJECT, volume: id, operation: { kind: 'update', name: 'x' } } as const
  simulation.clients.ask({ kind: 'operate', request }, 99, owner)
  until(simulation, 'the process has ended at the first error', () => !owner.isUp)
  simulation.pass(30_000)
  t.notOk(owner.isUp, 'and stays away')
  owner.journal.isFull = false
  owner.start()
  simulation.pass(2000)
  t.match(operate(simulation, otherThan(simulation, owner).name, id, { kind: 'update', name: 'y' }), { ok: true })
  t.equal(shown(simulation, id, owner.name)?.name, 'y')
  simulation.heal()
  simulation.comeToRest()
})

t.test('the side without a majority takes no create, and says so', async (t) => {
  const simulation = cluster({ peers: 5 })
  const [lonely, ...others] = simulation.nodes
  for (const other of others) {
    if (lonely === undefined) break
    simulation.network.block(lonely.id, other.id, true)
    simulation.network.block(other.id, lonely.id, true)
  }
  simulation.network.notice(100)
  simulation.pass(500)
  t.match(simulation.ask(wanted(simulation, 1), 'a'), { result: { ok: false, failure: { code: 'no-majority' } } })
  t.match(simulation.ask(wanted(simulation, 1), 'b'), { result: { ok: true } }, 'the other side does')
})

t.test('a peer that was not told of a volume does not say that there is none, even if what it hears of it is lost again', async (t) => {
  const simulation = cluster()
  const a = simulation.node('a')
  let answers = 0
  simulation.network.filter = (_, to, message) => {
    if (message.kind === 'seen' && message.ref !== null && to !== a.id) answers += 1
    return message.kind !== 'delta' || to === a.id || answers > 2
  }
  const { id } = create(simulation, wanted(simulation, 1), 'a')
  simulation.pass(500)
  const owner = ownerOf(simulation, id)
  const untold = simulation.nodes.find((node) => node !== a && node !== owner)?.name ?? ''
  t.equal(shown(simulation, id, untold), null)
  t.match(simulation.ask({ kind: 'find', project: PROJECT, volume: id, isOwn: false }, untold), { result: { ok: true, value: { id } } })
})

t.test('a peer that is cut off does not say that there is no attachment: its copies are old', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a')
  simulation.pass(2000)
  const owner = ownerOf(simulation, id)
  const lonely = otherThan(simulation, owner)
  for (const other of simulation.nodes) {
    simulation.network.block(lonely.id, other.id, true)
    simulation.network.block(other.id, lonely.id, true)
  }
  simulation.network.notice(100)
  simulation.pass(500)
  const attached = attach(simulation, owner.name, id)
  const request = { kind: 'find-attachment', attachment: attached.id } as const
  t.match(simulation.ask(request, lonely.name), { result: { ok: false, failure: { code: 'peer-incomplete' } } })
  simulation.heal()
  simulation.comeToRest()
  t.match(simulation.ask(request, lonely.name), { result: { ok: true, value: { id } } })
})

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

t.test('a host whose clock is a year ahead does not make a register forget what it has decided', async (t) => {
  const simulation = cluster()
  const request = wanted(simulation, 1)
  const { id } = create(simulation, request, 'a')
  shownAs(simulation, id, 'a', 'available')
  simulation.pass(2000)
  const owner = ownerOf(simulation, id)
  owner.clockJumpMs = YEAR_MS
  t.match(
    operate(simulation, 'a', id, { kind: 'extend', sizeGiB: 2, online: false }),
    { ok: true },
    'the owner reports its use, by that clock',
  )
  simulation.pass(2000)
  const lonely = otherThan(simulation, owner)
  for (const other of simulation.nodes) {
    if (other === owner) continue
    simulation.network.block(owner.id, other.id, true)
    simulation.network.block(other.id, owner.id, true)
  }
  simulation.network.notice(100)
  simulation.pass(500)
  t.equal(create(simulation, request, lonely.name).id, id, 'the same key gives the same volume')
  simulation.heal()
  simulation.comeToRest()
  t.same(bytesOf(simulation, id), [owner.name], 'which has bytes on one host')
})

t.test('an attach that is repeated after its answer was forgotten makes no second export', async (t) => {
  const simulation = cluster()
  const { id } = create(simulation, wanted(simulation, 1, true), 'a')
  shownAs(simulation, id, 'a', 'available')
  const { request, connection } = attach(simulation, 'b', id)
  const owner = ownerOf(simulation, id)
  owner.clockJumpMs = YEAR_MS
  simulation.pass(20_000)
  simulation.ask(request, 'c')
  t.same(owner.exports.list(), [connection.iqn], 'there is the one that is in use')
  simulation.heal()
  simulation.comeToRest()
})

t.test('a host whose journal is gone has every volume back, with its attachment, and nothing is allocated twice', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a', 2)
  const owner = ownerOf(simulation, id)
  const { id: attachment, connection } = attach(simulation, 'a', id)
  owner.crash('scenario')
  owner.isAmnesic = true
  owner.journal.putBack(null)
  owner.start()
  until(simulation, 'it takes part again', () => owner.peer?.state === 'ready' && owner.isIdle)
  owner.isAmnesic = false
  t.equal(shown(simulation, id, owner.name)?.status, 'attaching')
  const again = operate(simulation, owner.name, id, { kind: 'connection', attachment })
  t.same(again.ok && again.value.connection, connection, 'the same target, account and secret')
  t.same(bytesOf(simulation, id), [owner.name])
  simulation.heal()
  t.ok(simulation.comeToRest() < 30_000, 'and the registers account for what there is')
})

t.test('a delete while the owner is away is done when it is back', async (t) => {
  const simulation = cluster()
  const { id } = available(simulation, 'a')
  const owner = ownerOf(simulation, id)
  const other = otherThan(simulation, owner)
  owner.journal.isFull = true
  owner.crash('scenario')
  until(simulation, 'the other has noticed', () => simulation.network.told(other.id, owner.id) === 'down')
  const deleted = operate(simulation, other.name, id, { kind: 'delete', force: false })
  t.equal(deleted.ok && deleted.value.volume?.status, 'deleting', 'taken, though its owner has not heard of it')
  t.same(bytesOf(simulation, id), [owner.name], 'and not done yet')
  simulation.heal()
  t.ok(simulation.comeToRest() < 30_000)
  t.same(bytesOf(simulation, id), [], 'now it is gone')
})

t.test('registers move with the voters, one step at a time, and nothing that was decided is lost on the way', async (t) => {
  const simulation = cluster({ peers: 5, steps: true })
  const requests = [wanted(simulation, 1)]
  for (const request of requests) create(simulation, request, 'a')
  for (const name of ['b', 'd', 'a', 'c']) {
    simulation.operator.step(name)
    until(simulation, 'the step is done', () => simulation.operator.manifest.voting.former === null)
    const request = wanted(simulation, 1)
    requests.push(request)
    create(simulation, request, 'e')
    for (const earlier of requests) t.equal(create(simulation, earlier, 'b').id, earlier.spec.id, `known after ${name} has changed`)
  }
  simulation.heal()
  t.ok(simulation.comeToRest() < 30_000)
})
