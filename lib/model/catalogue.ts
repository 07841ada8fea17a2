/**
 * The volume types of the cluster: those that it was founded with, and over them what admins have done since.
 *
 * What was done stands in one register, that of a project which no client can have. Each change gets a version one above
 * all before it, so that the highest version in a copy says how new the copy is. A type that was deleted leaves its entry
 * behind: it hides a founding type, and answers a request that comes again.
 */
import { compareText, type ProjectId, type RequestId } from './ids.ts'
import type { EncryptionChange, TypeEncryption } from './type-encryption.ts'
import { DEFAULT_TYPE_NAME, type VolumeType } from './volume-type.ts'

/** A type as it counts now. */
export interface KnownType extends VolumeType {
  /** A type that is not public is there for admins, and for the projects of `access`. */
  readonly isPublic: boolean
  /** Kept, and of no meaning, while the type is public. Sorted. */
  readonly access: readonly ProjectId[]
  /** How its volumes would have to be encrypted; null for a type of plain ones. */
  readonly encryption: TypeEncryption | null
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
  /** Lets one project in, or out. */
  readonly access?: { readonly project: ProjectId; readonly isGranted: boolean }
  readonly encryption?: EncryptionEdit
}

/** `add` where there is none, `change` and `remove` where there is one. */
export type EncryptionEdit =
  | { readonly kind: 'add'; readonly encryption: TypeEncryption }
  | { readonly kind: 'change'; readonly to: EncryptionChange; readonly atMs: number }
  | { readonly kind: 'remove' }

/**
 * Why the register left the catalogue as it was, beyond what is asked of types since there are any: these facts go out to
 * the client as they are.
 */
export type CatalogueRefusal =
  /** Whoever it is for is on no list. */
  | { readonly code: 'type-public'; readonly type: string }
  | { readonly code: 'access-exists'; readonly type: string; readonly project: ProjectId }
  | { readonly code: 'access-not-found'; readonly type: string; readonly project: ProjectId }
  | { readonly code: 'encryption-exists'; readonly type: string }
  | { readonly code: 'encryption-not-found'; readonly type: string }
  /** One entry has an end, as all together have. */
  | { readonly code: 'entry-full'; readonly of: 'extra specs' | 'projects'; readonly limit: number }

/** Items in one list or map of an entry: as many as an honest message may have. */
export const ENTRY_ITEMS_MAX = 1000

/** What somebody wants done to the catalogue. */
export type TypeChange =
  | { readonly kind: 'claim-type'; readonly claim: TypeClaim }
  | { readonly kind: 'revise-type'; readonly id: string; readonly rid: RequestId; readonly edit: TypeEdit }
  | { readonly kind: 'release-type'; readonly id: string; readonly rid: RequestId }

/** A founding type that nobody has changed. */
const FOUNDED = { isPublic: true, access: [], encryption: null, version: 0, isGone: false } as const

export const NO_CATALOGUE: Catalogue = { version: 0, entries: [] }

export function catalogueOf(entries: Iterable<TypeEntry>): Catalogue {
  const sorted = [...entries].sort((a, b) => compareText(a.id, b.id))
  return { version: sorted.reduce((highest, { version }) => Math.max(highest, version), 0), entries: sorted }
}

/** The types that count: founding ones in their order, as they are now, then the others by name. */
export function effectiveTypes(founding: readonly VolumeType[], entries: Iterable<TypeEntry>): readonly KnownType[] {
  const byId = new Map([...entries].map((entry) => [entry.id, entry]))
  const first = founding.flatMap((type) => typesIn(byId.get(type.id) ?? { ...type, ...FOUNDED }))
  const known = new Set(founding.map(({ id }) => id))
  const later = [...byId.values()].filter(({ id }) => !known.has(id)).sort((a, b) => compareText(a.name, b.name))
  return [...first, ...later.flatMap(typesIn)]
}

/** The type that a create without one gets: it keeps its name as long as the cluster is there. */
export function isDefaultType({ name }: VolumeType): boolean {
  return name === DEFAULT_TYPE_NAME
}

export function knownTypeOf({ id, name, description, extraSpecs, isPublic, access, encryption, version }: KnownType): KnownType {
  return { id, name, description, extraSpecs, isPublic, access, encryption, version }
}

/** Whether the type is there for a project that is no admin's. */
export function isTypeFor({ isPublic, access }: KnownType, project: ProjectId): boolean {
  return isPublic || access.includes(project)
}

function typesIn(entry: KnownType & { readonly isGone: boolean }): readonly KnownType[] {
  return entry.isGone ? [] : [knownTypeOf(entry)]
}
