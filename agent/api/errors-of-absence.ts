/** Answers to actions that belong to a service or to a feature of backends that is not there, in Cinder's words. */
import type { Rows } from './error-rows.ts'
import type { AbsenceFailure } from './failure.ts'

export const ABSENCE_ERRORS: Rows<AbsenceFailure> = {
  'service-unavailable': {
    status: 400,
    name: 'InvalidHost',
    help: 'No volume service of this name is up and enabled: name it as `host@backend#pool` (`scoria service list`). There are no clusters of services.',
    text: (f) => `Invalid host: No available service named '${f.service}'`,
  },
  'not-migratable': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume’s status does not allow a move, it has snapshots, or it lies there already.',
    text: (f) =>
      `Invalid volume: Volume ${f.volume} status must be available or in-use, must not be migrating, have snapshots, be replicated, be part of a group and destination host/cluster must be different than the current one`,
  },
  'not-moved': {
    status: 400,
    name: 'InvalidHost',
    help: 'Volumes are not moved between hosts yet. Make a volume there and copy the bytes from a server that has both.',
    text: (f) => `Invalid host: Cannot place volume ${f.volume} on ${f.host}: volumes are not moved between hosts here.`,
  },
  'not-migrating': {
    status: 400,
    name: 'InvalidVolume',
    help: 'No volume is being moved, so no move can be completed.',
    text: () => 'Invalid volume: Source volume not mid-migration.',
  },
  'not-awaited': {
    status: 400,
    name: 'InvalidVolume',
    help: 'An extend ends by itself when the volume’s target shows the new size: nobody has to complete it.',
    text: (f) =>
      f.isExtending
        ? 'Invalid volume: Required volume admin metadata is malformed or missing.'
        : 'Invalid volume: Volume is not being extended.',
  },
  'reimage-attached': {
    status: 409,
    name: 'Conflict',
    help: 'The volume has several attachments. Detach it first.',
    text: (f) => `Cannot re-image a volume which is attached to more than one server. Volume ${f.volume} has ${f.attachments} attachments.`,
  },
  'no-image-service': {
    status: 400,
    name: 'GlanceConnectionFailed',
    help: 'There is no image service behind this API. Nothing was changed. Attach the volume and read it.',
    text: () => 'Connection to glance failed: there is no image service behind this API.',
  },
}
