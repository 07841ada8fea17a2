/**
 * Bodies of the volume actions from before attachments were a resource: os-reserve to os-force_detach.
 *
 * os-reserve, os-unreserve, os-begin_detaching and os-roll_detaching say all by their name. What cannot be an iSCSI initiator is
 * refused where it is to be connected, and connects nobody where it is to be disconnected.
 */
import Type from 'typebox'
import type { Connector } from '../../model/attachment.ts'
import { type AttachmentId, attachmentId, parseUuid } from '../../model/ids.ts'
import { ConnectorBody, connectorOf } from './attachment-request.ts'
import { isTrueWord, notUuid } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

export interface Initialize {
  readonly connector: Connector
  readonly mode: 'rw' | 'ro' | null
  /** Given back as it came. */
  readonly enforceMultipath: boolean
}

export interface Hold {
  readonly instance: string | null
  readonly host: string | null
  readonly mode: 'rw' | 'ro'
  readonly mountpoint: string
}

export interface LetGo {
  readonly attachment: AttachmentId | null
  readonly initiator: string | null
}

const closed = { additionalProperties: false }
const Nothing = Type.Union([Type.Object({}), Type.Null()])
const Uuid = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const AnyConnector = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.String({ maxLength: 255 }), Type.Null()])

const reserve = shape(Type.Object({ 'os-reserve': Nothing }, closed))
const unreserve = shape(Type.Object({ 'os-unreserve': Nothing }, closed))
const begin = shape(Type.Object({ 'os-begin_detaching': Nothing }, closed))
const roll = shape(Type.Object({ 'os-roll_detaching': Nothing }, closed))
const Connecting = Type.Object({ ...ConnectorBody.properties, enforce_multipath: Type.Optional(Type.Unknown()) })
const initialize = shape(Type.Object({ 'os-initialize_connection': Type.Object({ connector: Connecting }, closed) }, closed))
const terminate = shape(Type.Object({ 'os-terminate_connection': Type.Object({ connector: AnyConnector }, closed) }, closed))
const attach = shape(
  Type.Object(
    {
      'os-attach': Type.Object(
        {
          instance_uuid: Uuid,
          host_name: Uuid,
          mountpoint: Type.String({ minLength: 1, maxLength: 255 }),
          mode: Type.Optional(Type.Union([Type.Literal('rw'), Type.Literal('ro')])),
        },
        closed,
      ),
    },
    closed,
  ),
)
const detach = shape(Type.Object({ 'os-detach': Type.Union([Type.Object({ attachment_id: Uuid }, closed), Type.Null()]) }, closed))
const forceDetach = shape(
  Type.Object({ 'os-force_detach': Type.Object({ attachment_id: Uuid, connector: Type.Optional(AnyConnector) }, closed) }, closed),
)

/** For the description of the API. */
export const OLDER_ATTACH_BODIES = { reserve, unreserve, begin, roll, initialize, terminate, attach, detach, forceDetach }

export function parseInitialize(body: unknown): Parsed<Initialize> {
  const parsed = initialize.parse(body)
  if (!parsed.ok) return parsed
  const { connector } = parsed.value['os-initialize_connection']
  const { mode, enforce_multipath } = connector
  return accepted({ connector: connectorOf(connector), mode: mode ?? null, enforceMultipath: isTrueWord(enforce_multipath) })
}

/** The initiator's name; null: whichever is connected. */
export function parseTerminate(body: unknown): Parsed<string | null> {
  const parsed = terminate.parse(body)
  return parsed.ok ? accepted(initiatorIn(parsed.value['os-terminate_connection'].connector)) : parsed
}

export function parseHold(body: unknown): Parsed<Hold> {
  const parsed = attach.parse(body)
  if (!parsed.ok) return parsed
  const { instance_uuid: instance, host_name: host, mountpoint, mode } = parsed.value['os-attach']
  if (!instance && !host) return refused({ code: 'missing-key', path: 'os-attach', keys: ['instance_uuid', 'host_name'] })
  const uuid = instance ? parseUuid(instance) : null
  if (instance && uuid === null) return notUuid('os-attach.instance_uuid', instance)
  return accepted({ instance: uuid, host: host || null, mode: mode ?? 'rw', mountpoint })
}

export function parseDetach(body: unknown): Parsed<LetGo> {
  const parsed = detach.parse(body)
  return parsed.ok ? letGo('os-detach', parsed.value['os-detach']?.attachment_id, null) : parsed
}

export function parseForceDetach(body: unknown): Parsed<LetGo> {
  const parsed = forceDetach.parse(body)
  if (!parsed.ok) return parsed
  const { attachment_id: id, connector } = parsed.value['os-force_detach']
  return letGo('os-force_detach', id, initiatorIn(connector))
}

function letGo(action: string, id: string | null | undefined, initiator: string | null): Parsed<LetGo> {
  if (!id) return accepted({ attachment: null, initiator })
  const uuid = parseUuid(id)
  return uuid === null ? notUuid(`${action}.attachment_id`, id) : accepted({ attachment: attachmentId(uuid), initiator })
}

function initiatorIn(connector: unknown): string | null {
  if (typeof connector !== 'object' || connector === null || !('initiator' in connector)) return null
  const { initiator } = connector
  return typeof initiator === 'string' && initiator !== '' ? initiator.slice(0, 255) : null
}
