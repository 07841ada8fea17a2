/**
 * The catalogue of the cluster: its volume types, group types, QoS specs, the projects' default types, the services that take no
 * new volume, and the classes of quotas. Of volume types there are those that it was founded with, and over them what admins have
 * done since.
 *
 * What was done stands in one register, that of a project which no client can have. Each change gets a version one above
 * all before it, so that the highest version in a copy says how new the copy is. What was deleted leaves its entry
 * behind: it hides a founding type, and answers a request that comes again.
 */
import type { DefaultType, DefaultTypeChange, DefaultTypeEntry } from './default-type.ts'
import type { GroupType, GroupTypeChange, GroupTypeEntry } from './group-type.ts'
import { compareText, type ProjectId, type RequestId } from './ids.ts'
import type { QosChange, QosEntry, QosSpecs } from './qos.ts'
import { type Limits, mergeLimits } from './quota.ts'
import { DEFAULT_CLASS, type DefaultLimits, type QuotaClassChange, type QuotaClassEntry } from './quota-class.ts'
import type { ServiceChange, ServiceEntry, ServiceMark } from './service.ts'
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
  /** The QoS specs that its volumes have. */
  readonly qosId: string | null
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

export type CatalogueEntry = TypeEntry | GroupTypeEntry | QosEntry | DefaultTypeEntry | ServiceEntry | QuotaClassEntry

