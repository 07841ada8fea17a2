/**
 * os-reimage and os-volume_upload_image, as of a Cinder that has no image service: whatever else is wrong with the request is said
 * first, and then that the image is not there, or that nobody would take it.
 */
import type { Volume, VolumeStatus } from '../../lib/model/volume.ts'
import { parseReimage, parseUpload, type Reimage, type Upload } from '../../lib/wire/cinder/image-action-request.ts'
import type { Call } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { isAllowed } from './policy.ts'
import { turnDown, type VolumeActionRow } from './volume-action-row.ts'

const UPLOAD = 'volume_extension:volume_actions:upload_image'
const UPLOAD_PUBLIC = 'volume_extension:volume_actions:upload_public'

export const IMAGE_ACTIONS: ReadonlyMap<string, VolumeActionRow> = new Map([
  [
    'os-reimage',
    { policy: 'volume:reimage', since: 68, handle: (edge, call) => turnDown(edge, call, parseReimage(call.body), whyNotFrom) },
  ],
  [
    'os-volume_upload_image',
    {
      policy: UPLOAD,
      handle: (edge, call) =>
        turnDown(edge, call, parseUpload(call.body, call.microversion), (volume, wanted) => whyNotUp(call, volume, wanted)),
    },
  ],
])

function whyNotFrom({ id, status, attachments }: Volume, { image, isReservedToo }: Reimage): EdgeFailure {
  if (attachments.length > 1) return { code: 'reimage-attached', volume: id, attachments: attachments.length }
  const allowed: readonly VolumeStatus[] = isReservedToo ? ['available', 'error', 'reserved'] : ['available', 'error']
  if (!allowed.includes(status)) return { code: 'invalid-status', volume: id, action: 'reimage', status, allowed }
  return { code: 'item-not-found', kind: 'Image', id: image }
}

function whyNotUp({ caller }: Call, { id, status }: Volume, { isForced, isPublic }: Upload): EdgeFailure {
  if (isPublic && !isAllowed(caller, UPLOAD_PUBLIC)) return { code: 'forbidden', action: UPLOAD_PUBLIC }
  const allowed: readonly VolumeStatus[] = isForced ? ['available', 'in-use'] : ['available']
  if (!allowed.includes(status)) return { code: 'invalid-status', volume: id, action: 'upload it as an image', status, allowed }
  return { code: 'no-image-service' }
}
