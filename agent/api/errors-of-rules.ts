/**
 * Answers to what the rules refuse. Every 503 says why and when to come back; nothing that a 503 refused has been done,
 * except where its text says so.
 */
import type { CatalogueFailure, Failure } from '../../lib/model/failure.ts'
import type { GroupRefusal } from '../../lib/model/group-refusal.ts'
import type { IdentityRefusal } from '../../lib/model/identity.ts'
import type { LimitName } from '../../lib/model/quota.ts'
import { CLUSTER_PROJECT, isReservedProject, type ProjectId } from '../../lib/model/ids.ts'
import { rejectionsText } from '../../lib/wire/cinder/message.ts'
import { orList } from './error-text.ts'
import type { Rows } from './error-rows.ts'

export const RULES_ERRORS: Rows<Exclude<Failure, CatalogueFailure | IdentityRefusal | GroupRefusal>> = {
  'volume-not-found': {
    status: 404,
    name: 'VolumeNotFound',
    help: 'No volume of this project has the id. A majority of the hosts that keep the project’s account agreed.',
    text: (f) => `Volume ${f.volume} could not be found.`,
  },
  'attachment-not-found': {
    status: 404,
    name: 'VolumeAttachmentNotFound',
    help: 'No attachment has the id, or it is gone already.',
    text: (f) => `Volume attachment could not be found with filter: attachment_id = ${f.attachment}.`,
  },
  'invalid-status': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume’s status does not allow the action. Wait for the running one, or detach first.',
    text: (f) =>
      `Invalid volume: Volume ${f.volume} status must be ${orList(f.allowed)} to ${f.action}, but current status is: ${f.status}.`,
  },
  'volume-attached': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume has attachments. Detach it first.',
    text: (f) => `Invalid volume: Volume ${f.volume} must not be attached to ${f.action}; its attachments: ${f.attachments.join(', ')}.`,
  },
  'volume-has-snapshots': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume has snapshots, which live with it. Delete them first, or with it: `cascade=true`, `scoria volume delete --cascade`.',
    text: (f) =>
      `Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer. Volume ${f.volume} has ${f.snapshots} ${f.snapshots === 1 ? 'snapshot' : 'snapshots'}.`,
  },
  'snapshot-not-found': {
    status: 404,
    name: 'SnapshotNotFound',
    help: 'No snapshot of this project has the id. A majority of the hosts that keep the project’s account agreed.',
    text: (f) => `Snapshot ${f.snapshot} could not be found.`,
  },
  'snapshot-status': {
    status: 400,
    name: 'InvalidSnapshot',
    help: 'The snapshot’s status does not allow the action. Wait until it is made.',
    text: (f) =>
      `Invalid snapshot: Snapshot ${f.snapshot} status must be ${orList(f.allowed)} to ${f.action}, but current status is: ${f.status}.`,
  },
  'transfer-not-found': {
    status: 404,
    name: 'TransferNotFound',
    help: 'No transfer that stands open has the id: it was accepted or taken back, or its volume is gone, or it was never there.',
    text: (f) => `Transfer ${f.transfer} could not be found.`,
  },
  'transfer-key': {
    status: 400,
    name: 'InvalidAuthKey',
    help: 'Whoever accepts a transfer needs the key that its creation was answered with. If it is lost, delete the transfer and make another.',
    text: (f) => `Invalid auth key: it is not the key of transfer ${f.transfer}.`,
  },
  'transfer-snapshots': {
    status: 400,
    name: 'InvalidVolume',
    help: 'Snapshots live with their volume and go where it goes. Delete them first, or offer the volume with them (volume-transfers, 3.55 and later).',
    text: (f) =>
      `Invalid volume: Volume ${f.volume} has ${f.snapshots} ${f.snapshots === 1 ? 'snapshot' : 'snapshots'} and can be transferred only together with them.`,
  },
  'revert-status': {
    status: 409,
    name: 'InvalidVolume, InvalidSnapshot',
    help: 'A volume is reverted while it and the snapshot are available. Detach it first, or wait.',
    text: (f) =>
      f.status === 'available'
        ? `Invalid snapshot: Snapshot ${f.snapshot} status must be available to revert volume ${f.volume}, but current status is: ${f.snapshotStatus}.`
        : `Invalid volume: Volume ${f.volume} status must be available to revert, but current status is: ${f.status}.`,
  },
  'snapshot-not-latest': {
    status: 400,
    name: 'BadRequest',
    help: 'A volume is reverted to its latest snapshot alone. Delete the later ones first, or make a volume from the snapshot.',
    text: (f) =>
      f.latest === null
        ? `Volume ${f.volume} doesn't have any snapshots.`
        : `Specified snapshot ${f.snapshot} is not the latest one of volume ${f.volume}: that is ${f.latest}.`,
  },
  'retype-same': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume is of that type already.',
    text: (f) => `Invalid volume: Retype needs another volume type: volume ${f.volume} is of type ${f.type}.`,
  },
  'retype-in-use': {
    status: 400,
    name: 'InvalidInput, InvalidVolume',
    help: 'Whether a volume may be attached more than once, and what QoS specs tell the front end, does not change while it is used. Detach it first.',
    text: (f) =>
      f.differs === 'multiattach'
        ? `Invalid input received: Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, and volume ${f.volume} is in use.`
        : `Invalid volume: Retype of volume ${f.volume} to ${f.type}: for in-use volumes front-end qos specs cannot change.`,
  },
  'revert-size': {
    status: 400,
    name: 'BadRequest',
    help: 'The volume was extended since. Make a volume from the snapshot instead.',
    text: (f) =>
      `Can't revert volume ${f.volume} to its latest snapshot ${f.snapshot}. The volume size (${f.sizeGiB}GB) must be equal to the snapshot size (${f.snapshotGiB}GB).`,
  },
  'record-full': {
    status: 400,
    name: 'InvalidVolume',
    help: 'A volume with its snapshots is one record, which has an end: 256 snapshots, and 160 KiB in all. Delete snapshots, or shorten what they are labelled with.',
    text: (f) => `Invalid volume: The record of volume ${f.volume} would hold more than ${f.limit} ${f.of}.`,
  },
  'attachment-status': {
    status: 400,
    name: 'InvalidVolumeAttachment',
    help: 'The attachment’s status does not allow the action.',
    text: (f) => `Invalid attachment: Attachment ${f.attachment} has status ${f.status}, which does not allow to ${f.action}.`,
  },
  'attach-mode': {
    status: 400,
    name: 'InvalidVolumeAttachMode',
    help: 'The volume is read-only. Attach it with mode `ro`, or make it writable while nobody uses it: `scoria volume set --read-write`.',
    text: (f) => `Invalid attaching mode '${f.mode}' for volume ${f.volume}.`,
  },
  'which-attachment': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume has several attachments. Name the one that is meant: `attachment_id`, or the initiator in the connector.',
    text: (f) =>
      `Invalid volume: Detach volume failed: More than one attachment, but no attachment_id provided. Volume ${f.volume} has ${f.attachments}.`,
  },
  'unsafe-detach': {
    status: 409,
    name: 'ConflictNovaUsingAttachment',
    help: 'A server uses the volume. Detach it through the compute service, which sends a service token.',
    text: (f) => `Detach volume from instance ${f.instance} using the Compute API (attachment ${f.attachment}).`,
  },
  'volume-busy': {
    status: 409,
    name: 'ResourceConflict',
    help: 'Another operation on the volume runs. Repeat when it has ended.',
    text: (f) => `Resource conflict: Volume ${f.volume} is busy: ${f.running}.`,
  },
  'size-below-source': {
    status: 400,
    name: 'InvalidInput',
    help: 'A volume made from a snapshot or from another volume is at least as large. Leave the size out, or ask for more.',
    text: (f) =>
      `Invalid input received: Volume size ${f.requestedGiB}GB cannot be smaller than the size ${f.sizeGiB}GB of ${f.source}. They must be >= original size.`,
  },
  'existing-taken': {
    status: 409,
    name: 'ManageExistingAlreadyManaged',
    help: 'Another request is taking it in. List what can be managed again in a moment.',
    text: (f) => `Unable to manage existing volume. Volume ${f.name} already managed.`,
  },
  'extend-offline': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume is in use, and its pool cannot grow such a one: it reports online_extend_support as false, as every pool does whose host exports through tgtd. Detach it first.',
    text: (f) =>
      `Invalid volume: Volume ${f.volume} is in-use, and pool ${f.pool} can only extend volumes that are not (online_extend_support is false).`,
  },
  'size-not-larger': {
    status: 400,
    name: 'InvalidInput',
    help: 'A volume can only grow.',
    text: (f) =>
      `Invalid input received: New size for extend must be greater than current size. (current: ${f.sizeGiB}, extended: ${f.requestedGiB}).`,
  },
  'over-quota': {
    status: 413,
    name: 'VolumeLimitExceeded, SnapshotLimitExceeded, GroupLimitExceeded, VolumeSizeExceedsAvailableQuota, VolumeSizeExceedsLimit',
    retryAfterS: 0,
    help: 'The project’s limit would be exceeded. Volumes and snapshots in error count until they are deleted; snapshots count in gigabytes. Where the quota ends in the name of a volume type it is that of its volumes and their snapshots.',
    text: quotaText,
  },
  'request-mismatch': {
    status: 422,
    name: 'RequestMismatch',
    help: 'The Idempotency-Key was used before with another body. Take a new key for a new request.',
    text: (f) => `This Idempotency-Key was used with another body before; that request was about volume ${f.volume}.`,
  },
  'no-majority': {
    status: 503,
    name: 'QuorumUnavailable',
    retryAfterS: 5,
    help: 'Too few of the hosts that keep the project’s account can be reached from here. Bring hosts back, or ask a host on the side with the majority. Repeat a create with the same Idempotency-Key: it may have been decided.',
    text: (f) =>
      `QuorumUnavailable: ${f.answered} of ${f.members.length} hosts that keep ${keptBy(f.project)} answered, ${f.needed} are needed (${f.members.join(', ')}).`,
  },
  'owner-unreachable': {
    status: 503,
    name: 'OwnerUnreachable',
    retryAfterS: 5,
    help: 'The host that stores the volume does not answer. Its data is not affected. Look at that host.',
    text: (f) =>
      `OwnerUnreachable: host ${f.host} stores the volume and has not answered ${f.sinceMs === null ? 'since this host started' : `since ${new Date(f.sinceMs).toISOString()}`}.`,
  },
  // Cinder's answer to an action on a volume in error. No 503: no time brings the host back.
  'host-lost': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume’s host was marked as lost, and its bytes are gone with it. The volume can be deleted, and nothing else.',
    text: (f) => `Invalid volume: Volume ${f.volume} is lost with its host ${f.host}; it can only be deleted.`,
  },
  'host-left': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The host that the volume was promised on has left the cluster without having heard of it. The volume was never made; it can be deleted, and nothing else.',
    text: (f) => `Invalid volume: Volume ${f.volume} was to be made on host ${f.host}, which has left the cluster; it can only be deleted.`,
  },
  'below-use': {
    status: 400,
    name: 'InvalidInput',
    help: 'A limit cannot be lower than what the project uses. Volumes and snapshots in error count until they are deleted.',
    text: (f) =>
      `Invalid input received: Quota ${quotaName(f)} limit must be equal or greater than existing resources. Current usage is ${f.used} and the requested limit is ${f.limit}.`,
  },
  'limits-full': {
    status: 400,
    name: 'InvalidInput',
    help: 'A project has limits for so many volume types at most, deleted ones included. `scoria quota unset` takes all of them back.',
    text: (f) => `Invalid input received: a project has no limits of its own for more than ${f.limit} volume types.`,
  },
  'no-room': {
    status: 503,
    name: 'NoValidBackend',
    retryAfterS: 60,
    help: 'No pool can take the request now. The text names what refused each pool.',
    text: (f) => `NoValidBackend: No valid backend was found. ${rejectionsText(f.rejected, true)}`,
  },
  forming: {
    status: 503,
    name: 'ClusterForming',
    retryAfterS: 10,
    help: 'Fewer hosts have joined than `init --expect` announced. Join the others.',
    text: (f) => `ClusterForming: ${f.joined} of ${f.expect} hosts have joined; the cluster takes no volume before all have.`,
  },
  recovering: {
    status: 503,
    name: 'HostRecovering',
    retryAfterS: 5,
    help: 'The host is starting and still compares its journal, volumes and exports.',
    text: (f) => `HostRecovering: host ${f.host} is still recovering after its start.`,
  },
  'types-behind': {
    status: 503,
    name: 'TypesBehind',
    retryAfterS: 1,
    help: 'The host of the volume has not heard of the newest volume types and could not read them in time. Nothing was done; ask again.',
    text: (f) => `TypesBehind: host ${f.host} does not know the newest volume types yet. Ask again in a moment.`,
  },
  'export-failed': {
    status: 500,
    name: 'VolumeBackendAPIException',
    help: 'The host could not set up or tear down the iSCSI target. Its log has the tool’s output.',
    text: (f) => `Volume ${f.volume} could not be exported: ${f.tool}: ${f.detail}`,
  },
  overloaded: {
    status: 503,
    name: 'Overloaded',
    retryAfterS: 1,
    help: 'A queue is full. Send fewer requests at once.',
    text: (f) => `Overloaded: the queue of ${f.queue} holds ${f.limit} requests already.`,
  },
  'peer-incomplete': {
    status: 503,
    name: 'QuorumUnavailable',
    retryAfterS: 5,
    help: 'Whether the id exists cannot be told while these hosts are silent.',
    text: (f) =>
      `QuorumUnavailable: the id is not known here, and too many hosts did not answer to say that it does not exist (${f.silent.join(', ')}).`,
  },
}

