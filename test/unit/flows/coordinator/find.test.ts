/** A volume that this peer has never heard of: who is asked, and when it may be said that there is none. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { attachmentId, peerId } from '../../../../lib/model/ids.ts'
import type { ClientReply, ClientRequest } from '../../../../lib/model/request.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, groupOf, manifestOf, operate, outcomeOf, PROJECT, remove, volumeNamed } from '../requests.ts'

const NAMES = 'abcdef'
const ATTACHMENT = attachmentId('00000000-0000-4000-8000-00000000000a')
const FIND_ATTACHMENT: ClientRequest = { kind: 'find-attachment', attachment: ATTACHMENT }

const find = (volume: number, project: typeof PROJECT | null = null): ClientRequest => ({
  kind: 'find',
  project,
  volume: volumeNamed(volume),
  isOwn: false,
})

/** Six hosts: five keep the project's register, and one is asked that does not. */
function sixHosts(without = '') {
  const manifest = manifestOf(NAMES)
  const members = groupOf(manifest)
  const outsider = [...NAMES].find((name) => !members.some((member) => member === name)) ?? ''
  const fleet = new Fleet(manifest)
  for (const { id } of fleet.hosts.values()) if (id !== without && !(without === 'a member' && id === members[4])) fleet.start(id)
  fleet.pass(2 * TIMINGS.recallMs)
  return { fleet, members, outsider }
}

/** A create that its client was told of, while its host has heard nothing yet. */
function grant(fleet: Fleet, by: string, n: number): void {
  fleet.loses = ({ message }) => message.kind === 'commit'
  const answer = fleet.ask(by, create(n))
  if (outcomeOf(answer()) !== 'ok') throw new Error(`not granted: ${outcomeOf(answer())}`)
}

function ended(fleet: Fleet, by: string, request: ClientRequest): ClientReply | undefined {
  const answer = fleet.ask(by, request)
  for (let tries = 0; answer() === undefined && tries < 20; tries += 1) fleet.pass(500)
  return answer()
}

t.test('a volume that so far is only granted is found without its project: the members name the register', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  grant(fleet, members[0] ?? '', 1)
  t.notOk(fleet.host(outsider).tables.view.volumes.has(volumeNamed(1)), 'nobody has told it')
  t.match(ended(fleet, outsider, find(1)), { kind: 'find', result: { ok: true, value: { id: volumeNamed(1), status: 'creating' } } })
})

t.test('a member that holds the register itself needs nobody to name it', async (t) => {
  const { fleet, members } = sixHosts()
  const [first, second] = members
  grant(fleet, first ?? '', 1)
  fleet.loses = ({ message }) => message.kind === 'commit' || message.kind === 'seen'
  t.match(ended(fleet, second ?? '', find(1)), { result: { ok: true, value: { status: 'creating' } } })
})

t.test('one member that knows of the grant is enough to be led to it', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  grant(fleet, members[0] ?? '', 1)
  fleet.loses = ({ from, message }) => message.kind === 'commit' || (message.kind === 'seen' && from !== members[4])
  const answer = ended(fleet, outsider, find(1))
  t.match(answer, { result: { ok: true } })
})

t.test('a volume that was never there is not found, even if hosts are away whose logs are known', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  t.equal(outcomeOf(ended(fleet, outsider, find(1))), 'volume-not-found')
  for (const away of members.slice(0, 2)) fleet.stop(away)
  t.equal(outcomeOf(ended(fleet, outsider, find(1))), 'volume-not-found', 'two of five cannot hide a register')
})

t.test('with so many away that a register could be missed, nobody says that there is no such volume', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  for (const away of members.slice(0, 3)) fleet.stop(away)
  const answer = ended(fleet, outsider, find(1))
  t.match(answer, { result: { ok: false, failure: { code: 'peer-incomplete', silent: [...members.slice(0, 3)].sort() } } })
  t.equal(outcomeOf(ended(fleet, outsider, find(1, PROJECT))), 'no-majority', 'nor if the project is known')
})

t.test('a host that is away and whose log nobody here has seen may have anything', async (t) => {
  const { fleet, members, outsider } = sixHosts('a member')
  const silent = { result: { ok: false, failure: { code: 'peer-incomplete', silent: [members[4]] } } }
  t.match(ended(fleet, outsider, find(1)), silent)
  t.match(ended(fleet, outsider, find(1, PROJECT)), silent, 'also where the register says that it knows of none')
})

t.test('hosts that are connected and do not answer are silent too', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  fleet.loses = ({ from, message }) => message.kind === 'seen' && members.slice(0, 3).includes(from)
  t.equal(outcomeOf(ended(fleet, outsider, find(1))), 'peer-incomplete')
})

t.test('an attachment is only missing when every host has said so', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  t.equal(outcomeOf(ended(fleet, outsider, FIND_ATTACHMENT)), 'attachment-not-found')
  fleet.stop(members[0] ?? '')
  t.equal(outcomeOf(ended(fleet, outsider, FIND_ATTACHMENT)), 'peer-incomplete')
})

