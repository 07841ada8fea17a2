/** Bodies of the volume actions that move bytes from or to an image: os-reimage and os-volume_upload_image. */
import Type from 'typebox'
import { parseUuid } from '../../model/ids.ts'
import { notUuid, OptionalText } from './body-parts.ts'
import { Flag, parseOptionalFlag } from './flag.ts'
import { accepted, type Parsed, shape } from './input.ts'

export interface Reimage {
  readonly image: string
  /** Also of a volume that is reserved. */
  readonly isReservedToo: boolean
}

export interface Upload {
  /** Also of a volume in use. */
  readonly isForced: boolean
  /** The image is to be seen by everybody. */
  readonly isPublic: boolean
}

const closed = { additionalProperties: false }
const words = <Word extends string>(...all: readonly Word[]) => Type.Union(all.map((word) => Type.Literal(word)))

const reimage = shape(
  Type.Object(
    { 'os-reimage': Type.Object({ image_id: Type.String({ maxLength: 255 }), reimage_reserved: Type.Optional(Flag) }, closed) },
    closed,
  ),
)

/** From this microversion on it is said who may see the image. */
const VISIBILITY = 1
const Image = {
  image_name: Type.String({ minLength: 1, maxLength: 255 }),
  force: Type.Optional(Flag),
  disk_format: Type.Optional(words('raw', 'vmdk', 'vdi', 'qcow2', 'vhd', 'vhdx', 'ploop')),
  container_format: OptionalText,
}
const Shown = { visibility: Type.Optional(words('community', 'public', 'private', 'shared')), protected: Type.Optional(Flag) }
const uploadUnseen = shape(Type.Object({ 'os-volume_upload_image': Type.Object(Image, closed) }, closed))
const upload = shape(Type.Object({ 'os-volume_upload_image': Type.Object({ ...Image, ...Shown }, closed) }, closed))

/** For the description of the API. */
export const IMAGE_ACTION_BODIES = { reimage, upload }

export function parseReimage(body: unknown): Parsed<Reimage> {
  const parsed = reimage.parse(body)
  if (!parsed.ok) return parsed
  const { image_id: text, reimage_reserved } = parsed.value['os-reimage']
  const image = parseUuid(text)
  if (image === null) return notUuid('os-reimage.image_id', text)
  const isReservedToo = parseOptionalFlag('os-reimage.reimage_reserved', reimage_reserved)
  return isReservedToo.ok ? accepted({ image, isReservedToo: isReservedToo.value }) : isReservedToo
}

export function parseUpload(body: unknown, microversion: number): Parsed<Upload> {
  const parsed = microversion < VISIBILITY ? uploadUnseen.parse(body) : upload.parse(body)
  if (!parsed.ok) return parsed
  const wanted: Wanted = parsed.value['os-volume_upload_image']
  const isForced = parseOptionalFlag('os-volume_upload_image.force', wanted.force)
  if (!isForced.ok) return isForced
  const isProtected = parseOptionalFlag('os-volume_upload_image.protected', wanted.protected)
  if (!isProtected.ok) return isProtected
  return accepted({ isForced: isForced.value, isPublic: wanted.visibility === 'public' })
}

interface Wanted {
  readonly force?: Flag
  readonly protected?: Flag
  readonly visibility?: string
}
