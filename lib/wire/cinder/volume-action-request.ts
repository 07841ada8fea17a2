/** Bodies of `POST volumes/{id}/action`: one key, the action's name. */
import Type from 'typebox'
import { parseUuid, type SnapshotId, snapshotId } from '../../model/ids.ts'
import { notUuid, parseSize, Size } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export type VolumeAction =
  | { readonly kind: 'extend'; readonly sizeGiB: number }
  | { readonly kind: 'revert'; readonly snapshot: SnapshotId }
  | { readonly kind: 'force-delete' }

const envelope = shape(Type.Record(Type.String(), Type.Unknown()))
const extend = shape(
  Type.Object({ 'os-extend': Type.Object({ new_size: Size }, { additionalProperties: false }) }, { additionalProperties: false }),
)

const revert = shape(
  Type.Object(
    { revert: Type.Object({ snapshot_id: Type.String({ maxLength: 255 }) }, { additionalProperties: false }) },
    { additionalProperties: false },
  ),
)

/** For the description of the API. */
export const ACTION_BODIES = { extend, revert, any: envelope }

export function parseVolumeAction(body: unknown): Parsed<VolumeAction> {
  const parsed = envelope.parse(body)
  if (!parsed.ok) return parsed
  const names = Object.keys(parsed.value)
  const [name] = names
  if (name === undefined || names.length > 1) return refused({ code: 'malformed-body' })
  if (name === 'os-force_delete') return accepted({ kind: 'force-delete' })
  if (name === 'revert') return parseRevert(body)
  if (name !== 'os-extend') return refused({ code: 'unknown-action', action: name.slice(0, 80) })
  const request = extend.parse(body)
  if (!request.ok) return request
  const size = parseSize('os-extend.new_size', request.value['os-extend'].new_size)
  return size.ok ? accepted({ kind: 'extend', sizeGiB: size.value }) : size
}

function parseRevert(body: unknown): Parsed<VolumeAction> {
  const request = revert.parse(body)
  if (!request.ok) return request
  const { snapshot_id: text } = request.value.revert
  const id = parseUuid(text)
  return id === null ? notUuid('revert.snapshot_id', text) : accepted({ kind: 'revert', snapshot: snapshotId(id) })
}