t.test('a volume whose owner is away, and whose record has not come here, is said to be with its host', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  fleet.cut('a', 'c')
  // The record reaches a majority, and not this host; the register has heard of the volume.
  fleet.loses = ({ to, message }) => to === 'c' && (message.kind === 'delta' || message.kind === 'seen')
  createOn(fleet, 'a', 1)
  fleet.stop('a')
  t.notOk(fleet.host('c').tables.view.volumes.has(volumeNamed(1)))
  t.match(ended(fleet, 'c', find(1, PROJECT)), { result: { ok: false, failure: { code: 'owner-unreachable', host: 'a' } } })
})

t.test('a search waits for what the others say that they know', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.loses = ({ to, message }) => to === 'c' && message.kind === 'delta'
  fleet.ask('a', operate(2, 1, { kind: 'attach', attachment: ATTACHMENT, instance: null, mode: 'rw', connector: null, mountpoint: null }))
  t.notOk(fleet.host('c').tables.view.attachments.has(ATTACHMENT), 'it was lost on the way')
  const lost = new Set<string>()
  fleet.loses = ({ from, to, message }) => {
    const isLost = to === 'c' && message.kind === 'delta' && !lost.has(from)
    if (isLost) lost.add(from)
    return isLost
  }
  t.match(ended(fleet, 'c', FIND_ATTACHMENT), { result: { ok: true, value: { status: 'reserved' } } })
  t.same([...lost].sort(), ['a', 'b'], 'each first answer was lost, and asked for again')
})

t.test('a host that does not know yet what lies on it cannot say that there is nothing', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  fleet.stop('c')
  fleet.start('c', { lacksList: true })
  fleet.pass(2 * TIMINGS.recallMs)
  t.match(ended(fleet, 'c', find(1)), { result: { ok: false, failure: { code: 'recovering', host: 'c' } } })
  fleet.list('c')
  t.equal(outcomeOf(ended(fleet, 'c', find(1))), 'volume-not-found')
})

t.test('a host that remembers again what it owns while it looks for it does not say that it is not there', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.pass(5000)
  fleet.stop('a')
  fleet.host('a').journal.clear()
  fleet.start('a', { lacksList: true })
  // What b and c answer to the search is lost; what it needs to recover is not.
  fleet.loses = ({ to, message }) => to === 'a' && (message.kind === 'delta' || message.kind === 'seen')
  const answer = fleet.ask('a', operate(2, 1, { kind: 'update', name: 'new' }))
  t.equal(answer(), undefined, 'it waits for the others')
  fleet.loses = ({ to, message }) => to === 'a' && message.kind === 'seen'
  fleet.list('a')
  fleet.pass(2 * TIMINGS.askMs)
  t.ok(fleet.host('a').tables.owned.has(volumeNamed(1)))
  t.equal(outcomeOf(answer()), 'ok')
})

t.test('an operation on a volume that is not known here finds it first', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  const [first] = members
  grant(fleet, first ?? '', 1)
  fleet.loses = () => false
  const answer = ended(fleet, outsider, operate(2, 1, { kind: 'update', name: 'new' }))
  t.not(outcomeOf(answer), 'volume-not-found')
  t.equal(outcomeOf(ended(fleet, outsider, remove(3, 99))), 'volume-not-found')
})

t.test('what does not come however often it is asked for ends the search without an answer that could be wrong', async (t) => {
  const { fleet, members, outsider } = sixHosts()
  const owner = members[0] ?? ''
  fleet.loses = ({ to, message }) => to === outsider && message.kind === 'delta'
  createOn(fleet, owner, 1)
  fleet.sent.length = 0
  t.equal(outcomeOf(ended(fleet, outsider, find(2))), 'peer-incomplete')
  const searches = fleet.letters('heads').filter(({ from, message }) => from === outsider && message.ref !== null)
  t.ok(searches.length <= 5 * 4, `${searches.length} questions to five hosts`)
})

t.test('where a host is lost, all that are left must say that they know nothing of its volume', async (t) => {
  const names = 'abcd'
  const all = manifestOf(names)
  const manifest = { ...all, hosts: all.hosts.map((host) => ({ ...host, voter: host.name === 'a' })) }
  const fleet = new Fleet(manifest)
  fleet.startAll()
  createOn(fleet, 'd', 1, 'a')
  fleet.pass(5000)
  fleet.stop('d')
  const lost = {
    ...manifest,
    epoch: 2,
    hosts: manifest.hosts.map((host) => (host.name === 'd' ? { ...host, state: 'lost' as const } : host)),
  }
  const joined = {
    ...lost,
    epoch: 3,
    hosts: [...lost.hosts, { peer: peerId('e'), name: 'e', addrs: [], zone: 'z', voter: false, state: 'member' as const }],
  }
  fleet.spread(joined)
  fleet.loses = ({ to, message }) => to === 'e' && message.kind === 'delta' && message.head.owner === 'd'
  fleet.add('e', joined)
  fleet.start('e')
  fleet.pass(2 * TIMINGS.recallMs)
  for (const name of 'bc') fleet.cut('e', name)
  fleet.host('a').tables.view.volumes.delete(volumeNamed(1))
  fleet.host('a').tables.view.logs.delete(peerId('d'))
  t.equal(outcomeOf(ended(fleet, 'e', find(1, PROJECT))), 'peer-incomplete', 'b and c may have its record')
})
