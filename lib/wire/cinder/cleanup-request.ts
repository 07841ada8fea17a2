/** Body of `workers/cleanup` (3.24): which services are meant. What is left out does not matter, but `is_up`: those that are down. */
import Type from 'typebox'
import { parseUuid, type SnapshotId, snapshotId, type VolumeId, volumeId } from '../../model/ids.ts'
import { boolWord, notUuid } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface Cleanup {
  readonly host: string | null
  readonly binary: string | null
  readonly cluster: string | null
  readonly service: number | null
  readonly isUp: boolean
  /** True: only those that were disabled. */
  readonly isDisabled: boolean
  readonly resource: { readonly kind: 'volume'; readonly id: VolumeId } | { readonly kind: 'snapshot'; readonly id: SnapshotId } | null
}

const Name = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const Flag = Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 5 }), Type.Null()]))
const KINDS = { Volume: 'volume', Snapshot: 'snapshot' } as const

export const CLEANUP_BODY = shape(
  Type.Object(
    {
      host: Name,
      binary: Type.Optional(Type.Enum(['cinder-volume', 'cinder-scheduler'])),
      cluster_name: Name,
      service_id: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
      is_up: Flag,
      disabled: Flag,
      resource_id: Name,
      resource_type: Type.Optional(Type.Union([Type.Enum(['Volume', 'Snapshot']), Type.Null()])),
    },
    { additionalProperties: false },
  ),
)

export function parseCleanup(body: unknown): Parsed<Cleanup> {
  const parsed = CLEANUP_BODY.parse(body ?? {})
  if (!parsed.ok) return parsed
  const given = parsed.value
  const isUp = parseFlag('is_up', given.is_up)
  if (!isUp.ok) return isUp
  const isDisabled = parseFlag('disabled', given.disabled)
  if (!isDisabled.ok) return isDisabled
  const id = given.resource_id ?? null
  const uuid = id === null ? null : parseUuid(id)
  if (id !== null && uuid === null) return notUuid('resource_id', id)
  const type = given.resource_type ?? null
  if (uuid !== null && type === null) return refused({ code: 'missing-key', path: '', keys: ['resource_type'] })
  const kind = type === null ? null : KINDS[type]
  return accepted({
    host: given.host ?? null,
    binary: given.binary ?? null,
    cluster: given.cluster_name ?? null,
    service: given.service_id ?? null,
    isUp: isUp.value,
    isDisabled: isDisabled.value,
    resource: uuid === null || kind === null ? null : kind === 'volume' ? { kind, id: volumeId(uuid) } : { kind, id: snapshotId(uuid) },
  })
}

function parseFlag(path: string, given: boolean | string | null | undefined): Parsed<boolean> {
  if (typeof given !== 'string') return accepted(given ?? false)
  const flag = boolWord(given)
  return flag === null ? refused({ code: 'bad-value', path, value: given, rule: { kind: 'type', wanted: 'boolean' } }) : accepted(flag)
}
