/** Bodies of the calls about groups and group snapshots, as facts. */
import Type from 'typebox'
import { MEMBERS_MAX } from '../../model/group.ts'
import { parseUuid, volumeId, type VolumeId } from '../../model/ids.ts'
import { boolWord, firstText, notUuid, OptionalText } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface CreateGroup {
  readonly name: string | null
  readonly description: string | null
  /** Name or id. */
  readonly groupType: string
  /** Names or ids, each once. */
  readonly volumeTypes: readonly string[]
  readonly zone: string | null
}

export interface CreateGroupFrom {
  readonly name: string | null
  readonly description: string | null
  readonly source: { readonly kind: 'group' | 'group-snapshot'; readonly id: string }
}

export interface UpdateGroup {
  readonly name?: string
  readonly description?: string
  readonly add: readonly VolumeId[]
  readonly remove: readonly VolumeId[]
}

export type GroupAction =
  | { readonly kind: 'delete'; readonly withVolumes: boolean }
  | { readonly kind: 'reset'; readonly status: 'available' | 'error' }
  | { readonly kind: 'replication'; readonly name: string }

export interface CreateGroupSnapshot {
  readonly group: string
  readonly name: string | null
  readonly description: string | null
}

const closed = { additionalProperties: false }
const Id = Type.String({ maxLength: 255 })
const Flag = Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 16 })]))
const texts = { name: OptionalText, description: OptionalText }
/** As many ids as a group has volumes, with their commas. */
const Ids = Type.Optional(Type.Union([Type.String({ maxLength: 40 * MEMBERS_MAX }), Type.Null()]))

const create = shape(
  Type.Object(
    {
      group: Type.Object(
        {
          ...texts,
          group_type: Type.String({ minLength: 1, maxLength: 255 }),
          volume_types: Type.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true }),
          availability_zone: Type.Optional(Type.Union([Id, Type.Null()])),
        },
        closed,
      ),
    },
    closed,
  ),
)
const createFrom = shape(
  Type.Object(
    { 'create-from-src': Type.Object({ ...texts, source_group_id: Type.Optional(Id), group_snapshot_id: Type.Optional(Id) }, closed) },
    closed,
  ),
)
const update = shape(Type.Object({ group: Type.Object({ ...texts, add_volumes: Ids, remove_volumes: Ids }, closed) }, closed))
const remove = shape(Type.Object({ delete: Type.Object({ 'delete-volumes': Flag }, closed) }, closed))
const reset = shape(Type.Object({ reset_status: Type.Object({ status: Type.String({ maxLength: 255 }) }, closed) }, closed))
const plain = Type.Object({})
const failover = Type.Object(
  { allow_attached_volume: Flag, secondary_backend_id: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])) },
  closed,
)
const REPLICATION = {
  enable_replication: shape(Type.Object({ enable_replication: plain }, closed)),
  disable_replication: shape(Type.Object({ disable_replication: plain }, closed)),
  failover_replication: shape(Type.Object({ failover_replication: failover }, closed)),
  list_replication_targets: shape(Type.Object({ list_replication_targets: plain }, closed)),
}
const createSnapshot = shape(Type.Object({ group_snapshot: Type.Object({ ...texts, group_id: Id }, closed) }, closed))

/** For the description of the API. */
export const GROUP_BODIES = { create, createFrom, update, remove, reset, ...REPLICATION, createSnapshot }

export function parseCreateGroup(body: unknown): Parsed<CreateGroup> {
  const parsed = create.parse(body)
  if (!parsed.ok) return parsed
  const { name, description, group_type: groupType, volume_types: volumeTypes, availability_zone: zone } = parsed.value.group
  return accepted({
    name: firstText(name) ?? null,
    description: firstText(description) ?? null,
    groupType,
    volumeTypes,
    zone: zone || null,
  })
}

/** Of one thing, and not of two. */
export function parseCreateGroupFrom(body: unknown): Parsed<CreateGroupFrom> {
  const parsed = createFrom.parse(body)
  if (!parsed.ok) return parsed
  const { name, description, source_group_id: group, group_snapshot_id: snapshot } = parsed.value['create-from-src']
  const id = group ?? snapshot
  if (id === undefined || (group !== undefined && snapshot !== undefined)) {
    return refused({ code: 'missing-key', path: 'create-from-src', keys: ['group_snapshot_id or source_group_id, and not both'] })
  }
  const path = group === undefined ? 'create-from-src.group_snapshot_id' : 'create-from-src.source_group_id'
  const uuid = parseUuid(id)
  if (uuid === null) return notUuid(path, id)
  const kind = group === undefined ? 'group-snapshot' : 'group'
  return accepted({ name: firstText(name) ?? null, description: firstText(description) ?? null, source: { kind, id: uuid } })
}

