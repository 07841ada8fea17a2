/**
 * Agents of two versions in one cluster, as in a rolling upgrade: fields and messages that only the later one knows are
 * passed over, and a later protocol is refused in words that an operator understands.
 */
import t, { type Test } from 'tap'
import { at, type Client, volumeIn } from '../cluster/client.ts'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import { type Change, otherVersion } from '../cluster/versions.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'

const PROJECT = 'rolling'
const ENVELOPE = 'lib/wire/peer/envelope.js'

/** Says more than this version knows: a word in every envelope and every message, and tallies under another name. */
const TALKATIVE: Change = {
  file: ENVELOPE,
  from: 'return JSON.stringify({ v: ENVELOPE_VERSION, cluster, c: epoch, ...body });',
  to: `const m = body.m === undefined ? {} : { m: { ...body.m, kind: body.m.kind === 'tally' ? 'tally-of-tomorrow' : body.m.kind, later: { of: 'tomorrow' } } };
    return JSON.stringify({ v: ENVELOPE_VERSION, cluster, c: epoch, later: true, ...body, ...m });`,
}
const OTHER_PROTOCOL: Change = { file: ENVELOPE, from: 'export const ENVELOPE_VERSION = 1;', to: 'export const ENVELOPE_VERSION = 2;' }

t.setTimeout(240_000)

t.test('a rolling upgrade', async (t) => {
  const cluster = await startCluster({ backend: 'none', capacityGiB: [1000, 1000, 1000] })
  let isPassed = false
  t.teardown(async () => void (await cluster.stop({ keep: !isPassed })))
  t.comment(`logs: ${cluster.folder}`)
  const clients = cluster.hosts.map((_, k) => cluster.client(k, PROJECT))
  const made: string[] = []

  await t.test('host by host, and each volume is known everywhere', async (t) => {
    const later = otherVersion(cluster.folder, 'later', [TALKATIVE])
    for (const [k, host] of cluster.hosts.entries()) {
      await host.stop()
      host.start(later)
      await host.ready()
      for (const [j, client] of clients.entries()) made.push(await created(client, `${k}-${j}`))
      await knownEverywhere(t, clients, made)
    }
  })

  await t.test('a version that speaks another protocol is refused, and the others go on', async (t) => {
    const [first] = cluster.hosts
    if (first === undefined) throw new Error('three hosts')
    const other = otherVersion(cluster.folder, 'other-protocol', [OTHER_PROTOCOL])
    await first.stop()
    first.start(other)
    const refusal = await waitFor('its neighbours say so', async () => refusals(cluster)[0] ?? new NotYet('no refusal'), {
      timeoutMs: 30_000,
    })
    t.match(refusal, { reason: 'version', theirs: 2, ours: 1 }, 'with both versions in it')
    made.push(await created(clientAt(clients, 1), 'beside-a-stranger'))
    await first.stop()
    first.start()
    await first.ready()
    await knownEverywhere(t, clients, made)
  })
  isPassed = t.passing()
})

function refusals(cluster: Cluster) {
  return cluster.hosts.slice(1).flatMap((host) => host.logged('peer.refused').filter((line) => line['reason'] === 'version'))
}

/** A create that is asked for with one key until it is there. */
async function created(client: Client, name: string): Promise<string> {
  const key = { 'idempotency-key': name }
  return waitFor(
    `${name} is made`,
    async () => {
      const answer = await client.ask('POST', '/volumes', { volume: { size: 1, name } }, key)
      if (answer.kind !== 'answer' || answer.status !== 202) return new NotYet(answer)
      const { id } = volumeIn(at(answer.body, 'volume'))
      const { status } = await client.volume(id)
      return status === 'available' ? id : new NotYet(status)
    },
    { timeoutMs: 60_000 },
  )
}

async function knownEverywhere(t: Test, clients: readonly Client[], ids: readonly string[]): Promise<void> {
  const wanted = [...ids].sort()
  for (const client of clients) {
    const seen = await waitFor(
      'every volume is listed',
      async () => {
        const listed = (await client.volumes()).map(({ id }) => id).sort()
        return listed.length >= wanted.length ? listed : new NotYet(listed.length)
      },
      { timeoutMs: 60_000 },
    )
    t.same(seen, wanted)
  }
}

function clientAt(clients: readonly Client[], k: number): Client {
  const client = clients[k]
  if (client === undefined) throw new Error(`no client ${k}`)
  return client
}
