/** Bodies of the volume actions that say something of a volume: its flags, and what its image was like. */
import Type from 'typebox'
import type { FlagEdit } from '../../model/volume-flags.ts'
import { Metadata } from './body-parts.ts'
import { Flag, parseFlag } from './flag.ts'
import { accepted, type Parsed, shape } from './input.ts'

const closed = { additionalProperties: false }

const readOnly = shape(Type.Object({ 'os-update_readonly_flag': Type.Object({ readonly: Flag }, closed) }, closed))
const bootable = shape(Type.Object({ 'os-set_bootable': Type.Object({ bootable: Flag }, closed) }, closed))
const setImage = shape(Type.Object({ 'os-set_image_metadata': Type.Object({ metadata: Metadata }, closed) }, closed))
const showImage = shape(Type.Object({ 'os-show_image_metadata': Type.Union([Type.Object({}), Type.Null()]) }, closed))
const unsetImage = shape(
  Type.Object({ 'os-unset_image_metadata': Type.Object({ key: Type.String({ minLength: 1, maxLength: 255 }) }, closed) }, closed),
)

/** For the description of the API. */
export const FLAG_BODIES = { readOnly, bootable, setImage, showImage, unsetImage }

export function parseReadOnly(body: unknown): Parsed<FlagEdit> {
  const parsed = readOnly.parse(body)
  if (!parsed.ok) return parsed
  const flag = parseFlag('os-update_readonly_flag.readonly', parsed.value['os-update_readonly_flag'].readonly)
  return flag.ok ? accepted({ kind: 'set-read-only', readOnly: flag.value }) : flag
}

export function parseBootable(body: unknown): Parsed<FlagEdit> {
  const parsed = bootable.parse(body)
  if (!parsed.ok) return parsed
  const flag = parseFlag('os-set_bootable.bootable', parsed.value['os-set_bootable'].bootable)
  return flag.ok ? accepted({ kind: 'set-bootable', bootable: flag.value }) : flag
}

export function parseSetImage(body: unknown): Parsed<FlagEdit> {
  const parsed = setImage.parse(body)
  return parsed.ok ? accepted({ kind: 'edit-image', changes: parsed.value['os-set_image_metadata'].metadata }) : parsed
}

/** The key that is to go. */
export function parseUnsetImage(body: unknown): Parsed<string> {
  const parsed = unsetImage.parse(body)
  return parsed.ok ? accepted(parsed.value['os-unset_image_metadata'].key) : parsed
}
