/** The journal's disk runs full under a working agent: it says so and ends, and has everything when it starts again. */
import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { at, type Client, volumeIn } from '../cluster/client.ts'
import { type Cluster, createCluster } from '../cluster/cluster.ts'
import { mountDisk } from '../cluster/mounts.ts'
import { NotYet } from '../cluster/wait-for.ts'

const GIB = 1024 ** 3
const DISK_BYTES = 4 * GIB
const CREATES_MAX = 2000

t.setTimeout(120_000)

t.test('a full disk ends the agent with a line that says so, and loses nothing that was answered', async (t) => {
  const cluster = await createCluster({ names: ['alone'], backend: 'none', capacityGiB: [100_000] })
  const host = cluster.host(0)
  const disk = await mountDisk(host.directory, DISK_BYTES)
  let isPassed = false
  t.teardown(async () => {
    await disk.unmount()
    await cluster.stop({ keep: !isPassed })
  })
  await cluster.form()
  const client = cluster.client(0, 'full')
  const before = await create(client, 'before')
  t.ok(before, 'a volume')

  await cluster.waitFor('the agent has put room aside', async () =>
    existsSync(`${host.directory}/journal/ballast`) ? undefined : new NotYet('no ballast'),
  )
  // Nothing is left but what lies there: the next page that LevelDB wants is refused.
  await disk.leaveFree(0)
  const answered = [before, ...(await createUntilItEnds(cluster, client))]
  const end = await host.ended()
  t.equal(end.exitCode, 1, 'the agent ends')
  t.match(host.logged('agent-failed'), [{ level: 'error' }], 'and says so')
  t.match(JSON.stringify(host.logged('agent-failed')), /ENOSPC|No space left|room/, 'with the reason')

  await t.test('it starts from the room that it had put aside, and says what to do', async (t) => {
    await startsWith(t, cluster, client, answered)
    t.match(host.logged('journal-space-short'), [{ level: 'error', remedy: /free room/ }], 'the log names the remedy')
    t.equal((await host.stop()).exitCode, 0, 'and ends in order')
  })
  await t.test('once there is room it takes volumes again', async (t) => {
    await disk.leaveFree(3 * GIB)
    await startsWith(t, cluster, client, answered)
    t.ok(await create(client, 'after'), 'a volume')
  })
  isPassed = t.passing()
})

async function create(client: Client, name: string): Promise<string | null> {
  const answer = await client.ask('POST', '/volumes', { volume: { name, size: 1 } }, { 'idempotency-key': name })
  return answer.kind === 'answer' && answer.status === 202 ? volumeIn(at(answer.body, 'volume')).id : null
}

/** @returns ids of the volumes that were promised meanwhile */
async function createUntilItEnds(cluster: Cluster, client: Client): Promise<readonly string[]> {
  const ids: string[] = []
  for (let n = 0; n < CREATES_MAX && cluster.host(0).isRunning(); n += 1) {
    const id = await create(client, `filling-${n}`)
    if (id !== null) ids.push(id)
  }
  return ids
}

async function startsWith(t: Test, cluster: Cluster, client: Client, ids: readonly (string | null)[]): Promise<void> {
  await cluster.start(0)
  const volumes = await cluster.waitFor('all volumes are made', async () => {
    const seen = await client.volumes()
    return seen.some(({ status }) => status === 'creating') ? new NotYet(seen) : seen
  })
  const known = new Map(volumes.map(({ id, status }) => [id, status]))
  t.same(
    ids.filter((id) => id === null || !known.has(id)),
    [],
    `all ${ids.length} that were answered are there`,
  )
}
