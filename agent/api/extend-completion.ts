/**
 * os-extend_volume_completion: in Cinder a server's word on an extend that a backend holds open until it is heard. No backend here
 * waits for one: an extend has ended when the target shows the new size. So none is ever awaited, as in a Cinder of such backends.
 */
import { EXTEND_COMPLETION_BODY } from '../../lib/wire/cinder/extend-completion-request.ts'
import { turnDown, type VolumeActionRow } from './volume-action-row.ts'

export const EXTEND_COMPLETION: ReadonlyMap<string, VolumeActionRow> = new Map([
  [
    'os-extend_volume_completion',
    {
      policy: 'volume_extension:volume_admin_actions:extend_volume_completion',
      since: 71,
      handle: (edge, call) =>
        turnDown(edge, call, EXTEND_COMPLETION_BODY.parse(call.body), ({ status }) => ({
          code: 'not-awaited',
          isExtending: status === 'extending',
        })),
    },
  ],
])
