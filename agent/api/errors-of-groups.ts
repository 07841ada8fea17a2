/** Answers to what is not done with groups and what is in them, in Cinder's words where Cinder has them. */
import type { GroupRefusal, GroupVolumeProblem } from '../../lib/model/group-refusal.ts'
import { orList } from './error-text.ts'
import type { Rows } from './error-rows.ts'

const INVALID_GROUP = 'InvalidGroup'

export const GROUP_ERRORS: Rows<GroupRefusal> = {
  'group-not-found': {
    status: 404,
    name: 'GroupNotFound',
    help: 'No group of this project has the id. A majority of the hosts that keep the project’s account agreed.',
    text: (f) => `Group ${f.group} could not be found.`,
  },
  'group-snapshot-not-found': {
    status: 404,
    name: 'GroupSnapshotNotFound',
    help: 'No group snapshot of this project has the id.',
    text: (f) => `GroupSnapshot ${f.groupSnapshot} could not be found.`,
  },
  'group-status': {
    status: 400,
    name: INVALID_GROUP,
    help: 'The group’s status does not allow the action. Wait for the running one.',
    text: (f) => `Invalid group: Group status must be ${orList(f.allowed)} to ${f.action}, but current status is: ${f.status}.`,
  },
  'group-has-volumes': {
    status: 400,
    name: INVALID_GROUP,
    help: 'The group still holds volumes. Take them out first, or delete it with them: `delete-volumes`, `scoria group delete --delete-volumes`.',
    text: (f) => `Invalid group: Group ${f.group} still contains volumes. The delete-volumes flag is required to delete it.`,
  },
  'group-has-snapshots': {
    status: 400,
    name: INVALID_GROUP,
    help: 'The group has snapshots. Delete them first.',
    text: () => 'Invalid group: Group has existing snapshots.',
  },
  'group-volume-held': {
    status: 400,
    name: INVALID_GROUP,
    help: 'A volume of the group is attached, or has snapshots. Detach it, or delete those first.',
    text: (f) =>
      f.by === 'attachments'
        ? `Invalid group: Volume ${f.volume} in group ${f.group} is attached. Need to detach first.`
        : `Invalid group: Volume ${f.volume} in group still has dependent snapshots.`,
  },
  'group-empty': {
    status: 400,
    name: INVALID_GROUP,
    help: 'There is no volume in the group, or none was when its snapshot was taken.',
    text: (f) => `Invalid group: Group ${f.group} is empty.`,
  },
  'group-full': {
    status: 400,
    name: INVALID_GROUP,
    help: 'A group is changed as a whole, and has an end: so many volumes, or so many snapshots.',
    text: (f) => `Invalid group: Group ${f.group} has room for ${f.limit} ${f.of}.`,
  },
  'group-volume': {
    status: 400,
    name: 'InvalidVolume',
    help: 'A volume cannot be put into the group or taken out of it: another group’s, of a type that the group does not take, busy, or on another backend.',
    text: (f) => `Invalid volume: ${problemText(f.group, f.volume, f.why)}`,
  },
  'group-unchanged': {
    status: 400,
    name: INVALID_GROUP,
    help: 'The request changes nothing.',
    text: (f) =>
      `Invalid group: Cannot update group ${f.group} because no valid name, description, add_volumes, or remove_volumes were provided.`,
  },
  'group-not-replicated': {
    status: 400,
    name: 'InvalidGroupType',
    help: 'No pool replicates volumes, and so no group is replicated.',
    text: (f) => `Invalid group type: Group ${f.group} is not a replication group type.`,
  },
  'group-type': {
    status: 400,
    name: 'InvalidInput',
    help: 'The volume types of a group are said when it is made. A volume in it has one of them.',
    text: (f) =>
      f.type === null
        ? 'Invalid input received: volume_type must be provided when creating a volume in a group.'
        : `Invalid input received: Invalid volume_type provided: ${f.type} (requested type must be supported by this group).`,
  },
  'volume-in-group': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume is in a group. Take it out first, or delete the group with its volumes.',
    text: (f) => `Invalid volume: Volume ${f.volume} must not belong to a group to ${f.action}; it is in group ${f.group}.`,
  },
  'snapshot-in-group': {
    status: 400,
    name: 'InvalidSnapshot',
    help: 'The snapshot is a part of a group snapshot, and is deleted with it.',
    text: (f) =>
      `Invalid snapshot: Snapshot status must be available or error and must not be part of a group. Snapshot ${f.snapshot} is of group snapshot ${f.groupSnapshot}.`,
  },
  'group-snapshot-status': {
    status: 400,
    name: 'InvalidGroupSnapshot',
    help: 'The group snapshot’s status does not allow the action. Wait until it is made.',
    text: (f) =>
      `Invalid GroupSnapshot: GroupSnapshot ${f.groupSnapshot} status must be ${orList(f.allowed)} to ${f.action}, but current status is: ${f.status}.`,
  },
}

function problemText(group: string, volume: string, why: GroupVolumeProblem): string {
  const cannotAdd = `Cannot add volume ${volume} to group ${group} because`
  switch (why.kind) {
    case 'absent':
      return `${cannotAdd} volume cannot be found.`
    case 'to-be-in-and-out':
      return `UUIDs ['${volume}'] are in both add and remove volume list.`
    case 'not-in-it':
      return `Cannot remove volume ${volume} from group ${group} because it is not in the group.`
    case 'in-another':
      return `${cannotAdd} it is already in group ${why.group}.`
    case 'type':
      return why.type === null
        ? `${cannotAdd} it has no volume type.`
        : `${cannotAdd} volume type ${why.type} is not supported by the group.`
    case 'status':
      return `Cannot move volume ${volume} into or out of group ${group} because volume is in an invalid state: ${why.status}. Valid states are: ${orList(why.allowed)}.`
    default:
      return 'Volume is not local to this node.'
  }
}
