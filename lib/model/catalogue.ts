/**
 * The volume types of the cluster: those that it was founded with, and over them what admins have done since.
 *
 * What was done stands in one register, that of a project which no client can have. Each change gets a version one above
 * all before it, so that the highest version in a copy says how new the copy is. A type that was deleted leaves its entry
 * behind: it hides a founding type, and answers a request that comes again.
 */
import { compareText, type RequestId } from './ids.ts'
import { DEFAULT_TYPE_NAME, type VolumeType } from './volume-type.ts'

/** A type as it counts now. */
export interface KnownType extends VolumeType {
  /** A type that is not public is for admins alone. */
  readonly isPublic: boolean
  /** Of the catalogue, when this type was changed last; 0 for a founding type that never was. */
  readonly version: number
}

/** What the register says of one type. */
export interface TypeEntry extends KnownType {
  readonly kind: 'type'
  readonly isGone: boolean
  /** Hash of the request that made it; '' for a founding type. Its id names the request. */
  readonly bodyHash: string
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

/** One peer's copy of the register. Only ever replaced by one of a higher version. */
export interface Catalogue {
  readonly version: number
  /** Sorted by id. */
  readonly entries: readonly TypeEntry[]
}

export type TypeClaim = Pick<TypeEntry, 'id' | 'name' | 'description' | 'isPublic' | 'extraSpecs' | 'bodyHash'>

/** Only what is there is changed; an extra spec that is null goes. */
export interface TypeEdit {
  readonly name?: string
  readonly description?: string | null
  readonly isPublic?: boolean
  readonly extraSpecs?: Readonly<Record<string, string | null>>
}

/** What somebody wants done to the catalogue. */
export type TypeChange =
  | { readonly kind: 'claim-type'; readonly claim: TypeClaim }
  | { readonly kind: 'revise-type'; readonly id: string; readonly rid: RequestId; readonly edit: TypeEdit }
  | { readonly kind: 'release-type'; readonly id: string; readonly rid: RequestId }

export const NO_CATALOGUE: Catalogue = { version: 0, entries: [] }

export function catalogueOf(entries: Iterable<TypeEntry>): Catalogue {
  const sorted = [...entries].sort((a, b) => compareText(a.id, b.id))
  return { version: sorted.reduce((highest, { version }) => Math.max(highest, version), 0), entries: sorted }
}

/** The types that count: founding ones in their order, as they are now, then the others by name. */
export function effectiveTypes(founding: readonly VolumeType[], entries: Iterable<TypeEntry>): readonly KnownType[] {
  const byId = new Map([...entries].map((entry) => [entry.id, entry]))
  const first = founding.flatMap((type) => typesIn(byId.get(type.id) ?? { ...type, isPublic: true, version: 0, isGone: false }))
  const known = new Set(founding.map(({ id }) => id))
  const later = [...byId.values()].filter(({ id }) => !known.has(id)).sort((a, b) => compareText(a.name, b.name))
  return [...first, ...later.flatMap(typesIn)]
}

/** The type that a create without one gets: it keeps its name as long as the cluster is there. */
export function isDefaultType({ name }: VolumeType): boolean {
  return name === DEFAULT_TYPE_NAME
}

export function knownTypeOf({ id, name, description, extraSpecs, isPublic, version }: KnownType): KnownType {
  return { id, name, description, extraSpecs, isPublic, version }
}

function typesIn(entry: KnownType & { readonly isGone: boolean }): readonly KnownType[] {
  return entry.isGone ? [] : [knownTypeOf(entry)]
}
