/**
 * Bodies of the attachment calls (3.27).
 *
 * A connector is whatever os-brick sends; only the initiator's name decides anything, and one that could not be an
 * iSCSI name is refused here, because a target would be set up for it.
 */
import Type, { type Static } from 'typebox'
import type { Connector } from '../../model/attachment.ts'
import { parseUuid } from '../../model/ids.ts'
import { isTrueWord, notUuid } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface CreateAttachment {
  readonly volume: string
  readonly instance: string | null
  readonly mode: 'rw' | 'ro'
  readonly connector: Connector | null
  readonly mountpoint: string | null
}

const ShortText = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
export const ConnectorBody = Type.Object({
  // RFC 3722: iqn., eui. or naa. names, up to 223 bytes, no blanks.
  initiator: Type.String({
    maxLength: 223,
    pattern: '^(iqn\\.[0-9]{4}-[0-9]{2}\\.[a-z0-9.-]+(:[a-z0-9.:_-]+)?|eui\\.[0-9A-Fa-f]{16}|naa\\.[0-9A-Fa-f]{16,32})$',
  }),
  host: ShortText,
  ip: ShortText,
  mountpoint: ShortText,
  mode: Type.Optional(Type.Union([Type.Literal('rw'), Type.Literal('ro'), Type.Null()])),
  multipath: Type.Optional(Type.Unknown()),
})
export type ConnectorBody = Static<typeof ConnectorBody>

const Mode = Type.Optional(Type.Union([Type.Literal('rw'), Type.Literal('ro')]))
const createShape = shape(
  Type.Object({
    attachment: Type.Object({
      volume_uuid: Type.String({ maxLength: 255 }),
      instance_uuid: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
      // `{}` means no connector, as null does.
      connector: Type.Optional(Type.Union([ConnectorBody, Type.Null(), Type.Object({}, { additionalProperties: false })])),
      mode: Mode,
    }),
  }),
)
const updateShape = shape(Type.Object({ attachment: Type.Object({ connector: ConnectorBody }) }))
const actionShape = shape(Type.Record(Type.String(), Type.Unknown()))

/** For the description of the API. */
export const ATTACHMENT_BODIES = { create: createShape, update: updateShape, action: actionShape }

export function parseCreateAttachment(body: unknown, microversion: number): Parsed<CreateAttachment> {
  const parsed = createShape.parse(body)
  if (!parsed.ok) return parsed
  const { attachment } = parsed.value
  const volume = parseUuid(attachment.volume_uuid)
  if (volume === null) return notUuid('attachment.volume_uuid', attachment.volume_uuid)
  const instance = attachment.instance_uuid ? parseUuid(attachment.instance_uuid) : null
  if (attachment.instance_uuid && instance === null) return notUuid('attachment.instance_uuid', attachment.instance_uuid)
  const connector = hasInitiator(attachment.connector) ? attachment.connector : null
  return accepted({
    volume,
    instance,
    // The mode of its own came with 3.54; before, a connector could carry it.
    mode: (microversion >= 54 ? attachment.mode : undefined) ?? connector?.mode ?? 'rw',
    connector: connector === null ? null : connectorOf(connector),
    mountpoint: connector?.mountpoint ?? null,
  })
}

export function parseUpdateAttachment(body: unknown): Parsed<Connector> {
  const parsed = updateShape.parse(body)
  return parsed.ok ? accepted(connectorOf(parsed.value.attachment.connector)) : parsed
}

/** The only action is os-complete. */
export function parseAttachmentAction(body: unknown): Parsed<'complete'> {
  const parsed = actionShape.parse(body)
  if (!parsed.ok) return parsed
  const [name] = Object.keys(parsed.value)
  if (name === undefined) return refused({ code: 'malformed-body' })
  return name === 'os-complete' ? accepted('complete') : refused({ code: 'unknown-action', action: name.slice(0, 80) })
}

export function connectorOf(body: ConnectorBody): Connector {
  return {
    initiator: body.initiator,
    host: body.host ?? null,
    ip: body.ip ?? null,
    multipath: isTrueWord(body.multipath),
    mountpoint: body.mountpoint ?? null,
  }
}

function hasInitiator(connector: ConnectorBody | object | null | undefined): connector is ConnectorBody {
  return typeof connector === 'object' && connector !== null && 'initiator' in connector
}