/** One peer's copy of the register. Only ever replaced by one of a higher version. */
export interface Catalogue {
  readonly version: number
  /** Sorted by key. */
  readonly entries: readonly CatalogueEntry[]
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
  /** Gives it QoS specs, or takes these from it. */
  readonly qos?: { readonly id: string; readonly isAssociated: boolean }
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
  | { readonly code: 'group-type-exists'; readonly name: string }
  /** The request that made it had another body. */
  | { readonly code: 'group-type-mismatch'; readonly type: string }
  | { readonly code: 'group-type-not-found'; readonly type: string }
  | { readonly code: 'group-spec-not-found'; readonly type: string; readonly key: string }
  | { readonly code: 'qos-exists'; readonly name: string }
  /** The request that made it had another body. */
  | { readonly code: 'qos-mismatch'; readonly qos: string }
  | { readonly code: 'qos-not-found'; readonly qos: string }
  | { readonly code: 'qos-key-not-found'; readonly qos: string; readonly key: string }
  /** Types have it. */
  | { readonly code: 'qos-in-use'; readonly qos: string }
  /** The type has other QoS specs. */
  | { readonly code: 'type-has-qos'; readonly type: string; readonly qos: string }
  /** One entry has an end, as all together have. */
  | { readonly code: 'entry-full'; readonly of: 'extra specs' | 'projects' | 'specs' | 'types with limits'; readonly limit: number }

/** Items in one list or map of an entry: as many as an honest message may have. */
export const ENTRY_ITEMS_MAX = 1000

/** What somebody wants done to the types. */
export type TypeChange =
  | { readonly kind: 'claim-type'; readonly claim: TypeClaim }
  | { readonly kind: 'revise-type'; readonly id: string; readonly rid: RequestId; readonly edit: TypeEdit }
  | { readonly kind: 'release-type'; readonly id: string; readonly rid: RequestId }

export type CatalogueChange = TypeChange | GroupTypeChange | QosChange | DefaultTypeChange | ServiceChange | QuotaClassChange

/** A founding type that nobody has changed. */
const FOUNDED = { isPublic: true, access: [], encryption: null, qosId: null, version: 0, isGone: false } as const

export const NO_CATALOGUE: Catalogue = { version: 0, entries: [] }

/** In the register, and for the order of a copy. */
export function catalogueKey(entry: CatalogueEntry): string {
  switch (entry.kind) {
    case 'default-type':
      return `${entry.kind}/${entry.project}`
    case 'service':
      return `${entry.kind}/${entry.host}`
    case 'quota-class':
      return `${entry.kind}/${entry.name}`
    default:
      return `${entry.kind}/${entry.id}`
  }
}

export function catalogueOf(entries: Iterable<CatalogueEntry>): Catalogue {
  const sorted = [...entries].sort((a, b) => compareText(catalogueKey(a), catalogueKey(b)))
  return { version: sorted.reduce((highest, { version }) => Math.max(highest, version), 0), entries: sorted }
}

/** The types that count: founding ones in their order, as they are now, then the others by name. */
export function effectiveTypes(founding: readonly VolumeType[], entries: Iterable<CatalogueEntry>): readonly KnownType[] {
  const byId = new Map([...entries].flatMap((entry) => (entry.kind === 'type' ? [[entry.id, entry] as const] : [])))
  const first = founding.flatMap((type) => typesIn(byId.get(type.id) ?? { ...type, ...FOUNDED }))
  const known = new Set(founding.map(({ id }) => id))
  const later = [...byId.values()].filter(({ id }) => !known.has(id)).sort((a, b) => compareText(a.name, b.name))
  return [...first, ...later.flatMap(typesIn)]
}

/** The group types that count, by name. */
export function effectiveGroupTypes(entries: Iterable<CatalogueEntry>): readonly GroupType[] {
  const live = [...entries].flatMap((entry) => (entry.kind === 'group-type' && !entry.isGone ? [entry] : []))
  return live.sort((a, b) => compareText(a.name, b.name)).map(groupTypeOf)
}

/** The QoS specs that count, by name. */
export function effectiveQos(entries: Iterable<CatalogueEntry>): readonly QosSpecs[] {
  const live = [...entries].flatMap((entry) => (entry.kind === 'qos' && !entry.isGone ? [entry] : []))
  return live.sort((a, b) => compareText(a.name, b.name)).map(({ id, name, consumer, specs }) => ({ id, name, consumer, specs }))
}

/** The projects that have a default type of their own. */
export function effectiveDefaults(entries: Iterable<CatalogueEntry>): readonly DefaultType[] {
  const live = [...entries].flatMap((entry) => (entry.kind === 'default-type' && !entry.isGone ? [entry] : []))
  return live.sort((a, b) => compareText(a.project, b.project)).map(({ project, typeId }) => ({ project, typeId }))
}

/** The services that take no new volume, by name. */
export function effectiveServices(entries: Iterable<CatalogueEntry>): readonly ServiceMark[] {
  const live = [...entries].flatMap((entry) => (entry.kind === 'service' && !entry.isGone ? [entry] : []))
  return live.sort((a, b) => compareText(a.host, b.host))
}

/** The default class of quotas; null while nobody has set it. */
export function effectiveDefaultLimits(entries: Iterable<CatalogueEntry>): DefaultLimits | null {
  const entry = quotaClassIn(entries, DEFAULT_CLASS)
  return entry === null ? null : { version: entry.version, limits: entry.limits }
}

/** Limits of a class: its own, then those of the default class, then those that the cluster was founded with. */
export function effectiveLimits(founding: Limits, entries: readonly CatalogueEntry[], name: string): Limits {
  return mergeLimits(mergeLimits(founding, quotaClassIn(entries, DEFAULT_CLASS)?.limits), quotaClassIn(entries, name)?.limits)
}

/** The type that a create without one gets: it keeps its name as long as the cluster is there. */
export function isDefaultType({ name }: VolumeType): boolean {
  return name === DEFAULT_TYPE_NAME
}

export function knownTypeOf({ id, name, description, extraSpecs, isPublic, access, encryption, qosId, version }: KnownType): KnownType {
  return { id, name, description, extraSpecs, isPublic, access, encryption, qosId, version }
}

export function groupTypeOf({ id, name, description, isPublic, groupSpecs }: GroupType): GroupType {
  return { id, name, description, isPublic, groupSpecs }
}

/** Whether the type is there for a project that is no admin's. */
export function isTypeFor({ isPublic, access }: KnownType, project: ProjectId): boolean {
  return isPublic || access.includes(project)
}

function quotaClassIn(entries: Iterable<CatalogueEntry>, name: string): QuotaClassEntry | null {
  for (const entry of entries) if (entry.kind === 'quota-class' && entry.name === name) return entry
  return null
}

function typesIn(entry: KnownType & { readonly isGone: boolean }): readonly KnownType[] {
  return entry.isGone ? [] : [knownTypeOf(entry)]
}
