/** The two clocks of this host: one to show, one to measure with. Only here does the agent read the time. */
import { performance } from 'node:perf_hooks'
import type { Now } from '../../lib/flows/step.ts'

export interface Clock {
  /** Unix milliseconds, whole; steps when the operator or NTP says so. */
  wallMs(): number
  /** Milliseconds since some point in the past; never goes back. */
  monoMs(): number
  now(): Now
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
  now: () => ({ wallMs: Date.now(), monoMs: performance.now() }),
}
