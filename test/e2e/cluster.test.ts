/**
 * A cluster through the outages of its life, as its users see them: agents stopped, tgtd restarted, one host gone, two gone.
 *
 * One cluster lives through all of it, in this order, and has everything in the end.
 */
import t, { type Test } from 'tap'
import {
  answerText,
  at,
  attachmentIn,
  type Client,
  connectionIn,
  items,
  type SeenConnection,
  type SeenVolume,
  textAt,
  volumeIn,
} from '../cluster/client.ts'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import type { Host } from '../cluster/host.ts'
import type { HttpAnswer, HttpBroken } from '../cluster/http.ts'
import { MIB, readPattern, writePattern } from '../cluster/initiator.ts'
import { freePorts } from '../cluster/ports.ts'
import { NotYet } from '../cluster/wait-for.ts'

const PROJECT = 'e2e'
const INITIATOR = 'iqn.2026-01.test:web-1'
const PATTERN = 0x3e
/** A client that gives up sooner than this would be right to. */
const AT_ONCE_MS = 1500

t.setTimeout(300_000)

t.test('a cluster through its outages', async (t) => {
  const cluster = await startCluster({ lookIntervalMs: 300 })
  let isPassed = false
  t.teardown(async () => {
    const left = await cluster.stop({ keep: !isPassed })
    if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
  })
  t.comment(`logs: ${cluster.folder}`)
  const client = cluster.client(0, PROJECT)
  const volume = await untilAvailable(cluster, 0, await create(client, 'db'))
  const owner = ownerOf(cluster, volume)
  const attached = await attach(client, volume)
  const written = await writePattern(attached.connection, INITIATOR, PATTERN, MIB)
  t.ok(written.ok, 'an initiator writes', { text: written.text })
  const known: Known = { volume, owner, attachment: attached.id, connection: attached.connection }

  await t.test('how much a host logs is changed and told through the others', (t) => changeLogLevel(t, cluster))
  await t.test('stopped and started, it has everything, and exports under the same name and secret', (t) => stopAndStart(t, cluster, known))
  await t.test('a tgtd that was killed, and comes back empty and listens elsewhere, exports again what it did', (t) =>
    restartTgtd(t, cluster, known),
  )
  await t.test('without the host of a volume, reads and creates go on, and changes say which host is away', (t) =>
    oneAway(t, cluster, known),
  )
  await t.test('without a majority, a create is refused at once and reads go on', (t) => twoAway(t, cluster, known))
  await t.test('when all are back, nothing was lost and nothing was made twice', (t) => allBack(t, cluster, known))
  isPassed = t.passing()
})

interface Known {
  readonly volume: SeenVolume
  readonly owner: Host
  readonly attachment: string
  readonly connection: SeenConnection
}

/** `host level` of each, as host `k` tells it. */
async function logLevels(cluster: Cluster, k: number): Promise<readonly string[]> {
  const body = await cluster.client(k, PROJECT).call('PUT', '/os-services/get-log', 200, { binary: 'cinder-api' })
  return items(body, 'log_levels').map((row) => `${textAt(row, 'host')} ${textAt(at(row, 'levels'), 'scoria')}`)
}

const names = ({ hosts }: Cluster): readonly string[] => hosts.map(({ name }) => name).sort()

async function changeLogLevel(t: Test, cluster: Cluster): Promise<void> {
  const [, changed, last] = names(cluster)
  await cluster.client(0, PROJECT).call('PUT', '/os-services/set-log', 202, { level: 'DEBUG', server: changed })
  await cluster.client(0, PROJECT).call('PUT', '/os-services/set-log', 202, { level: 'WARNING', server: last })
  const wanted = names(cluster).map((name) => `${name} ${name === changed ? 'DEBUG' : name === last ? 'WARNING' : 'INFO'}`)
  for (const [k, host] of cluster.hosts.entries()) {
    t.same(await logLevels(cluster, k), wanted, `as ${host.name} tells it`)
    const lines = host.logged('log-level-changed').map(({ to }) => to)
    t.same(lines, host.name === changed ? ['debug'] : host.name === last ? ['warn'] : [], `and in the log of ${host.name}`)
  }
}

