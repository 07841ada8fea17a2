/**
 * Real agents are killed again and again (kill -9) while clients work; then everything that was promised has to be there,
 * once, and nothing else.
 */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import { persist } from '../cluster/retry.ts'
import { NotYet } from '../cluster/wait-for.ts'
import { Random } from '../sim/random.ts'
import { audit } from '../load/audit.ts'
import { countsText, type Ledger, newLedger } from '../load/ledger.ts'
import { untilAtRest } from '../load/rest.ts'
import { attachWitness } from '../load/witness.ts'
import { work } from '../load/work.ts'

const SEED = 'kill-1'
const KILLS = 50
const WORKERS = 6
const PROJECT = 'load'
const DOWN_MS_MAX = 1500
const BETWEEN_MS_MAX = 500

t.setTimeout(600_000)

t.test(`after ${KILLS} kills under load every promise is kept once and nothing is left over`, async (t) => {
  const cluster = await startCluster({ capacityGiB: [1000, 1000, 1000] })
  let isPassed = false
  t.teardown(async () => void (await cluster.stop({ keep: !isPassed })))
  t.comment(`logs: ${cluster.folder}`)
  const ledger = newLedger()
  const witness = await attachWitness(cluster, PROJECT)
  ledger.promised.push(witness.promised)
  const startMs = performance.now()

  await killUnderLoad(cluster, ledger)
  const loadS = Math.round((performance.now() - startMs) / 1000)
  const volumes = await untilAtRest(cluster, PROJECT)
  const wrong = await audit(cluster, PROJECT, ledger, volumes)
  t.same(wrong, [], 'after the kills')
  const { counts } = ledger
  t.comment(
    `${KILLS} kills in ${loadS} s, at rest ${Math.round((performance.now() - startMs) / 1000) - loadS} s later: ${countsText(ledger)}; ${volumes.length} volumes at the end`,
  )
  t.ok(counts.created > KILLS && counts.attached > 10 && counts.deleted > 10 && counts.extended > 5, 'there was load', counts)
  const reread = await witness.reread()
  t.ok(reread.ok, 'who was logged in before the first kill reads the same bytes at the same target', { text: reread.text })

  await removeAll(cluster)
  const empty = await untilAtRest(cluster, PROJECT)
  t.same(empty, [], 'all volumes can be detached and deleted')
  t.same(await audit(cluster, PROJECT, newLedger(), empty), [], 'and then no file, target or grant is left')
  isPassed = t.passing()
})

async function killUnderLoad(cluster: Cluster, ledger: Ledger): Promise<void> {
  const random = new Random(SEED)
  const clients = cluster.hosts.map((_, k) => cluster.client(k, PROJECT))
  let isOver = false
  const workers = Array.from({ length: WORKERS }, (_, w) =>
    work({ name: `w${w}`, clients, random: random.split(`worker-${w}`), ledger }, () => isOver),
  )
  // A worker that fails must end the test, and not only at its end.
  const failed = Promise.all(workers).then(() => undefined)
  const killing = killAll(cluster, random.split('killer'))
  try {
    await Promise.race([killing, failed])
  } finally {
    isOver = true
  }
  await killing
  await failed
}

async function killAll(cluster: Cluster, random: Random): Promise<void> {
  for (let n = 0; n < KILLS; n += 1) {
    const k = random.below(cluster.hosts.length)
    await pause(random.below(BETWEEN_MS_MAX))
    await cluster.kill(k)
    if (random.chance(0.5)) await pause(random.below(DOWN_MS_MAX))
    await cluster.start(k)
  }
}

async function removeAll(cluster: Cluster): Promise<void> {
  const clients = cluster.hosts.map((_, k) => cluster.client(k, PROJECT))
  const [client] = clients
  if (client === undefined) return
  for (const { id } of await client.attachments()) await persist(clients, { method: 'DELETE', path: `/attachments/${id}` }, { first: 0 })
  for (const { id } of await client.volumes()) await persist(clients, { method: 'DELETE', path: `/volumes/${id}` }, { first: 0 })
  await cluster.waitFor('every volume is gone', async () => {
    const left = await client.volumes()
    return left.length === 0 ? undefined : new NotYet(left)
  })
}
