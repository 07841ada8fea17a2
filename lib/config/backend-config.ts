/**
 * What an operator may say about one backend: where it keeps volumes, and how much of the place it may promise.
 *
 * Units stand in the names of keys, every default is written once.
 */
import Type, { type Static } from 'typebox'
import { assertNever } from '../model/invariant.ts'
import { parsePoolFunction } from '../model/pool-function.ts'
import { type Drill, drillSchema } from './drill.ts'
import { type Problem, problem } from './problems.ts'

const absolutePath = Type.String({ pattern: '^/', description: 'an absolute path' })
const poolPart = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'a name of letters, digits, dot and dash' })
/** Short enough for the name of a device, which is made of it and an id. */
const lvmName = Type.String({
  pattern: '^[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,31}$',
  description: "LVM's name of it, up to 32 letters, digits and any of _+.-",
})
const capacityGiB = { minimum: 1, description: 'a whole number of GiB' }
const promises = {
  maxOverSubscriptionRatio: Type.Number({ minimum: 1, default: 1, description: 'a number of at least 1' }),
  reservedPercentage: Type.Integer({ minimum: 0, maximum: 100, default: 0, description: 'a whole percentage from 0 to 100' }),
}
/** What others read of the backend before they choose it, in Cinder's language; see lib/model/pool-function.ts. */
const functions = {
  filterFunction: Type.Optional(Type.String({ minLength: 1, description: 'a filter function in Cinder’s language' })),
  goodnessFunction: Type.Optional(Type.String({ minLength: 1, description: 'a goodness function in Cinder’s language' })),
}

const fileBackend = Type.Object({
  kind: Type.Literal('file'),
  name: Type.Optional(poolPart),
  /** Folder of the volume files; it must exist. */
  path: absolutePath,
  pool: Type.Optional(poolPart),
  /** Absent: as much as the file system holds. */
  capacityGiB: Type.Optional(Type.Integer(capacityGiB)),
  ...promises,
  ...functions,
})
const lvmBackend = Type.Object({
  kind: Type.Literal('lvm'),
  name: Type.Optional(poolPart),
  /** Volume group; it must exist. */
  vg: lvmName,
  /** Thin pool in it. Absent: thick volumes, straight from the group. */
  thinPool: Type.Optional(lvmName),
  /** Size of the thin pool that is made when it is not there. Absent: it must exist. */
  thinPoolGiB: Type.Optional(Type.Integer(capacityGiB)),
  /** The thin pool grows by itself, up to this. Absent: never. */
  thinPoolMaxGiB: Type.Optional(Type.Integer(capacityGiB)),
  pool: Type.Optional(poolPart),
  ...promises,
  ...functions,
})
const noneBackend = Type.Object({
  kind: Type.Literal('none'),
  name: Type.Optional(poolPart),
  pool: Type.Optional(poolPart),
  capacityGiB: Type.Integer({ ...capacityGiB, default: 1000 }),
  drill: Type.Optional(drillSchema),
  ...functions,
})

export const backendSchema = Type.Union([fileBackend, lvmBackend, noneBackend])

type WrittenBackend = Static<typeof backendSchema>

interface BackendFunctions {
  /** Has to be true of what comes; null: everything may. */
  readonly filterFunction: string | null
  /** How good a place this is, 0 to 100; null: 0. */
  readonly goodnessFunction: string | null
}

export interface FileBackendConfig extends BackendFunctions {
  readonly kind: 'file'
  readonly name: string
  readonly path: string
  readonly pool: string
  /** GiB, or null for what the file system holds. */
  readonly capacityGiB: number | null
  readonly maxOverSubscriptionRatio: number
  readonly reservedPercentage: number
}

