/**
 * What an operator has said of a service, which is a host or one of its backends: that it takes no new volume. Its volumes
 * go on. A word of the operator's, not a sign of life: it has no end of its own.
 */
import type { PoolName, RequestId } from './ids.ts'

export interface ServiceMark {
  /** `host` or `host@backend`. */
  readonly host: string
  readonly isDisabled: boolean
  readonly reason: string | null
  readonly isFrozen: boolean
  readonly changedAtMs: number
}

/** What the register says of one; gone when nothing is said of it any more. */
export interface ServiceEntry extends ServiceMark {
  readonly kind: 'service'
  readonly version: number
  readonly isGone: boolean
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

/** Only what is there is changed. */
export interface ServiceEdit {
  readonly isDisabled?: boolean
  readonly reason?: string | null
  readonly isFrozen?: boolean
}

export interface ServiceChange {
  readonly kind: 'set-service'
  readonly host: string
  readonly rid: RequestId
  readonly edit: ServiceEdit
  readonly atMs: number
}

/** Whether a service's or a pool's name is of this host, which is named with or without its backend. */
export function isOnHost(name: string, host: string): boolean {
  return name === host || name.startsWith(`${host}@`) || name.startsWith(`${host}#`)
}

/** Whether the pool takes no new volume, by what operators have said. */
export function isBarred(marks: Iterable<ServiceMark>, pool: PoolName): boolean {
  for (const { host, isDisabled, isFrozen } of marks) if ((isDisabled || isFrozen) && isOnHost(pool, host)) return true
  return false
}
