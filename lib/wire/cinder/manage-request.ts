/** Bodies that have what lies in a pool taken in: Cinder's `manageable_volumes` and `manageable_snapshots`, and Scoria's own for orphans. */
import Type from 'typebox'
import { Anything, boolWord, demands, Metadata, OptionalText } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface ManageVolume {
  /** `host@backend#pool`, or `host@backend` where that has one pool. */
  readonly pool: string
  /** As its tool names it. */
  readonly source: string
  readonly name: string | null
  readonly description: string | null
  readonly type: string | null
  readonly zone: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly isBootable: boolean
}

export interface ManageSnapshot {
  /** As the client wrote it: whose snapshot it is. */
  readonly volume: string
  /** As its tool names it. */
  readonly source: string
  readonly name: string | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
}

export interface AdoptOrphan {
  readonly pool: string
  readonly source: string
  /** Null: whose it was. */
  readonly project: string | null
  readonly name: string | null
}

const Named = Type.String({ minLength: 1, maxLength: 255 })
const OptionalName = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const Described = {
  ref: Type.Record(Type.String(), Type.Unknown()),
  name: OptionalText,
  description: OptionalText,
  metadata: Type.Optional(Type.Union([Metadata, Type.Null()])),
}
const manageShape = shape(
  Type.Object(
    {
      volume: Type.Object(
        {
          host: Named,
          ...Described,
          volume_type: OptionalName,
          availability_zone: OptionalName,
          bootable: Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 16 })])),
          cluster: Anything,
        },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)

export function parseManageVolume(body: unknown): Parsed<ManageVolume> {
  const parsed = manageShape.parse(body)
  if (!parsed.ok) return parsed
  const { volume } = parsed.value
  const source = sourceName(volume.ref)
  if (source === null) return refused({ code: 'missing-key', path: 'volume.ref', keys: ['source-name'] })
  const { bootable = false } = volume
  const isBootable = typeof bootable === 'boolean' ? bootable : boolWord(bootable)
  if (isBootable === null)
    return refused({ code: 'bad-value', path: 'volume.bootable', value: String(bootable), rule: { kind: 'type', wanted: 'boolean' } })
  if (demands(volume.cluster)) return refused({ code: 'not-supported', feature: 'cluster' })
  return accepted({
    pool: volume.host,
    source,
    name: volume.name?.trim() || null,
    description: volume.description?.trim() || null,
    type: volume.volume_type || null,
    zone: volume.availability_zone || null,
    metadata: volume.metadata ?? {},
    isBootable,
  })
}

const snapshotShape = shape(
  Type.Object(
    { snapshot: Type.Object({ volume_id: Named, ...Described }, { additionalProperties: false }) },
    { additionalProperties: false },
  ),
)

export function parseManageSnapshot(body: unknown): Parsed<ManageSnapshot> {
  const parsed = snapshotShape.parse(body)
  if (!parsed.ok) return parsed
  const { snapshot } = parsed.value
  const source = sourceName(snapshot.ref)
  if (source === null) return refused({ code: 'missing-key', path: 'snapshot.ref', keys: ['source-name'] })
  return accepted({
    volume: snapshot.volume_id,
    source,
    name: snapshot.name?.trim() || null,
    description: snapshot.description?.trim() || null,
    metadata: snapshot.metadata ?? {},
  })
}

/** Whatever else a reference may say means nothing here. */
function sourceName({ 'source-name': source }: Readonly<Record<string, unknown>>): string | null {
  return typeof source === 'string' && source !== '' ? source.slice(0, 255) : null
}

const adoptShape = shape(
  Type.Object({ pool: Named, name: Named, project: OptionalName, volume_name: OptionalText }, { additionalProperties: false }),
)

export function parseAdoptOrphan(body: unknown): Parsed<AdoptOrphan> {
  const parsed = adoptShape.parse(body)
  if (!parsed.ok) return parsed
  const { pool, name, project, volume_name } = parsed.value
  return accepted({ pool, source: name, project: project || null, name: volume_name?.trim() || null })
}

const unmanageShape = shape(Type.Object({ 'os-unmanage': Type.Union([Type.Object({}), Type.Null()]) }, { additionalProperties: false }))

/** For the description of the API. */
export const MANAGE_BODIES = { manage: manageShape, manageSnapshot: snapshotShape, adopt: adoptShape, unmanage: unmanageShape }

/** Whether this is the action `os-unmanage`; what else is wrong with it is told when it is parsed. */
export function asksForUnmanage(body: unknown): boolean {
  return unmanageShape.parse(body).ok
}
