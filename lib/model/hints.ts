/**
 * What a client hints at about the place of one create, parsed: the volumes that it shall lie with or apart from, and a
 * question that its pool has to answer with yes.
 *
 * Hints are of the request and not of the volume: nobody remembers them once it has its place.
 */
import type { VolumeId } from './ids.ts'
import type { Json } from './json.ts'

export interface Hints {
  /** On the backend of at least one of these; empty: anywhere. */
  readonly sameHost: readonly VolumeId[]
  /** On the backend of none of these. */
  readonly differentHost: readonly VolumeId[]
  readonly query: QueryTerm | null
}

export const NO_HINTS: Hints = { sameHost: [], differentHost: [], query: null }

export const QUERY_COMMANDS = ['=', '<', '>', 'in', '<=', '>=', 'not', 'or', 'and'] as const
export type QueryCommand = (typeof QUERY_COMMANDS)[number]

/** Cinder's JSON prefix lists: `["and", [">=", "$free_capacity_gb", 100], …]`. */
export type QueryTerm =
  | { readonly kind: 'value'; readonly value: Json }
  /** `$attribute.key`: an attribute of the pool, and keys into it. */
  | { readonly kind: 'read'; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly command: QueryCommand; readonly terms: readonly QueryTerm[] }
