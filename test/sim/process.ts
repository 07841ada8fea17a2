/**
 * One life of a host's agent: the production rules with their clock, timers and pauses, from a start to a crash.
 *
 * All that is in here is gone with it. What it wants done leaves through the outbox; what belongs to the process itself
 * (timers, its own publications) is done here, the rest is handed to the host.
 */
import { step } from '../../lib/flows/peer.ts'
import type { Effect, Now, PeerEvent, Step } from '../../lib/flows/step.ts'
import type { Peer } from '../../lib/flows/tables.ts'
import type { Distortion, Life } from './bugs/distortion.ts'
import { copyJson } from './copy-json.ts'
import type { Fate } from './crash/fate.ts'
import type { JournalDisk } from './disk.ts'
import { Gate } from './gate.ts'
import type { Looks } from './looks.ts'
import type { SimOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Timers } from './timers.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** What the host does for its process. */
export type HostEffect = Exclude<Effect, { kind: 'timer' | 'cancel' | 'publish' | 'look' | 'note' }>

export interface ProcessOptions {
  readonly life: Life
  readonly peer: Peer
  readonly world: World
  readonly journal: JournalDisk
  readonly looks: Looks
  readonly fate: Fate
  readonly rates: SimOptions['crash']
  readonly distortion: Distortion
  /** The host's idea of the time. */
  readonly wallMs: () => number
  /** Just before the rules hear of it. */
  readonly onEvent: (event: PeerEvent) => void
  readonly carryOut: (effect: HostEffect) => void
  readonly onFull: () => void
}

/** Between looks at pools and targets. */
const MEASURE_MS = 5000

export class Process {
  readonly peer: Peer
  readonly #options: ProcessOptions
  readonly #startedMs: number
  readonly #timers: Timers
  readonly #gate: Gate
  readonly #outbox: Outbox

  constructor(options: ProcessOptions) {
    const { world, journal, fate, rates, distortion, onFull } = options
    this.peer = options.peer
    this.#options = options
    this.#startedMs = world.nowMs
    this.#timers = new Timers(world, (key) => this.feed({ kind: 'timer', key }))
    this.#gate = new Gate(world)
    this.#outbox = new Outbox({
      journal,
      gate: this.#gate,
      fate,
      rates,
      isEarly: (effect) => distortion.isEarly(effect),
      carryOut: (effect) => this.#carryOut(effect),
      onFull,
    })
  }

  /** Nothing that it wants done is still to do. */
  get isIdle(): boolean {
    return this.#outbox.isEmpty
  }

  get isPaused(): boolean {
    return this.#gate.isShut
  }

  start(): void {
    this.feed({ kind: 'start' })
    this.#measureLater(0)
  }

  feed(event: PeerEvent): void {
    this.#gate.pass(() => this.#hear(event))
  }

  pause(forMs: number): void {
    this.#gate.shut(forMs)
  }

  resume(): void {
    this.#gate.open()
  }

  /** It is gone, between two instructions. */
  end(): void {
    this.#timers.clear()
    this.#gate.end()
  }

  #hear(event: PeerEvent): void {
    const { world, life, distortion, onEvent } = this.#options
    world.trace.add(world.nowMs, life.name, event.kind, event)
    onEvent(event)
    this.#outbox.take(distortion.step(stepOf(this.peer, distortion.event(event, life), this.#now()), event, life))
  }

  #now(): Now {
    const { world, wallMs } = this.#options
    return { monoMs: world.nowMs - this.#startedMs, wallMs: wallMs() }
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'publish':
        return this.feed({ kind: 'published', entry: copyJson(effect.entry) })
      case 'timer':
        return this.#timers.set(effect.key, effect.afterMs)
      case 'cancel':
        return this.#timers.cancel(effect.key)
      case 'look':
        return this.feed({ kind: 'looked', to: effect.to, ref: effect.ref, look: this.#options.looks.existing() })
      case 'note': {
        const { world, life } = this.#options
        return world.trace.add(world.nowMs, life.name, `note ${effect.level}`, { event: effect.event, ...effect.fields })
      }
      default:
        return this.#options.carryOut(effect)
    }
  }

  #measureLater(afterMs: number): void {
    const { world, looks } = this.#options
    world.schedule(afterMs, () => {
      if (this.#gate.isGone) return
      this.feed({ kind: 'measured', pools: looks.pools() })
      const bytes = looks.bytes()
      const exports = looks.exports()
      if (bytes !== null && exports !== null) this.feed({ kind: 'found', ...bytes, exports })
      this.#measureLater(MEASURE_MS)
    })
  }
}

/** The rules may not throw: in production that ends the process, and again at each restart. */
function stepOf(peer: Peer, event: PeerEvent, now: Now): Step {
  let thrown: unknown
  try {
    return step(peer, event, now)
  } catch (error) {
    thrown = error
  }
  const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  throw new Violation('rules', `the rules threw at ${event.kind}: ${what}`, { event }, { cause: thrown })
}
