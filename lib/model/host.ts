/** What a host tells all others every few seconds. A hint: nothing is decided by it but order and time-outs. */
import type { PeerId, PoolName } from './ids.ts'
import type { Capabilities } from './placement.ts'

export interface PoolReport {
  readonly name: PoolName
  readonly state: 'up' | 'stalled'
  readonly capabilities: Capabilities
  readonly queue: number
}

export interface Beat {
  readonly peer: PeerId
  /** Boot counter of the host and a counter within it: a later beat replaces an earlier one. */
  readonly epoch: number
  readonly n: number
  readonly state: 'recovering' | 'ready' | 'full' | 'draining'
  /** Version of the agent that sent it. */
  readonly version: string
  readonly pools: readonly PoolReport[]
  /** Last sequence number that the host published. */
  readonly head: number
  /** Volumes, reservations, and requests that no register has folded in yet: what keeps a host that drains. */
  readonly held: number
  /** Voting epoch of the manifest that the host holds, and registers there that have not moved to it yet. */
  readonly voting: number
  readonly pending: number
  /** Version of the host's copy of the volume types. */
  readonly types: number
  /** Where the host's API listens, for display. */
  readonly api: string
}

/** A host as one peer sees it now. */
export interface HostView {
  readonly peer: PeerId
  readonly name: string
  readonly zone: string
  readonly voter: boolean
  readonly state: 'up' | 'down' | 'recovering' | 'full' | 'draining' | 'lost'
  /** Unix milliseconds here when it was last heard, or null if never since this start. */
  readonly lastBeatMs: number | null
  readonly beat: Beat | null
}

/** It takes nothing new any more, and has nothing left. */
export function isDrained({ state, beat }: HostView): boolean {
  return state === 'draining' && beat?.state === 'draining' && beat.held === 0
}