/** Cinder reads null as "not named". */
export function parseUpdateGroup(body: unknown): Parsed<UpdateGroup> {
  const parsed = update.parse(body)
  if (!parsed.ok) return parsed
  const { group } = parsed.value
  const keys = ['name', 'description', 'add_volumes', 'remove_volumes']
  if (!keys.some((key) => Object.hasOwn(group, key))) return refused({ code: 'missing-key', path: 'group', keys })
  const add = parseIds('group.add_volumes', group.add_volumes)
  if (!add.ok) return add
  const taken = parseIds('group.remove_volumes', group.remove_volumes)
  if (!taken.ok) return taken
  const { name, description } = group
  return accepted({
    ...(typeof name === 'string' ? { name: name.trim() } : {}),
    ...(typeof description === 'string' ? { description: description.trim() } : {}),
    add: add.value,
    remove: taken.value,
  })
}

/** `POST groups/{id}/action`. */
export function parseGroupAction(body: unknown): Parsed<GroupAction> {
  const name = actionIn(body)
  if (name === 'delete') return parseDelete(body)
  if (name === 'reset_status') return parseReset(body)
  if (name !== null && isReplication(name)) {
    const parsed = REPLICATION[name].parse(body)
    return parsed.ok ? accepted({ kind: 'replication', name }) : parsed
  }
  return name === null ? refused({ code: 'malformed-body' }) : refused({ code: 'unknown-action', action: name.slice(0, 80) })
}

/** `POST group_snapshots/{id}/action`. */
export function parseGroupSnapshotAction(body: unknown): Parsed<'available' | 'error'> {
  const name = actionIn(body)
  if (name !== 'reset_status')
    return name === null ? refused({ code: 'malformed-body' }) : refused({ code: 'unknown-action', action: name.slice(0, 80) })
  const parsed = parseReset(body)
  return parsed.ok ? accepted(parsed.value.status) : parsed
}

export function parseCreateGroupSnapshot(body: unknown): Parsed<CreateGroupSnapshot> {
  const parsed = createSnapshot.parse(body)
  if (!parsed.ok) return parsed
  const { group_id: given, name, description } = parsed.value.group_snapshot
  const group = parseUuid(given)
  if (group === null) return notUuid('group_snapshot.group_id', given)
  return accepted({ group, name: firstText(name) ?? null, description: firstText(description) ?? null })
}

function actionIn(body: unknown): string | null {
  const [name, ...others] = typeof body === 'object' && body !== null ? Object.keys(body) : []
  return name === undefined || others.length > 0 ? null : name
}

function isReplication(name: string): name is keyof typeof REPLICATION {
  return Object.hasOwn(REPLICATION, name)
}

function parseDelete(body: unknown): Parsed<GroupAction> {
  const parsed = remove.parse(body)
  if (!parsed.ok) return parsed
  const given = parsed.value.delete['delete-volumes'] ?? false
  const withVolumes = typeof given === 'boolean' ? given : boolWord(given)
  if (withVolumes !== null) return accepted({ kind: 'delete', withVolumes })
  return refused({ code: 'bad-value', path: 'delete.delete-volumes', value: String(given), rule: { kind: 'type', wanted: 'boolean' } })
}

/** Of Cinder's statuses those in which a group can rest. */
function parseReset(body: unknown): Parsed<Extract<GroupAction, { kind: 'reset' }>> {
  const parsed = reset.parse(body)
  if (!parsed.ok) return parsed
  const given = parsed.value.reset_status.status
  const status = (['available', 'error'] as const).find((known) => known === given.toLowerCase())
  if (status !== undefined) return accepted({ kind: 'reset', status })
  return refused({ code: 'bad-value', path: 'reset_status.status', value: given, rule: { kind: 'form', wanted: 'available|error' } })
}

/** Comma-separated, as Cinder takes them. */
function parseIds(path: string, given: string | null | undefined): Parsed<readonly VolumeId[]> {
  const ids: VolumeId[] = []
  for (const text of (given ?? '').split(',').map((part) => part.trim())) {
    if (text === '') continue
    const uuid = parseUuid(text)
    if (uuid === null) return notUuid(path, text)
    if (!ids.includes(volumeId(uuid))) ids.push(volumeId(uuid))
  }
  return accepted(ids)
}
