/**
 * A client that does not give up: asks one host after the other, as real ones do with several endpoints.
 *
 * A request that may have been done is repeated only if that does no harm: it has an Idempotency-Key, or it is one that
 * can be repeated anyway. Every other one ends `unknown`, and whoever asked has to look.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { answerText, type Client, type Method } from './client.ts'
import type { HttpAnswer, HttpBroken } from './http.ts'

export interface Wish {
  readonly method: Method
  readonly path: string
  readonly body?: unknown
  readonly key?: string
  /** It may be sent twice; default: with a key, and anything but POST. */
  readonly isRepeatable?: boolean
}

export type WishEnd =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer; readonly tries: number; readonly host: number }
  /** Sent, and nobody said what became of it. */
  | { readonly kind: 'unknown'; readonly why: string; readonly tries: number }

export interface RetryOptions {
  /** Index of the host that is asked first. */
  readonly first: number
  readonly timeoutMs?: number
  /** Hears of each answer that was none. */
  readonly onLater?: (answer: HttpAnswer | HttpBroken) => void
}

const TIMEOUT_MS = 90_000
const PAUSE_MS = 100
const RETRY_AFTER_MS_MAX = 500

/** @throws Error when the time is up, with the last answer */
export async function persist(clients: readonly Client[], wish: Wish, options: RetryOptions): Promise<WishEnd> {
  const { method, path, body, key, isRepeatable = key !== undefined || method !== 'POST' } = wish
  const headers = key === undefined ? {} : { 'idempotency-key': key }
  const endsAtMs = performance.now() + (options.timeoutMs ?? TIMEOUT_MS)
  for (let tries = 1; ; tries += 1) {
    const host = (options.first + tries - 1) % clients.length
    const client = clients[host]
    if (client === undefined) throw new Error('there is a client for each host')
    const answer = await client.ask(method, path, body, headers)
    if (answer.kind === 'answer' && !isForLater(answer)) return { kind: 'answer', answer, tries, host }
    options.onLater?.(answer)
    if (!isRepeatable && mayBeDone(answer)) return { kind: 'unknown', why: answerText(answer), tries }
    if (performance.now() > endsAtMs) throw new Error(`${method} ${path}: no end after ${tries} tries; last: ${answerText(answer)}`)
    await pause(answer.kind === 'answer' ? Math.min(retryAfterMs(answer), RETRY_AFTER_MS_MAX) : PAUSE_MS)
  }
}

/** Not now, or another operation on the volume runs: the same request again. */
function isForLater({ status }: HttpAnswer): boolean {
  return status === 503 || status === 409
}

/** Of what a 503 refused nothing was done; only one without a majority leaves it open. */
function mayBeDone(answer: Awaited<ReturnType<Client['ask']>>): boolean {
  return answer.kind === 'broken' ? answer.sent : JSON.stringify(answer.body).includes('QuorumUnavailable')
}

function retryAfterMs({ headers }: HttpAnswer): number {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) ? seconds * 1000 : PAUSE_MS
}
