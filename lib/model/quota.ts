/** What a project may have of volumes of one type. */
export interface TypeLimits {
  readonly volumes: number
  readonly snapshots: number
  /** Of volumes and snapshots together. */
  readonly gigabytes: number
}

/** What a project may have. -1 means no limit. Names are Cinder's. */
export interface Limits extends TypeLimits {
  readonly per_volume_gigabytes: number
  readonly groups: number
  /** By id of volume type, so that a type that is renamed keeps them; only what was set. */
  readonly types?: Readonly<Record<string, Partial<TypeLimits>>>
}

/** What a project has of volumes of one type. */
export interface TypeUsage {
  readonly volumes: number
  readonly snapshots: number
  /** GiB, of volumes and snapshots together. */
  readonly gigabytes: number
}

/** What a project has, or what one request adds. */
export interface Usage extends TypeUsage {
  readonly groups: number
  /** How much of it is of which type, by id; nothing of what has none. Sorted, and without zeros: equal use is written alike. */
  readonly types?: Readonly<Record<string, TypeUsage>>
}

export const DEFAULT_LIMITS: Limits = { volumes: 10, snapshots: 10, gigabytes: 1000, per_volume_gigabytes: -1, groups: 10 }
export const NO_USAGE: Usage = { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }

/** Quotas that are counted; `per_volume_gigabytes` is a bound for one volume. */
export const COUNTED_LIMITS = ['volumes', 'snapshots', 'gigabytes', 'groups'] as const
/** Those of them that each volume type has for itself, too. */
export const TYPE_LIMITS = ['volumes', 'snapshots', 'gigabytes'] as const satisfies readonly (keyof TypeUsage)[]
/** Types that one set of limits may name: it stands in a register, which must fit in one message. */
export const LIMITED_TYPES_MAX = 1000

export type CountedLimit = (typeof COUNTED_LIMITS)[number]
/** One of the limits; which type's it is stands beside it. */
export type LimitName = CountedLimit | 'per_volume_gigabytes'

const NOTHING: TypeUsage = { volumes: 0, snapshots: 0, gigabytes: 0 }

export function addUsage(a: Usage, b: Usage): Usage {
  const { volumes, snapshots, gigabytes } = sum(a, b)
  return { volumes, snapshots, gigabytes, groups: a.groups + b.groups, ...addTypes(a.types, b.types) }
}

/** The same with the sign turned. */
export function lessUsage({ groups, types, ...counts }: Usage): Usage {
  const turned = Object.entries(types ?? {}).map(([id, of]) => [id, less(of)] as const)
  return { ...less(counts), groups: -groups, ...typesOf(turned) }
}

/** In one pass: a register may have thousands of grants. */
export function sumUsage(usages: readonly Usage[]): Usage {
  const types = new Map<string, TypeUsage>()
  let all: TypeUsage = NOTHING
  let groups = 0
  for (const usage of usages) {
    all = sum(all, usage)
    groups += usage.groups
    for (const id in usage.types) types.set(id, sum(types.get(id) ?? NOTHING, usage.types[id] ?? NOTHING))
  }
  return { ...all, groups, ...typesOf([...types].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** So much of one type of volumes; null: of none. */
export function usageOfType(typeId: string | null, counts: Partial<TypeUsage>): Usage {
  return { ...NO_USAGE, ...counts, ...(typeId === null ? {} : typesOf([[typeId, { ...NOTHING, ...counts }]])) }
}

/** What is of one type already counts for another one, too; nothing else is added. */
export function asOfType(typeId: string, { volumes, snapshots, gigabytes }: Usage): Usage {
  return { ...NO_USAGE, ...typesOf([[typeId, { volumes, snapshots, gigabytes }]]) }
}

/** One limit after the other: what `over` does not say is as in `under`. */
export function mergeLimits<Of extends Partial<Limits>>(under: Of, over: Partial<Limits> | null | undefined): Of {
  if (over === null || over === undefined) return under
  if (over.types === undefined) return { ...under, ...over }
  const types = { ...under.types }
  for (const [id, of] of Object.entries(over.types)) types[id] = { ...types[id], ...of }
  return { ...under, ...over, types }
}

function addTypes(a: Usage['types'], b: Usage['types']): Pick<Usage, 'types'> {
  if (a === undefined || b === undefined) return typesIn(a ?? b)
  const ids = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return typesOf(ids.map((id) => [id, sum(a[id] ?? NOTHING, b[id] ?? NOTHING)]))
}

function typesIn(types: Usage['types']): Pick<Usage, 'types'> {
  return types === undefined ? {} : { types }
}

function typesOf(entries: ReadonlyArray<readonly [string, TypeUsage]>): Pick<Usage, 'types'> {
  const some = entries.filter(([, of]) => TYPE_LIMITS.some((resource) => of[resource] !== 0))
  return some.length === 0 ? {} : { types: Object.fromEntries(some) }
}

function sum(a: TypeUsage, b: TypeUsage): TypeUsage {
  return { volumes: a.volumes + b.volumes, snapshots: a.snapshots + b.snapshots, gigabytes: a.gigabytes + b.gigabytes }
}

function less({ volumes, snapshots, gigabytes }: TypeUsage): TypeUsage {
  return { volumes: -volumes, snapshots: -snapshots, gigabytes: -gigabytes }
}
