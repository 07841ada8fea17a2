/**
 * Clients at work. Each worker has volumes of its own, so that it knows exactly what its last answer said of each.
 *
 * What it does comes from a seed; what the answers are does not, and is written down in the ledger for the audit. A 503 or a
 * broken connection is no answer: the same request with the same key goes to another host until there is one.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { answerText, at, attachmentIn, type Client, type SeenVolume, textAt, volumeIn } from '../cluster/client.ts'
import { persist, type Wish, type WishEnd } from '../cluster/retry.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { Random } from '../sim/random.ts'
import { finding, type Ledger, type Promised } from './ledger.ts'

export interface Worker {
  readonly name: string
  readonly clients: readonly Client[]
  readonly random: Random
  readonly ledger: Ledger
  /** False where hosts have no target: then volumes are reserved for a consumer and not exported. */
  readonly isExporting?: boolean
  /** Targets may be down for a while: an attach or a detach that says so is refused, and not wrong. */
  readonly isTargetFailing?: boolean
  /** How long a worker asks for one thing before it gives up; default 120 s. */
  readonly patienceMs?: number
}

const LIVE_MAX = 12
const PATIENCE_MS = 120_000
/** A client with other things to do does not wait longer for one answer. */
const BESIDE_AFTER_MS = 2000

/**
 * Works until told to stop, and then until every request has its answer. What finds no answer for a while goes on beside, and
 * so does the work on other volumes. @throws if a request finds no end
 */
export async function work(worker: Worker, shouldStop: () => boolean): Promise<void> {
  const mine: Promised[] = []
  const busy = new Set<Promised>()
  const pending = new Set<Promise<void>>()
  const beside = async (step: Promise<void>): Promise<void> => {
    pending.add(step)
    // Whoever fails stays, so that the wait for all finds it.
    const ended = step.then(() => void pending.delete(step))
    await Promise.race([ended, pause(BESIDE_AFTER_MS)])
    if (pending.size >= LIVE_MAX) await Promise.race(pending)
  }
  for (let n = 0; !shouldStop(); n += 1) {
    const live = mine.filter(({ state }) => state === 'live')
    const free = live.filter((volume) => !busy.has(volume))
    const volume = free[worker.random.below(Math.max(1, free.length))]
    const draw = worker.random.below(100)
    if (volume === undefined || (draw < 40 && live.length < LIVE_MAX)) {
      const key = worker.random.chance(0.7) ? `key-${worker.name}-${n}` : null
      await beside(create(worker, `${worker.name}-${n}`, key).then((made) => void (made !== null && mine.push(made))))
    } else {
      busy.add(volume)
      await beside(change(worker, volume, draw, n).then(() => void busy.delete(volume)))
    }
  }
  await Promise.all(pending)
}

async function change(worker: Worker, volume: Promised, draw: number, n: number): Promise<void> {
  if (draw < 46) return show(worker, volume)
  if (draw < 52) return update(worker, volume, n)
  if (volume.attachment !== null) return detach(worker, volume, n)
  if (draw < 66) return attach(worker, volume, n)
  if (draw < 78) return extend(worker, volume, n)
  return remove(worker, volume, n)
}

async function create(worker: Worker, name: string, key: string | null): Promise<Promised | null> {
  const { ledger, random } = worker
  const wish: Wish = { method: 'POST', path: '/volumes', body: { volume: { name, size: 1 } }, ...(key === null ? {} : { key }) }
  // A client that lost the answer asks again, wherever, even while the first one is still at work: the same volume.
  const isTwice = key !== null && random.chance(0.4)
  const early = isTwice && random.chance(0.5) ? ask(worker, wish) : null
  const end = await ask(worker, wish)
  if (end.kind === 'unknown') {
    ledger.counts.open += 1
    ledger.open.add(name)
    return null
  }
  const again = isTwice ? await (early ?? ask(worker, wish)) : null
  if (end.answer.status !== 202) return surprise(worker, `create ${name}`, end)
  const { id } = volumeIn(at(end.answer.body, 'volume'))
  ledger.counts.created += 1
  const promised: Promised = { id, name, key, sizeGiB: 1, description: '', attachment: null, state: 'live' }
  ledger.promised.push(promised)
  if (again !== null) sameAgain(worker, promised, again)
  return promised
}

function sameAgain(worker: Worker, { id, name, key }: Promised, again: WishEnd): void {
  const { ledger } = worker
  ledger.counts.repeated += 1
  if (again.kind !== 'answer' || again.answer.status !== 202) return void surprise(worker, `create ${name} once more`, again, id)
  const second = volumeIn(at(again.answer.body, 'volume')).id
  if (second !== id) ledger.surprises.push(finding('doubled', `the key ${key} made two volumes, ${id} and ${second}`, id, second))
}

async function show(worker: Worker, volume: Promised): Promise<void> {
  await look(worker, volume)
  worker.ledger.counts.shown += 1
}

async function update(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (volume.attachment === null && !(await isReady(worker, volume))) return
  const description = `${worker.name} said so at ${n}`
  const path = `/volumes/${volume.id}`
  const end = await ask(worker, { method: 'PUT', path, body: { volume: { description } }, key: `update-${volume.name}-${n}` })
  if (end.kind !== 'answer' || end.answer.status !== 200) return void surprise(worker, `update ${volume.name}`, end, volume.id)
  volume.description = description
  worker.ledger.counts.updated += 1
}