async function stopAndStart(t: Test, cluster: Cluster, { owner, attachment, connection, volume }: Known): Promise<void> {
  const ends = await Promise.all(cluster.hosts.map((host) => host.stop()))
  t.same(
    ends.map(({ exitCode }) => exitCode),
    [0, 0, 0],
    'SIGTERM ends each agent in order',
  )
  // As at a reboot: nothing is exported until the agent does it.
  await owner.tgtd.kill()
  await owner.tgtd.start()
  await Promise.all(cluster.hosts.map((_, k) => cluster.start(k)))
  await cluster.settled()
  t.same(
    await logLevels(cluster, 0),
    names(cluster).map((name) => `${name} INFO`),
    'each logs as much as its configuration says',
  )
  for (const [k, host] of cluster.hosts.entries()) {
    const client = cluster.client(k, PROJECT)
    t.same(await client.connection(attachment), connection, `${host.name} tells the same target, name and secret`)
    t.match(await client.volume(volume.id), { status: 'attaching', pool: volume.pool }, `${host.name} knows the volume`)
  }
  await untilReadable(t, cluster, connection)
}

async function restartTgtd(t: Test, cluster: Cluster, { owner, connection }: Known): Promise<void> {
  await owner.tgtd.kill()
  t.notOk((await readPattern(connection, INITIATOR, PATTERN, MIB)).ok, 'while tgtd is down nobody reads')
  const [elsewhere = 0] = await freePorts(1)
  await owner.tgtd.start(`127.0.0.1:${elsewhere}`)
  await cluster.waitFor('the target is there again', async () => {
    const targets = await owner.tgtd.targets()
    return targets.includes(connection.iqn) ? targets : new NotYet(targets)
  })
  await untilReadable(t, cluster, connection)
}

async function oneAway(t: Test, cluster: Cluster, { volume, owner, attachment, connection }: Known): Promise<void> {
  await owner.kill()
  const witness = cluster.hosts.findIndex((host) => host !== owner)
  const client = cluster.client(witness, PROJECT)
  await cluster.settled(2)
  t.match(await client.volumes(), [{ id: volume.id }], 'the list goes on')
  const shown = await client.ask('GET', `/volumes/${volume.id}`)
  t.equal(headerOf(shown, 'x-scoria-host-status'), 'down', 'what is shown says that its host is away')
  const calls = [
    ['DELETE', `/volumes/${volume.id}`, undefined],
    ['POST', '/attachments', { attachment: { volume_uuid: volume.id, connector: { initiator: INITIATOR } } }],
    ['DELETE', `/attachments/${attachment}`, undefined],
    ['POST', `/volumes/${volume.id}/action`, { 'os-extend': { new_size: 2 } }],
  ] as const
  for (const [method, path, body] of calls) {
    const { answer, tookMs } = await timed(() => client.ask(method, path, body))
    t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ } }, `${method} ${path.split('/')[1]}: later`, {
      answer: answerText(answer),
    })
    t.match(answerText(answer), `OwnerUnreachable: host ${owner.name} `, 'and why')
    t.ok(tookMs < AT_ONCE_MS, 'at once', { tookMs })
  }
  const other = await untilAvailable(cluster, witness, await create(client, 'without-owner'))
  t.not(ownerOf(cluster, other), owner, 'a create goes on, on another host')
  t.ok((await readPattern(connection, INITIATOR, PATTERN, MIB)).ok, 'whoever was attached reads on')
}

