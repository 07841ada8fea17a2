/**
 * Classes of quotas: limits under a name. The one called `default` counts for every project in what the project has no
 * limit of its own; the others are kept and shown, and nobody is in them.
 */
import type { RequestId } from './ids.ts'
import type { Limits } from './quota.ts'

export const DEFAULT_CLASS = 'default'

/** What the register says of one. A class that was set once is never taken away. */
export interface QuotaClassEntry {
  readonly kind: 'quota-class'
  readonly name: string
  /** Those that were set. */
  readonly limits: Partial<Limits>
  readonly version: number
  readonly isGone: boolean
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

/** Only what is there is changed. */
export interface QuotaClassChange {
  readonly kind: 'set-quota-class'
  readonly name: string
  readonly rid: RequestId
  readonly limits: Partial<Limits>
}

/** The default class as somebody knows it. Of two the one of the higher version counts. */
export interface DefaultLimits {
  /** Of the catalogue, when it was set last. */
  readonly version: number
  readonly limits: Partial<Limits>
}

/** The one that counts of two that may be unknown. */
export function newerDefaults(a: DefaultLimits | null, b: DefaultLimits | null): DefaultLimits | null {
  if (a === null || b === null) return a ?? b
  return b.version > a.version ? b : a
}
