/**
 * Gives events to the rules and carries out what they answer, under the contract of lib/flows/step.ts: an effect waits
 * until its own batch and every batch before it are durable.
 *
 * Batches go to the journal as they come and are synced in groups; effects wait in one line, in the order of their
 * steps. The first journal error ends everything.
 */
import type { PeerId } from '../../lib/model/ids.ts'
import type { JournalOp } from '../../lib/ports/journal.ts'
import { step } from '../../lib/flows/peer.ts'
import type { Effect, Now, PeerEvent } from '../../lib/flows/step.ts'
import type { Peer } from '../../lib/flows/tables.ts'

export interface LoopWorld {
  now(): Now
  write(batch: readonly JournalOp[]): Promise<void>
  /** Every effect but `send` to oneself, `publish`, `timer` and `cancel`, which the loop does itself. */
  perform(effect: Effect): void
  /** The journal failed: nothing was or will be carried out. */
  onJournalError(error: unknown): void
}

export interface Loop {
  give(event: PeerEvent): void
  /** No event is taken and no effect carried out after this. */
  stop(): void
}

interface Held {
  readonly effects: readonly Effect[]
  durable: boolean
}

export function createLoop(peer: Peer, self: PeerId, world: LoopWorld): Loop {
  const events: PeerEvent[] = []
  const held: Held[] = []
  const timers = new Map<string, NodeJS.Timeout>()
  let busy = false
  let stopped = false

  const stop = (): void => {
    stopped = true
    for (const timeout of timers.values()) clearTimeout(timeout)
    timers.clear()
  }

  const setTimer = (key: string, afterMs: number): void => {
    clearTimeout(timers.get(key))
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key)
        give({ kind: 'timer', key })
      }, afterMs),
    )
  }

  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case 'timer':
        return setTimer(effect.key, effect.afterMs)
      case 'cancel':
        clearTimeout(timers.get(effect.key))
        timers.delete(effect.key)
        return
      case 'publish':
        events.push({ kind: 'published', entry: effect.entry })
        return
      case 'send':
        if (effect.to === self) events.push({ kind: 'message', from: self, message: effect.message })
        else world.perform(effect)
        return
      default:
        return world.perform(effect)
    }
  }

  /** Carries out, in order, whatever is durable. */
  const release = (): void => {
    for (let first = held[0]; first?.durable === true && !stopped; first = held[0]) {
      held.shift()
      for (const effect of first.effects) perform(effect)
    }
  }

  const take = (event: PeerEvent): void => {
    const { batch, effects } = step(peer, event, world.now())
    if (batch.length === 0) {
      if (effects.length > 0) held.push({ effects, durable: true })
      return
    }
    const entry: Held = { effects, durable: false }
    held.push(entry)
    world.write(batch).then(
      () => {
        entry.durable = true
        work()
      },
      (error: unknown) => {
        if (stopped) return
        stop()
        world.onJournalError(error)
      },
    )
  }

  const work = (): void => {
    if (busy) return
    busy = true
    try {
      release()
      for (let event = events.shift(); event !== undefined && !stopped; event = events.shift()) {
        take(event)
        release()
      }
    } finally {
      busy = false
    }
  }

  const give = (event: PeerEvent): void => {
    if (stopped) return
    events.push(event)
    work()
  }

  return { give, stop }
}