async function attach(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (!(await isReady(worker, volume))) return
  const { isExporting = true } = worker
  const connector = { initiator: `iqn.2026-01.test:${worker.name}`, host: worker.name, multipath: false }
  const body = { attachment: { volume_uuid: volume.id, ...(isExporting ? { connector } : {}) } }
  const end = await ask(worker, { method: 'POST', path: '/attachments', body, key: `attach-${volume.name}-${n}` })
  if (isTargetDown(worker, end)) return
  if (end.kind !== 'answer' || end.answer.status !== 200) return void surprise(worker, `attach ${volume.name}`, end, volume.id)
  const attachment = at(end.answer.body, 'attachment')
  volume.attachment = attachmentIn(attachment).id
  worker.ledger.counts.attached += 1
  if (isExporting && textAt(at(attachment, 'connection_info'), 'target_iqn') === '')
    worker.ledger.surprises.push(finding('wrong', `attach ${volume.name}: no target in the answer`, volume.id))
}

async function detach(worker: Worker, volume: Promised, n: number): Promise<void> {
  const end = await ask(worker, { method: 'DELETE', path: `/attachments/${volume.attachment}`, key: `detach-${volume.name}-${n}` })
  // It is asked again, as a new request, when the volume's turn comes.
  if (isTargetDown(worker, end)) return
  const isGone = end.kind === 'answer' && (end.answer.status === 200 || (end.answer.status === 404 && end.tries > 1))
  if (!isGone) return void surprise(worker, `detach ${volume.name}`, end, volume.id)
  volume.attachment = null
  worker.ledger.counts.detached += 1
}

async function extend(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (!(await isReady(worker, volume))) return
  const sizeGiB = volume.sizeGiB + 1
  const path = `/volumes/${volume.id}/action`
  const end = await ask(worker, { method: 'POST', path, body: { 'os-extend': { new_size: sizeGiB } }, key: `extend-${volume.name}-${n}` })
  if (end.kind !== 'answer' || end.answer.status !== 202) return void surprise(worker, `extend ${volume.name}`, end, volume.id)
  volume.sizeGiB = sizeGiB
  worker.ledger.counts.extended += 1
}

async function remove(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (await isReady(worker, volume)) await discard(worker, volume, `delete-${volume.name}-${n}`)
}

async function discard(worker: Worker, volume: Promised, key = `discard-${volume.name}`): Promise<void> {
  const end = await ask(worker, { method: 'DELETE', path: `/volumes/${volume.id}`, key })
  const isGone = end.kind === 'answer' && (end.answer.status === 202 || (end.answer.status === 404 && end.tries > 1))
  if (!isGone) return void surprise(worker, `delete ${volume.name}`, end, volume.id)
  volume.state = 'deleted'
  worker.ledger.counts.deleted += 1
}

/** Waits until the volume can be used. False: it is lost, or in error, which a user message must explain. */
async function isReady(worker: Worker, volume: Promised): Promise<boolean> {
  const status = await waitFor(
    `volume ${volume.name} (${volume.id}) comes to rest`,
    async () => {
      const seen = await look(worker, volume)
      if (seen === null) return 'lost'
      const isAtRest = seen.status.startsWith('error') || (seen.status === 'available' && seen.sizeGiB === volume.sizeGiB)
      return isAtRest ? seen.status : new NotYet(seen)
    },
    { timeoutMs: worker.patienceMs ?? PATIENCE_MS },
  )
  if (status === 'available') return true
  volume.state = 'error'
  // Some clients keep what failed, others tidy up.
  if (status !== 'lost' && worker.random.chance(0.5)) await discard(worker, volume)
  return false
}

/** What is shown of a volume that is there; anything but a 200 is a surprise. */
async function look(worker: Worker, volume: Promised): Promise<SeenVolume | null> {
  const end = await ask(worker, { method: 'GET', path: `/volumes/${volume.id}` })
  if (end.kind === 'answer' && end.answer.status === 200) return volumeIn(at(end.answer.body, 'volume'))
  return surprise(worker, `show ${volume.name}`, end, volume.id)
}

async function ask(worker: Worker, wish: Wish): Promise<WishEnd> {
  const { clients, random, ledger, patienceMs = PATIENCE_MS } = worker
  const startMs = performance.now()
  const end = await persist(clients, wish, {
    first: random.below(clients.length),
    timeoutMs: patienceMs,
    onLater: (answer) => {
      const reason = answer.kind === 'broken' ? answer.why : `${answer.status} ${/"message":"(\w+)/.exec(JSON.stringify(answer.body))?.[1]}`
      ledger.laters.set(reason, (ledger.laters.get(reason) ?? 0) + 1)
    },
  })
  ledger.counts.retries += end.tries - 1
  const tookMs = performance.now() - startMs
  if (tookMs > ledger.slowest.tookMs) ledger.slowest = { text: `${wish.method} ${wish.path} in ${end.tries} tries`, tookMs }
  return end
}

function isTargetDown({ isTargetFailing = false, ledger }: Worker, end: WishEnd): boolean {
  const isDown = isTargetFailing && end.kind === 'answer' && end.answer.status === 500 && answerText(end.answer).includes('tgtd')
  if (isDown) ledger.counts.refused += 1
  return isDown
}

function surprise({ ledger, clients }: Worker, what: string, end: WishEnd, ...about: readonly string[]): null {
  const from = end.kind === 'answer' ? ` from ${clients[end.host]?.endpoint}` : ''
  const got = end.kind === 'answer' ? answerText(end.answer) : end.why
  ledger.surprises.push(finding('wrong', `${what}, try ${end.tries}${from}: ${got}`, ...about))
  return null
}
