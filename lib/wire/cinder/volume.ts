/**
 * A volume as Cinder's clients read it, for each microversion.
 *
 * The key set of a version and a role is fixed: strict clients refuse an extra key, so nothing of Scoria's own is here,
 * and where a volume lies is shown to admins alone.
 */
import type { Attachment } from '../../model/attachment.ts'
import type { Volume } from '../../model/volume.ts'
import { cinderDate, cinderDateOrNull } from './dates.ts'
import { type LinkBase, linksTo } from './links.ts'

/** Versions at which the body of a volume changed (3.64 is left out: there are no encrypted volumes). */
const CHANGES: readonly number[] = [13, 21, 48, 61, 63, 65]

/** Who looks. */
export interface Viewer {
  /** Sees where volumes lie. */
  readonly isAdmin: boolean
  /** Sees on which hosts they are used. */
  readonly seesHosts: boolean
}

/** Versions and viewers with an equal shape have equal bodies. */
export function volumeShape(microversion: number, viewer: Viewer): string {
  const version = CHANGES.filter((change) => change <= microversion).length
  return `${version}${viewer.isAdmin ? 'a' : ''}${viewer.seesHosts ? 'h' : ''}`
}

export function volumeSummary(volume: Volume, base: LinkBase): object {
  return { id: volume.id, name: volume.name, links: linksTo(base, 'volumes', volume.id) }
}

export function volumeDetail(volume: Volume, microversion: number, base: LinkBase, viewer: Viewer): object {
  const { isAdmin } = viewer
  return {
    id: volume.id,
    status: volume.status,
    size: volume.sizeGiB,
    availability_zone: volume.availabilityZone,
    created_at: cinderDate(volume.createdAtMs),
    updated_at: cinderDateOrNull(volume.updatedAtMs),
    name: volume.name,
    description: volume.description,
    volume_type: volume.type,
    snapshot_id: volume.source?.kind === 'snapshot' ? volume.source.snapshot : null,
    source_volid: volume.source?.kind === 'volume' ? volume.source.volume : null,
    metadata: shownMetadata(volume),
    links: linksTo(base, 'volumes', volume.id),
    user_id: volume.user,
    bootable: String(volume.bootable === true),
    encrypted: false,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: volume.multiattach,
    attachments: volume.attachments
      .filter((attachment) => attachment.status === 'attached')
      .map((attachment) => attachmentInVolume(attachment, viewer)),
    ...(isAdmin ? { migration_status: null } : {}),
    ...(microversion >= 13 ? { group_id: volume.group ?? null } : {}),
    ...(microversion >= 21 && isAdmin ? { provider_id: null } : {}),
    // Every attachment has a target of its own, so a client needs no lock around a scan of the host.
    ...(microversion >= 48 ? { shared_targets: false, service_uuid: null } : {}),
    ...(microversion >= 61 && isAdmin ? { cluster_name: null } : {}),
    ...(microversion >= 63 ? { volume_type_id: volume.typeId } : {}),
    ...(microversion >= 65 ? { consumes_quota: true } : {}),
    ...(volume.imageMetadata === undefined ? {} : { volume_image_metadata: volume.imageMetadata }),
    'os-vol-tenant-attr:tenant_id': volume.project,
    ...(isAdmin
      ? { 'os-vol-host-attr:host': volume.pool, 'os-vol-mig-status-attr:migstat': null, 'os-vol-mig-status-attr:name_id': null }
      : {}),
  }
}

/** The flag that Cinder keeps among the metadata of administrators, and shows among everybody's. */
function shownMetadata({ metadata, readOnly }: Volume): Volume['metadata'] {
  return readOnly === undefined ? metadata : { ...metadata, readonly: readOnly ? 'True' : 'False' }
}

/** Cinder's old habit: `id` is the volume's id here. */
function attachmentInVolume(attachment: Attachment, viewer: Viewer): object {
  return {
    id: attachment.volume,
    attachment_id: attachment.id,
    volume_id: attachment.volume,
    server_id: attachment.instance,
    host_name: viewer.seesHosts ? (attachment.host ?? attachment.connector?.host ?? null) : null,
    device: attachment.mountpoint ?? attachment.connector?.mountpoint ?? null,
    attached_at: cinderDateOrNull(attachment.attachedAtMs),
  }
}
