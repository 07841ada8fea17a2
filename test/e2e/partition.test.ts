/**
 * What each side of a partition answers, row by row of the table in docs/OPERATIONS.md, on five real hosts in networks of
 * their own. All five keep the project's account, so three of them are its majority.
 *
 * One cluster lives through it: split 3 | 2, healed, one owner cut off alone, healed.
 */
import t, { type Test } from 'tap'
import {
  answerText,
  at,
  attachmentIn,
  type Client,
  connectionIn,
  createClient,
  items,
  type Method,
  type SeenConnection,
  textAt,
  volumeIn,
} from '../cluster/client.ts'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import type { HttpAnswer, HttpBroken } from '../cluster/http.ts'
import { MIB, readPattern, writePattern } from '../cluster/initiator.ts'
import { NotYet } from '../cluster/wait-for.ts'
import { untilAtRest } from '../load/rest.ts'

const PROJECT = 'partition'
const HOSTS = ['a', 'b', 'c', 'd', 'e']
const PATTERN = 0x2f
const NEW_PATTERN = 0x71
/** Once a side knows who is away, it does not wait for them. */
const AT_ONCE_MS = 1500

t.setTimeout(300_000)

t.test('in a partition', async (t) => {
  const cluster = await startCluster({ names: HOSTS, namespaces: true, zones: true, lookIntervalMs: 500 })
  let isPassed = false
  t.teardown(async () => {
    const left = await cluster.stop({ keep: !isPassed })
    if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
  })
  t.comment(`logs: ${cluster.folder}`)
  // b will be on the side with the majority and d on the other; each owns one volume for each thing that is tried.
  const owned = { b: await volumesOf(cluster, 'b'), d: await volumesOf(cluster, 'd') }

  await cluster.split(['a', 'b', 'c'], ['d', 'e'])
  await cluster.waitFor('both sides know who is away', () => apart(cluster, ['a', 'b', 'c'], ['d', 'e']), { timeoutMs: 30_000 })
  const majority: Side = { cluster, speaker: client(cluster, 'a'), hosts: ['a', 'b', 'c'], ours: owned.b, theirs: owned.d }
  const minority: Side = { cluster, speaker: client(cluster, 'e'), hosts: ['d', 'e'], ours: owned.d, theirs: owned.b }

  await t.test('list, show: both sides', async (t) => {
    for (const side of [majority, minority]) await listAndShow(t, side)
  })
  await t.test('create, extend: the side with the majority, on its own hosts', (t) => createAndExtend(t, majority))
  await t.test('create, extend: refused on the other side, with the reason and when to come back', (t) => refuseRoom(t, minority))
  await t.test('attach, detach, delete, update where the owner is on this side: both sides', async (t) => {
    for (const side of [majority, minority]) await changeOurs(t, side)
  })
  await t.test('attach, detach, update, extend where the owner is not: refused on both, naming the host and since when', async (t) => {
    for (const side of [majority, minority]) await refuseTheirs(t, side)
  })
  await t.test('delete where the owner is not reachable: promised by the majority', (t) => promiseDelete(t, majority))
  await t.test('delete where the owner is not reachable: refused on the other side', async (t) => {
    await refused(t, minority, 'DELETE', `/volumes/${owned.b.doomedByOthers}`, undefined, /OwnerUnreachable: host b /)
  })
  await t.test('bytes to attached initiators: both sides', async (t) => {
    await readAndWrite(t, cluster, owned.b.attached, 'c')
    await readAndWrite(t, cluster, owned.d.attached, 'e')
  })
  await t.test('healed, all hosts tell the same, and what was promised is done', (t) => heal(t, majority, minority))
  await t.test('an owner that is cut off alone goes on serving its own volumes and takes no new ones', (t) =>
    aloneOwner(t, cluster, owned.d),
  )
  isPassed = t.passing()
})

/** Ids of volumes on one host, each for one thing that is tried. */
interface Owned {
  readonly owner: string
  readonly plain: string
  readonly spare: string
  /** Deleted on its own side. */
  readonly doomed: string
  /** Deleted on the other side. */
  readonly doomedByOthers: string
  readonly attached: { readonly volume: string; readonly id: string; readonly initiator: string; readonly connection: SeenConnection }
}