function quotaText(facts: {
  readonly resource: LimitName
  readonly type?: string
  readonly limit: number
  readonly used: number
  readonly requested: number
}): string {
  const name = quotaName(facts)
  switch (facts.resource) {
    case 'volumes':
      return `VolumeLimitExceeded: Maximum number of volumes allowed (${facts.limit}) exceeded for quota '${name}'.`
    case 'snapshots':
      return `SnapshotLimitExceeded: Maximum number of snapshots allowed (${facts.limit}) exceeded for quota '${name}'.`
    case 'gigabytes':
      return `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed ${name} quota. Requested ${facts.requested}G, quota is ${facts.limit}G and ${facts.used}G has been consumed.`
    case 'groups':
      return `GroupLimitExceeded: Maximum number of groups allowed (${facts.limit}) exceeded for quota 'groups'.`
    default:
      return `VolumeSizeExceedsLimit: Requested volume size ${facts.requested}G is larger than maximum allowed limit ${facts.limit}G.`
  }
}

/** As the keys of a quota set are called. */
function quotaName({ resource, type }: { readonly resource: LimitName; readonly type?: string }): string {
  return type === undefined ? resource : `${resource}_${type}`
}

function keptBy(project: ProjectId): string {
  if (project === CLUSTER_PROJECT) return 'the volume types'
  return isReservedProject(project) ? 'the users' : `the account of project ${project}`
}
