/**
 * Whom to call, and when: every member that no stream leads to, a few at a time, less often the longer it fails.
 *
 * After a break both sides notice at once; for two seconds only the one with the lower id calls, which spares most double
 * connections (they do no harm). At the start everybody calls. Hosts that have not failed yet go first, so that hosts which
 * are gone do not keep those waiting that are there.
 */
import { compareText, type PeerId } from '../../lib/model/ids.ts'

export interface RedialOptions {
  readonly self: PeerId
  /** Members to be connected with, without this host. */
  readonly wanted: () => readonly PeerId[]
  /** True if nothing needs to be done for this peer. */
  readonly isReached: (peer: PeerId) => boolean
  /** Resolves when a call went through; the peer may still turn out to be unwilling. */
  readonly reach: (peer: PeerId) => Promise<void>
  readonly onFailure: (peer: PeerId, attempt: number, error: unknown) => void
  readonly now: () => number
  /** 0 <= x < 1 */
  readonly random: () => number
}

interface Calls {
  attempt: number
  nextMs: number
  isCalling: boolean
}

const CALLS_MAX = 3
const BACKOFF_FIRST_MS = 250
const BACKOFF_MAX_MS = 5000
const LOWER_ID_FIRST_MS = 2000

/** Milliseconds until the next call after `attempt` (from 1) failed: doubling up to 5 s, half of it random. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 10))
  return Math.round(full * (0.5 + random / 2))
}

export class Redial {
  readonly #options: RedialOptions
  readonly #calls = new Map<PeerId, Calls>()
  #running = 0
  #isStopped = false

  constructor(options: RedialOptions) {
    this.#options = options
  }

  /** Calls whoever is due now. Meant to be called every second, and at once when something has changed. */
  tick(): void {
    if (this.#isStopped) return
    const nowMs = this.#options.now()
    const due = this.#options
      .wanted()
      .filter((peer) => !this.#options.isReached(peer))
      .map((peer) => ({ peer, calls: this.#callsTo(peer) }))
      .filter(({ calls }) => !calls.isCalling && calls.nextMs <= nowMs)
      .toSorted((a, b) => a.calls.attempt - b.calls.attempt || a.calls.nextMs - b.calls.nextMs)
    for (const { peer, calls } of due.slice(0, CALLS_MAX - this.#running)) void this.#call(peer, calls)
  }

  /** The peer is up: forget how often it was called. */
  reached(peer: PeerId): void {
    this.#calls.delete(peer)
  }

  /** A stream has ended that was there, or could not be opened on a connection that the other side made. */
  lost(peer: PeerId): void {
    const calls = this.#callsTo(peer)
    const isOurs = compareText(this.#options.self, peer) < 0
    const waitMs = backoffMs(calls.attempt + 1, this.#options.random()) + (isOurs ? 0 : LOWER_ID_FIRST_MS)
    calls.nextMs = Math.max(calls.nextMs, this.#options.now() + waitMs)
  }

  /** True while a call to this peer runs; whoever calls opens the stream too. */
  isCalling(peer: PeerId): boolean {
    return this.#calls.get(peer)?.isCalling ?? false
  }

  /** Forgets peers that are no longer wanted. */
  forget(peer: PeerId): void {
    this.#calls.delete(peer)
  }

  stop(): void {
    this.#isStopped = true
  }

  async #call(peer: PeerId, calls: Calls): Promise<void> {
    const { reach, onFailure, now, random } = this.#options
    calls.isCalling = true
    this.#running += 1
    calls.attempt += 1
    try {
      await reach(peer)
    } catch (error) {
      if (!this.#isStopped) onFailure(peer, calls.attempt, error)
    }
    // also after a call that went through: if the peer is not up by then, it is called again
    calls.nextMs = now() + backoffMs(calls.attempt, random())
    calls.isCalling = false
    this.#running -= 1
    this.tick()
  }

  #callsTo(peer: PeerId): Calls {
    const known = this.#calls.get(peer)
    if (known !== undefined) return known
    const calls: Calls = { attempt: 0, nextMs: 0, isCalling: false }
    this.#calls.set(peer, calls)
    return calls
  }
}