interface Side {
  readonly cluster: Cluster
  readonly speaker: Client
  readonly hosts: readonly string[]
  readonly ours: Owned
  readonly theirs: Owned
}

async function listAndShow(t: Test, { speaker, ours, theirs, hosts }: Side): Promise<void> {
  const listed = (await speaker.volumes()).map(({ id }) => id)
  for (const { owner, plain } of [ours, theirs]) {
    t.ok(listed.includes(plain), `${hosts.join()} lists the volume of ${owner}`)
    const answer = await speaker.ask('GET', `/volumes/${plain}`)
    t.match(answer, { status: 200 }, `${hosts.join()} shows it`, { answer: answerText(answer) })
    const isOurs = hosts.includes(owner)
    t.equal(headerOf(answer, 'x-scoria-host-status'), isOurs ? 'up' : 'down', 'and says whether its host is there')
    const ageS = Number(headerOf(answer, 'x-scoria-record-age'))
    t.ok(isOurs ? ageS < 10 : ageS > 1, 'and how old the record is', { ageS })
  }
}

async function createAndExtend(t: Test, side: Side): Promise<void> {
  const { cluster, speaker, ours, hosts } = side
  const made = volumeIn(
    at(await speaker.call('POST', '/volumes', 202, { volume: { name: 'in-the-split', size: 1 } }, key('in-the-split')), 'volume'),
  )
  const seen = await untilAvailable(cluster, speaker, made.id)
  t.ok(hosts.includes(seen.pool?.split('@')[0] ?? ''), 'made on this side', seen)
  await speaker.call('POST', `/volumes/${ours.spare}/action`, 202, { 'os-extend': { new_size: 2 } })
  t.equal((await untilAvailable(cluster, speaker, ours.spare, 2)).sizeGiB, 2, 'extended')
}

async function refuseRoom(t: Test, side: Side): Promise<void> {
  const body = { volume: { name: 'in-the-split', size: 1 } }
  await refused(t, side, 'POST', '/volumes', body, /QuorumUnavailable: 2 of 5 hosts .*3 are needed/, key('not-in-the-split'))
  const extension = { 'os-extend': { new_size: 2 } }
  await refused(t, side, 'POST', `/volumes/${side.ours.spare}/action`, extension, /QuorumUnavailable: 2 of 5 hosts .*3 are needed/)
  await untilAvailable(side.cluster, side.speaker, side.ours.spare, 1)
  t.pass('the volume that could not be extended is as it was')
}

async function changeOurs(t: Test, { cluster, speaker, ours }: Side): Promise<void> {
  await speaker.call('PUT', `/volumes/${ours.plain}`, 200, { volume: { description: `said by ${ours.owner}` } })
  t.equal((await speaker.volume(ours.plain)).description, `said by ${ours.owner}`, `${ours.owner}: update`)
  const attached = await attach(speaker, ours.plain, 'iqn.2026-01.test:late')
  t.match(attached.connection.iqn, ours.plain, `${ours.owner}: attach`)
  await speaker.call('DELETE', `/attachments/${attached.id}`, 200)
  t.equal((await untilAvailable(cluster, speaker, ours.plain)).status, 'available', `${ours.owner}: detach`)
  await speaker.call('DELETE', `/volumes/${ours.doomed}`, 202)
  await cluster.waitFor('the volume is gone', async () => {
    const left = (await speaker.volumes()).filter(({ id }) => id === ours.doomed)
    return left.length === 0 ? undefined : new NotYet(left)
  })
  t.notOk(cluster.named(ours.owner).files().includes(`volume-${ours.doomed}.img`), `${ours.owner}: delete`)
}

async function refuseTheirs(t: Test, side: Side): Promise<void> {
  const { theirs } = side
  const why = new RegExp(`OwnerUnreachable: host ${theirs.owner} .* since \\d{4}-\\d\\d-\\d\\dT`)
  const connector = { initiator: 'iqn.2026-01.test:late', host: 'late', multipath: false }
  await refused(t, side, 'PUT', `/volumes/${theirs.plain}`, { volume: { description: 'nobody hears this' } }, why)
  await refused(t, side, 'POST', '/attachments', { attachment: { volume_uuid: theirs.plain, connector } }, why)
  await refused(t, side, 'DELETE', `/attachments/${theirs.attached.id}`, undefined, why)
  await refused(t, side, 'POST', `/volumes/${theirs.plain}/action`, { 'os-extend': { new_size: 2 } }, why)
}

