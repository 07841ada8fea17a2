/** Bodies of `POST volumes/{id}/action`: one key, the action's name. */
import Type from 'typebox'
import { parseSize, Size } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export type VolumeAction = { readonly kind: 'extend'; readonly sizeGiB: number } | { readonly kind: 'force-delete' }

const envelope = shape(Type.Record(Type.String(), Type.Unknown()))
const extend = shape(
  Type.Object({ 'os-extend': Type.Object({ new_size: Size }, { additionalProperties: false }) }, { additionalProperties: false }),
)

export function parseVolumeAction(body: unknown): Parsed<VolumeAction> {
  const parsed = envelope.parse(body)
  if (!parsed.ok) return parsed
  const names = Object.keys(parsed.value)
  const [name] = names
  if (name === undefined || names.length > 1) return refused({ code: 'malformed-body' })
  if (name === 'os-force_delete') return accepted({ kind: 'force-delete' })
  if (name !== 'os-extend') return refused({ code: 'unknown-action', action: name.slice(0, 80) })
  const request = extend.parse(body)
  if (!request.ok) return request
  const size = parseSize('os-extend.new_size', request.value['os-extend'].new_size)
  return size.ok ? accepted({ kind: 'extend', sizeGiB: size.value }) : size
}
