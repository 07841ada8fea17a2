/**
 * Clients at work, and what they were promised.
 *
 * Each worker has volumes of its own, so that it knows exactly what its last answer said of each. What it does comes
 * from a seed; what the answers are does not, and is written down for the audit.
 */
import { answerText, at, attachmentIn, type Client, textAt, volumeIn } from '../cluster/client.ts'
import { persist, type Wish, type WishEnd } from '../cluster/retry.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { Random } from '../sim/random.ts'

/** A volume as its client knows it. */
export interface Promised {
  readonly id: string
  readonly name: string
  readonly key: string | null
  sizeGiB: number
  attachment: string | null
  /** `deleted`: the delete was answered. */
  state: 'live' | 'deleted' | 'error'
}

export interface Ledger {
  readonly promised: Promised[]
  /** Names of creates without a key that nobody answered: none or one volume each. */
  readonly open: Set<string>
  /** What must not have happened, in words. */
  readonly surprises: string[]
  readonly counts: Record<
    'created' | 'repeated' | 'open' | 'attached' | 'detached' | 'extended' | 'deleted' | 'refused' | 'retries',
    number
  >
}

export function newLedger(): Ledger {
  const counts = { created: 0, repeated: 0, open: 0, attached: 0, detached: 0, extended: 0, deleted: 0, refused: 0, retries: 0 }
  return { promised: [], open: new Set(), surprises: [], counts }
}

export interface Worker {
  readonly name: string
  readonly clients: readonly Client[]
  readonly random: Random
  readonly ledger: Ledger
}

const LIVE_MAX = 12
const SETTLE_MS = 120_000

/** Works until told to stop; ends between two requests. */
export async function work(worker: Worker, shouldStop: () => boolean): Promise<void> {
  const mine: Promised[] = []
  for (let n = 0; !shouldStop(); n += 1) {
    const live = mine.filter(({ state }) => state === 'live')
    const volume = live[worker.random.below(Math.max(1, live.length))]
    const draw = worker.random.below(100)
    if (volume === undefined || (draw < 45 && live.length < LIVE_MAX)) {
      const made = await create(worker, `${worker.name}-${n}`, worker.random.chance(0.7) ? `key-${worker.name}-${n}` : null)
      if (made !== null) mine.push(made)
    } else await change(worker, volume, draw, n)
  }
}

async function change(worker: Worker, volume: Promised, draw: number, n: number): Promise<void> {
  if (volume.attachment !== null) return detach(worker, volume, n)
  if (draw < 60) return attach(worker, volume, n)
  if (draw < 72) return extend(worker, volume, n)
  return remove(worker, volume, n)
}

async function create(worker: Worker, name: string, key: string | null): Promise<Promised | null> {
  const { ledger, random } = worker
  const wish: Wish = { method: 'POST', path: '/volumes', body: { volume: { name, size: 1 } }, ...(key === null ? {} : { key }) }
  const end = await ask(worker, wish)
  if (end.kind === 'unknown') {
    ledger.counts.open += 1
    ledger.open.add(name)
    return null
  }
  if (end.answer.status !== 202) return surprise(worker, `create ${name}`, end)
  const { id } = volumeIn(at(end.answer.body, 'volume'))
  ledger.counts.created += 1
  const promised: Promised = { id, name, key, sizeGiB: 1, attachment: null, state: 'live' }
  ledger.promised.push(promised)
  // A client that lost the answer asks again, wherever: the same volume.
  if (key !== null && random.chance(0.3)) {
    const again = await ask(worker, wish)
    ledger.counts.repeated += 1
    if (again.kind !== 'answer' || again.answer.status !== 202) surprise(worker, `create ${name} once more`, again)
    else if (volumeIn(at(again.answer.body, 'volume')).id !== id) ledger.surprises.push(`the key ${key} made two volumes`)
  }
  return promised
}

async function attach(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (!(await isReady(worker, volume))) return
  const connector = { initiator: `iqn.2026-01.test:${worker.name}`, host: worker.name, multipath: false }
  const body = { attachment: { volume_uuid: volume.id, connector } }
  const end = await ask(worker, { method: 'POST', path: '/attachments', body, key: `attach-${volume.name}-${n}` })
  if (end.kind !== 'answer' || end.answer.status !== 200) return void surprise(worker, `attach ${volume.name}`, end)
  const attachment = at(end.answer.body, 'attachment')
  volume.attachment = attachmentIn(attachment).id
  worker.ledger.counts.attached += 1
  if (textAt(at(attachment, 'connection_info'), 'target_iqn') === '')
    worker.ledger.surprises.push(`attach ${volume.name}: no target in the answer`)
}

async function detach(worker: Worker, volume: Promised, n: number): Promise<void> {
  const end = await ask(worker, { method: 'DELETE', path: `/attachments/${volume.attachment}`, key: `detach-${volume.name}-${n}` })
  const isGone = end.kind === 'answer' && (end.answer.status === 200 || (end.answer.status === 404 && end.tries > 1))
  if (!isGone) return void surprise(worker, `detach ${volume.name}`, end)
  volume.attachment = null
  worker.ledger.counts.detached += 1
}

async function extend(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (!(await isReady(worker, volume))) return
  const sizeGiB = volume.sizeGiB + 1
  const path = `/volumes/${volume.id}/action`
  const end = await ask(worker, { method: 'POST', path, body: { 'os-extend': { new_size: sizeGiB } }, key: `extend-${volume.name}-${n}` })
  if (end.kind !== 'answer' || end.answer.status !== 202) return void surprise(worker, `extend ${volume.name}`, end)
  volume.sizeGiB = sizeGiB
  worker.ledger.counts.extended += 1
}

async function remove(worker: Worker, volume: Promised, n: number): Promise<void> {
  if (!(await isReady(worker, volume))) return
  const end = await ask(worker, { method: 'DELETE', path: `/volumes/${volume.id}`, key: `delete-${volume.name}-${n}` })
  const isGone = end.kind === 'answer' && (end.answer.status === 202 || (end.answer.status === 404 && end.tries > 1))
  if (!isGone) return void surprise(worker, `delete ${volume.name}`, end)
  volume.state = 'deleted'
  worker.ledger.counts.deleted += 1
}

/** Waits until the volume can be used. False: it is in error, which a user message must explain. */
async function isReady(worker: Worker, volume: Promised): Promise<boolean> {
  const status = await waitFor(
    `volume ${volume.name} (${volume.id}) comes to rest`,
    async () => {
      const end = await ask(worker, { method: 'GET', path: `/volumes/${volume.id}` })
      if (end.kind !== 'answer' || end.answer.status !== 200) {
        surprise(worker, `show ${volume.name}`, end)
        return 'lost'
      }
      const seen = volumeIn(at(end.answer.body, 'volume'))
      const isAtRest = seen.status.startsWith('error') || (seen.status === 'available' && seen.sizeGiB === volume.sizeGiB)
      return isAtRest ? seen.status : new NotYet(seen)
    },
    { timeoutMs: SETTLE_MS },
  )
  if (status !== 'available') volume.state = 'error'
  return status === 'available'
}

async function ask(worker: Worker, wish: Wish): Promise<WishEnd> {
  const end = await persist(worker.clients, wish, { first: worker.random.below(worker.clients.length) })
  worker.ledger.counts.retries += end.tries - 1
  return end
}

function surprise(worker: Worker, what: string, end: WishEnd): null {
  worker.ledger.counts.refused += 1
  worker.ledger.surprises.push(`${what}, try ${end.tries}: ${end.kind === 'answer' ? answerText(end.answer) : end.why}`)
  return null
}