async function promiseDelete(t: Test, { cluster, speaker, theirs, hosts }: Side): Promise<void> {
  const answer = await speaker.ask('DELETE', `/volumes/${theirs.doomedByOthers}`)
  t.match(answer, { status: 202 }, 'answered', { answer: answerText(answer) })
  for (const name of hosts) {
    const seen = await client(cluster, name).volume(theirs.doomedByOthers)
    t.equal(seen.status, 'deleting', `${name} shows it on its way`)
  }
  const again = await speaker.ask('DELETE', `/volumes/${theirs.doomedByOthers}`)
  t.match(again, { status: 202 }, 'and so once more', { answer: answerText(again) })
}

/** An initiator on this side logs in anew, reads what it wrote before the split, and writes. */
async function readAndWrite(t: Test, cluster: Cluster, { connection, initiator }: Owned['attached'], from: string): Promise<void> {
  const who = { name: initiator, enter: cluster.named(from).place.enter }
  const read = await readPattern(connection, who, PATTERN, MIB)
  t.ok(read.ok, `who stands beside ${from} reads`, { text: read.text })
  const written = await writePattern(connection, who, NEW_PATTERN, MIB)
  t.ok(written.ok, 'and writes', { text: written.text })
}

async function heal(t: Test, { cluster, ours, theirs }: Side, minority: Side): Promise<void> {
  await cluster.heal()
  await cluster.settled()
  await cluster.waitFor('the delete that was promised is done', async () => {
    const files = cluster.named(theirs.owner).files()
    return files.includes(`volume-${theirs.doomedByOthers}.img`) ? new NotYet(files) : undefined
  })
  const volumes = await untilAtRest(cluster, PROJECT)
  const left = new Map(volumes.map((volume) => [volume.id, volume]))
  for (const gone of [theirs.doomedByOthers, theirs.doomed, ours.doomed]) t.notOk(left.has(gone), 'what was deleted is gone')
  t.match(left.get(ours.doomedByOthers), { status: 'available' }, 'what was refused is there')
  t.equal(
    volumes.filter(({ name }) => name === 'in-the-split').length,
    1,
    'the create of the majority is there, that of the other side is not',
  )
  for (const { plain, owner } of [ours, theirs]) t.equal(left.get(plain)?.description, `said by ${owner}`, `what ${owner} was told holds`)
  for (const { attached, owner } of [ours, theirs]) {
    const targets = await cluster.named(owner).tgtd.targets()
    t.same(targets, [attached.connection.iqn], `${owner} exports what is attached, and nothing else`)
  }
  // What the other side refused can be asked again, with the same key.
  const body = { volume: { name: 'in-the-split', size: 1 } }
  const late = await minority.speaker.call('POST', '/volumes', 202, body, key('not-in-the-split'))
  await untilAvailable(cluster, minority.speaker, volumeIn(at(late, 'volume')).id)
}

async function aloneOwner(t: Test, cluster: Cluster, ours: Owned): Promise<void> {
  const others = ['a', 'b', 'c', 'e']
  await cluster.split([ours.owner], others)
  await cluster.waitFor('the owner and the others know that they are apart', () => apart(cluster, [ours.owner], others), {
    timeoutMs: 30_000,
  })
  const alone: Side = { cluster, speaker: client(cluster, ours.owner), hosts: [ours.owner], ours, theirs: ours }
  await alone.speaker.call('PUT', `/volumes/${ours.plain}`, 200, { volume: { description: 'alone' } })
  const attached = await attach(alone.speaker, ours.plain, 'iqn.2026-01.test:alone')
  t.match(attached.connection.iqn, ours.plain, 'attach')
  await alone.speaker.call('DELETE', `/attachments/${attached.id}`, 200)
  await refused(t, alone, 'POST', '/volumes', { volume: { name: 'alone', size: 1 } }, /QuorumUnavailable: [12] of 5 /, key('alone'))
  const speaker = client(cluster, 'a')
  const why = new RegExp(`OwnerUnreachable: host ${ours.owner} .* since \\d{4}-`)
  const elsewhere = { ...alone, speaker, hosts: others }
  await refused(t, elsewhere, 'PUT', `/volumes/${ours.plain}`, { volume: { description: 'behind its back' } }, why)
  const made = volumeIn(
    at(await speaker.call('POST', '/volumes', 202, { volume: { name: 'without-it', size: 1 } }, key('without-it')), 'volume'),
  )
  const seen = await untilAvailable(cluster, speaker, made.id)
  t.not(seen.pool?.split('@')[0], ours.owner, 'the others make volumes without it', seen)
  await cluster.heal()
  await cluster.settled()
  const volumes = await untilAtRest(cluster, PROJECT)
  t.equal(volumes.find(({ id }) => id === ours.plain)?.description, 'alone', 'what it was told alone is known to all')
}