export interface LvmBackendConfig extends BackendFunctions {
  readonly kind: 'lvm'
  readonly name: string
  readonly vg: string
  /** Null: thick. */
  readonly thinPool: string | null
  /** How large it is made when it is not there; null: it has to be. */
  readonly thinPoolGiB: number | null
  /** How large it may grow by itself; null: it does not. */
  readonly thinPoolMaxGiB: number | null
  readonly pool: string
  readonly maxOverSubscriptionRatio: number
  readonly reservedPercentage: number
}

export interface NoneBackendConfig extends BackendFunctions {
  readonly kind: 'none'
  readonly name: string
  readonly pool: string
  readonly capacityGiB: number
  /** Faults made on purpose; null: none, and what it made is forgotten at a restart. */
  readonly drill: Drill | null
}

export type BackendConfig = FileBackendConfig | LvmBackendConfig | NoneBackendConfig

export function backendOf(backend: WrittenBackend): BackendConfig {
  const { filterFunction = null, goodnessFunction = null } = backend
  const named = { ...backend, name: nameOf(backend), pool: backend.pool ?? 'pool', filterFunction, goodnessFunction }
  switch (named.kind) {
    case 'file':
      return { ...named, capacityGiB: named.capacityGiB ?? null }
    case 'lvm': {
      const { thinPool = null, thinPoolGiB = null, thinPoolMaxGiB = null } = named
      return { ...named, thinPool, thinPoolGiB, thinPoolMaxGiB }
    }
    case 'none':
      return { ...named, drill: named.drill ?? null }
    default:
      return assertNever(named)
  }
}

/** What no single key shows. */
export function backendContradictions(backends: readonly WrittenBackend[]): readonly Problem[] {
  const names = backends.map(nameOf)
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  const problems: Problem[] = twice < 0 ? [] : [problem(`backends[${twice}].name`, 'a name that no other backend has', names[twice])]
  problems.push(...backends.flatMap(functionProblems))
  return [...problems, ...backends.flatMap((backend, index) => (backend.kind === 'lvm' ? lvmContradictions(backends, backend, index) : []))]
}

/** A function that cannot be computed would keep everything away, or be worth nothing: its operator hears of it at once. */
function functionProblems(backend: WrittenBackend, index: number): readonly Problem[] {
  return (['filterFunction', 'goodnessFunction'] as const).flatMap((key) => {
    const text = backend[key]
    const parsed = text === undefined ? null : parsePoolFunction(text)
    return parsed === null || parsed.ok ? [] : [problem(`backends[${index}].${key}`, parsed.wanted, text)]
  })
}

type WrittenLvm = Extract<WrittenBackend, { kind: 'lvm' }>

function lvmContradictions(backends: readonly WrittenBackend[], backend: WrittenLvm, index: number): readonly Problem[] {
  const problems: Problem[] = []
  const wrong = (key: keyof WrittenLvm, expected: string): void => {
    problems.push(problem(`backends[${index}].${key}`, expected, backend[key]))
  }
  const { vg, thinPool, thinPoolGiB, thinPoolMaxGiB } = backend
  const others = backends.filter((other, at): other is WrittenLvm => at !== index && other.kind === 'lvm' && other.vg === vg)
  const isTaken = backends.slice(0, index).some((other) => other.kind === 'lvm' && other.vg === vg && other.thinPool === thinPool)
  if (isTaken) wrong(thinPool === undefined ? 'vg' : 'thinPool', 'a place that no other backend has')
  if (thinPool === undefined && (thinPoolGiB !== undefined || thinPoolMaxGiB !== undefined))
    wrong('thinPool', 'the name of a thin pool, because its size is set')
  if (thinPool === undefined && backend.maxOverSubscriptionRatio > 1)
    wrong('maxOverSubscriptionRatio', '1, because thick volumes take all of their room at once (or a thinPool)')
  // Each of them would count on the same free extents.
  if (thinPoolMaxGiB !== undefined && others.length > 0)
    wrong('thinPoolMaxGiB', 'nothing, because another backend gives out room of the same volume group')
  return problems
}

function nameOf(backend: WrittenBackend): string {
  return backend.name ?? backend.kind
}