async function twoAway(t: Test, cluster: Cluster, { volume }: Known): Promise<void> {
  const last = cluster.hosts.findIndex((host) => host.isRunning())
  await Promise.all(cluster.hosts.map((host, k) => (k === last ? undefined : host.kill())))
  const client = cluster.client(last, PROJECT)
  await cluster.settled(1)
  const { answer, tookMs } = await timed(() =>
    client.ask('POST', '/volumes', { volume: { name: 'nobody-votes', size: 1 } }, { 'idempotency-key': 'nobody-votes' }),
  )
  t.match(answer, { status: 503, headers: { 'retry-after': /^\d+$/ } }, 'a create is refused', { answer: answerText(answer) })
  t.match(answerText(answer), /QuorumUnavailable: \d of 3 .*, 2 are needed/, 'for want of a majority')
  t.ok(tookMs < AT_ONCE_MS, 'at once', { tookMs })
  t.match(await client.volumes(), [{ name: 'without-owner' }, { id: volume.id }], 'the list goes on')
  t.match(await client.volume(volume.id), { name: 'db' }, 'a volume can be shown')
}

async function allBack(t: Test, cluster: Cluster, { volume, attachment, connection }: Known): Promise<void> {
  await Promise.all(cluster.hosts.map((host, k) => (host.isRunning() ? undefined : cluster.start(k))))
  await cluster.settled()
  const made = await create(cluster.client(0, PROJECT), 'nobody-votes', 'nobody-votes')
  await untilAvailable(cluster, 0, made)
  for (const [k, host] of cluster.hosts.entries()) {
    const names = (await cluster.client(k, PROJECT).volumes()).map(({ name }) => name).sort()
    t.same(names, ['db', 'nobody-votes', 'without-owner'], `${host.name} lists all`)
  }
  await untilReadable(t, cluster, connection)
  const client = cluster.client(2, PROJECT)
  await client.call('DELETE', `/attachments/${attachment}`, 200)
  await client.call('DELETE', `/volumes/${volume.id}`, 202)
  await cluster.waitFor('the volume is gone', async () => {
    const answer = await client.ask('GET', `/volumes/${volume.id}`)
    return answer.kind === 'answer' && answer.status === 404 ? undefined : new NotYet(answerText(answer))
  })
}

async function create(client: Client, name: string, key = name): Promise<string> {
  const body = await client.call('POST', '/volumes', 202, { volume: { name, size: 1 } }, { 'idempotency-key': key })
  return volumeIn(at(body, 'volume')).id
}

function untilAvailable(cluster: Cluster, k: number, id: string): Promise<SeenVolume> {
  return cluster.waitFor(`volume ${id} is available`, async () => {
    const seen = await cluster.client(k, PROJECT).volume(id)
    return seen.status === 'available' ? seen : new NotYet(seen)
  })
}

async function attach(client: Client, volume: SeenVolume): Promise<{ readonly id: string; readonly connection: SeenConnection }> {
  const body = { attachment: { volume_uuid: volume.id, connector: { initiator: INITIATOR, host: 'web-1', multipath: false } } }
  const attachment = at(await client.call('POST', '/attachments', 200, body), 'attachment')
  return { id: attachmentIn(attachment).id, connection: connectionIn(attachment) }
}

/** An export that was made again is there a moment after its host answers. */
async function untilReadable(t: Test, cluster: Cluster, connection: SeenConnection): Promise<void> {
  const read = await cluster.waitFor('the initiator reads its bytes again', async () => {
    const end = await readPattern(connection, INITIATOR, PATTERN, MIB)
    return end.ok || /verification/.test(end.text) ? end : new NotYet(end.text)
  })
  t.ok(read.ok, 'the initiator reads what it wrote', { text: read.text })
}

function ownerOf(cluster: Cluster, volume: SeenVolume): Host {
  return cluster.named(volume.pool?.split('@')[0] ?? '')
}

function headerOf(answer: HttpAnswer | HttpBroken, name: string): unknown {
  return answer.kind === 'answer' ? answer.headers[name] : answer.why
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ readonly answer: Value; readonly tookMs: number }> {
  const startMs = performance.now()
  const answer = await work()
  return { answer, tookMs: Math.round(performance.now() - startMs) }
}
