/**
 * An attachment as a resource (3.27), with what an initiator needs to log in.
 *
 * `connection_info` also has the QoS specs that the volume's user is to keep to. The secret is in `connection_info` alone, and that only in answers about one attachment to a caller who may use it.
 */
import type { Attachment, Connection } from '../../model/attachment.ts'
import { cinderDate } from './dates.ts'

export function attachmentSummary(attachment: Attachment): object {
  return { id: attachment.id, status: attachment.status, instance: attachment.instance, volume_id: attachment.volume }
}

/** What an initiator logs in with, and the QoS specs for the front end, if the volume's type has some. */
export interface ShownConnection {
  readonly connection: Connection
  readonly qosSpecs: Readonly<Record<string, string>> | null
}

export function attachmentDetail(attachment: Attachment, shown: ShownConnection | null): object {
  return {
    ...attachmentSummary(attachment),
    attached_at: attachment.attachedAtMs === null ? '' : cinderDate(attachment.attachedAtMs),
    detached_at: '',
    attach_mode: attachment.connector === null ? null : attachment.mode,
    connection_info: shown === null ? {} : connectionInfo(attachment, shown),
  }
}

/** Flat, as for every attachment as a resource; os-brick reads exactly these keys. */
function connectionInfo(attachment: Attachment, shown: ShownConnection): object {
  return {
    driver_volume_type: 'iscsi',
    ...connectionData(attachment, shown),
    enforce_multipath: false,
    attachment_id: attachment.id,
  }
}

/** The answer to os-initialize_connection: the same keys, nested. */
export function nestedConnectionInfo(attachment: Attachment, shown: ShownConnection, enforceMultipath: boolean): object {
  return { driver_volume_type: 'iscsi', data: connectionData(attachment, shown), enforce_multipath: enforceMultipath }
}

function connectionData(attachment: Attachment, { connection, qosSpecs }: ShownConnection): object {
  return {
    target_discovered: false,
    target_portal: connection.portal,
    target_iqn: connection.iqn,
    target_lun: connection.lun,
    volume_id: attachment.volume,
    auth_method: 'CHAP',
    auth_username: connection.username,
    auth_password: connection.password,
    encrypted: false,
    qos_specs: qosSpecs,
    access_mode: attachment.mode,
    cacheable: false,
    discard: false,
  }
}