async function refused(
  t: Test,
  { speaker, hosts }: Side,
  method: Method,
  path: string,
  body: unknown,
  why: RegExp,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const startMs = performance.now()
  const answer = await speaker.ask(method, path, body, headers)
  const tookMs = Math.round(performance.now() - startMs)
  const what = `${method} /${path.split('/')[1]} at ${hosts.join()}`
  t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ } }, `${what}: not now`, { answer: answerText(answer) })
  t.match(answerText(answer), why, 'and why')
  t.ok(tookMs < AT_ONCE_MS, 'at once', { tookMs })
}

async function volumesOf(cluster: Cluster, owner: string): Promise<Owned> {
  const speaker = client(cluster, owner)
  const make = async (name: string): Promise<string> => {
    const body = { volume: { name: `${owner}-${name}`, size: 1, availability_zone: owner } }
    const { id } = volumeIn(at(await speaker.call('POST', '/volumes', 202, body, key(`${owner}-${name}`)), 'volume'))
    await untilAvailable(cluster, speaker, id)
    return id
  }
  const volume = await make('attached')
  const initiator = `iqn.2026-01.test:web-${owner}`
  const attached = { volume, initiator, ...(await attach(speaker, volume, initiator)) }
  const written = await writePattern(attached.connection, { name: initiator, enter: cluster.named(owner).place.enter }, PATTERN, MIB)
  if (!written.ok) throw new Error(written.text)
  return {
    owner,
    attached,
    plain: await make('plain'),
    spare: await make('spare'),
    doomed: await make('doomed'),
    doomedByOthers: await make('doomed-by-others'),
  }
}

async function attach(
  speaker: Client,
  volume: string,
  initiator: string,
): Promise<{ readonly id: string; readonly connection: SeenConnection }> {
  const connector = { initiator, host: 'web', multipath: false }
  const attachment = at(await speaker.call('POST', '/attachments', 200, { attachment: { volume_uuid: volume, connector } }), 'attachment')
  return { id: attachmentIn(attachment).id, connection: connectionIn(attachment) }
}

function untilAvailable(cluster: Cluster, speaker: Client, id: string, sizeGiB = 1) {
  return cluster.waitFor(`volume ${id} is available`, async () => {
    const seen = await speaker.volume(id)
    return seen.status === 'available' && seen.sizeGiB >= sizeGiB ? seen : new NotYet(seen)
  })
}

/** Each host of one side sees those of the other down, and its own up. */
async function apart(cluster: Cluster, ...sides: readonly (readonly string[])[]): Promise<undefined | NotYet> {
  for (const side of sides) {
    for (const name of side) {
      const hosts = items(await client(cluster, name).call('GET', '/scoria/v1/hosts', 200), 'hosts')
      const seen = Object.fromEntries(hosts.map((host) => [textAt(host, 'name'), textAt(host, 'state')]))
      if (HOSTS.some((other) => (seen[other] === 'up') !== side.includes(other))) return new NotYet({ [name]: seen })
    }
  }
  return undefined
}

function client(cluster: Cluster, name: string): Client {
  return createClient(cluster.named(name).endpoint, PROJECT)
}

function key(text: string): Readonly<Record<string, string>> {
  return { 'idempotency-key': text }
}

function headerOf(answer: HttpAnswer | HttpBroken, name: string): unknown {
  return answer.kind === 'answer' ? answer.headers[name] : answer.why
}
