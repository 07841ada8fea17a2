/**
 * Ten times the usual load for a second: what cannot be taken at once is refused in order, nothing is lost, and a moment
 * later a create is as fast as before.
 */
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { answerText, at, type Client, volumeIn } from '../cluster/client.ts'
import { type Cluster, startCluster } from '../cluster/cluster.ts'
import type { HttpAnswer, HttpBroken } from '../cluster/http.ts'
import { persist, type Wish } from '../cluster/retry.ts'
import { untilAtRest } from '../load/rest.ts'

const PROJECT = 'burst'
const BURST = 500
const WITHIN_MS = 1000
const BATCH = 100
const BATCHES_BEFORE = 3
const BACK_WITHIN_MS = 30_000
const ROOMY_GIB = 100_000
/** Later, and when: the only refusals that a client need not understand. */
const LATER = new Set([429, 503])

t.setTimeout(180_000)

t.test(`${BURST} creates within a second`, async (t) => {
  const cluster = await startCluster({ backend: 'none', capacityGiB: [ROOMY_GIB, ROOMY_GIB, ROOMY_GIB] })
  let isPassed = false
  t.teardown(async () => void (await cluster.stop({ keep: !isPassed })))
  t.comment(`logs: ${cluster.folder}`)
  const clients = cluster.hosts.map((_, k) => cluster.client(k, PROJECT))

  let beforeMs = 0
  for (let n = 0; n < BATCHES_BEFORE; n += 1) beforeMs = Math.max(beforeMs, await p99OfBatch(clients, `before-${n}`))
  const answers = await burst(t, clients)
  const endMs = performance.now()
  refusedInOrder(t, answers)

  let afterMs = Number.POSITIVE_INFINITY
  let batches = 0
  for (; afterMs > beforeMs && performance.now() - endMs < BACK_WITHIN_MS; batches += 1)
    afterMs = await p99OfBatch(clients, `after-${batches}`)
  const tookS = ((performance.now() - endMs) / 1000).toFixed(1)
  t.ok(afterMs <= beforeMs, `the p99 of a create is back under its level before within ${BACK_WITHIN_MS / 1000} s`, {
    beforeMs,
    afterMs,
    tookS,
  })
  t.comment(`p99 of a create: ${beforeMs.toFixed(1)} ms before, ${afterMs.toFixed(1)} ms ${tookS} s after the burst`)

  await everyPromiseKept(t, cluster, clients, answers)
  isPassed = t.passing()
})

type Answers = ReadonlyMap<string, HttpAnswer | HttpBroken>

async function burst(t: Test, clients: readonly Client[]): Promise<Answers> {
  const answers = new Map<string, HttpAnswer | HttpBroken>()
  const startMs = performance.now()
  const waiting: Promise<unknown>[] = []
  for (let n = 0; n < BURST; n += 1) {
    const { method, path, body, key } = wish(`burst-${n}`)
    const client = clientOf(clients, n)
    waiting.push(client.ask(method, path, body, { 'idempotency-key': key ?? '' }).then((answer) => answers.set(`burst-${n}`, answer)))
    const aheadMs = ((n + 1) * WITHIN_MS) / BURST - (performance.now() - startMs)
    if (aheadMs > 1) await pause(aheadMs)
  }
  const sentMs = performance.now() - startMs
  await Promise.all(waiting)
  const tookMs = performance.now() - startMs
  t.comment(`${BURST} creates sent in ${sentMs.toFixed(0)} ms, all answered after ${tookMs.toFixed(0)} ms`)
  return answers
}

function refusedInOrder(t: Test, answers: Answers): void {
  const counts = new Map<string, number>()
  const wrong: string[] = []
  for (const [name, answer] of answers) {
    const status = answer.kind === 'answer' ? String(answer.status) : answer.why
    counts.set(status, (counts.get(status) ?? 0) + 1)
    const isLater = answer.kind === 'answer' && LATER.has(answer.status) && /^\d+$/.test(String(answer.headers['retry-after']))
    if (status !== '202' && !isLater) wrong.push(`${name}: ${answerText(answer)}`)
  }
  t.comment([...counts].map(([status, count]) => `${count} times ${status}`).join(', '))
  t.equal(answers.size, BURST, 'each create has an answer')
  t.same(wrong, [], 'which is 202, or says when to come back')
}

/** Whoever was refused asks again; then each create has made one volume, and those that were promised kept their ids. */
async function everyPromiseKept(t: Test, cluster: Cluster, clients: readonly Client[], answers: Answers): Promise<void> {
  const ids = new Map<string, string>()
  for (const [name, answer] of answers) {
    const isTaken = answer.kind === 'answer' && answer.status === 202
    const end = isTaken ? null : await persist(clients, wish(name), { first: 0 })
    const taken = isTaken ? answer : end?.kind === 'answer' ? end.answer : null
    if (taken?.status !== 202) t.fail(`${name} is not taken in the end`, { answer: taken })
    ids.set(name, volumeIn(at(taken?.body, 'volume')).id)
  }
  const volumes = (await untilAtRest(cluster, PROJECT)).filter(({ name }) => name.startsWith('burst-'))
  t.same(
    volumes.filter(({ status }) => status !== 'available'),
    [],
    'every one is available',
  )
  t.equal(volumes.length, BURST, 'none is there twice, none is missing')
  t.same(
    volumes.filter(({ id, name }) => ids.get(name) !== id),
    [],
    'and each is the one that was promised',
  )
}

/** Creates one after the other, as on a quiet day. @returns milliseconds */
async function p99OfBatch(clients: readonly Client[], name: string): Promise<number> {
  const tookMs: number[] = []
  for (let n = 0; n < BATCH; n += 1) {
    const startMs = performance.now()
    await clientOf(clients, n).call('POST', '/volumes', 202, wish(`${name}-${n}`).body)
    tookMs.push(performance.now() - startMs)
  }
  return tookMs.sort((a, b) => a - b)[Math.ceil(BATCH * 0.99) - 1] ?? 0
}

function wish(name: string): Wish {
  return { method: 'POST', path: '/volumes', body: { volume: { name, size: 1 } }, key: name }
}

function clientOf(clients: readonly Client[], n: number): Client {
  const client = clients[n % clients.length]
  if (client === undefined) throw new Error('there is a client for each host')
  return client
}
