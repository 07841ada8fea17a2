/** The actions that say something of a volume: whether it may be written to or booted from, and what its image was like. */
import type { Volume } from '../../lib/model/volume.ts'
import type { FlagEdit } from '../../lib/model/volume-flags.ts'
import { FLAG_BODIES, parseBootable, parseReadOnly, parseSetImage, parseUnsetImage } from '../../lib/wire/cinder/flag-action-request.ts'
import { accepted, type Parsed } from '../../lib/wire/cinder/input.ts'
import { type Answer, answer, type Call, type Edge, failed } from './call.ts'
import { locateVolume } from './locate.ts'
import { operateOn } from './operate.ts'
import { carryOut, type OperationOf, type VolumeActionRow } from './volume-action-row.ts'

const IMAGE = 'volume_extension:volume_image_metadata'

export const FLAG_ACTIONS: ReadonlyMap<string, VolumeActionRow> = new Map([
  [
    'os-update_readonly_flag',
    { policy: 'volume:update_readonly_flag', handle: (edge, call) => carryOut(edge, call, editOf(parseReadOnly(call.body))) },
  ],
  [
    'os-set_bootable',
    { policy: 'volume:update', handle: (edge, call) => carryOut(edge, call, editOf(parseBootable(call.body)), () => answer(200, null)) },
  ],
  [
    'os-set_image_metadata',
    {
      policy: `${IMAGE}:set`,
      handle: (edge, call) => carryOut(edge, call, editOf(parseSetImage(call.body)), ({ volume }) => imageAnswer(volume)),
    },
  ],
  ['os-show_image_metadata', { policy: `${IMAGE}:show`, handle: showImage }],
  ['os-unset_image_metadata', { policy: `${IMAGE}:remove`, handle: unsetImage }],
])

function editOf(edit: Parsed<FlagEdit>): Parsed<OperationOf> {
  return edit.ok ? accepted(() => edit.value) : edit
}

async function showImage(edge: Edge, call: Call): Promise<Answer> {
  const wanted = FLAG_BODIES.showImage.parse(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  return found.ok ? imageAnswer(found.view.volume) : failed(found.failure)
}

async function unsetImage(edge: Edge, call: Call): Promise<Answer> {
  const key = parseUnsetImage(call.body)
  if (!key.ok) return failed(key.failure)
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const { volume } = found.view
  if (!Object.hasOwn(volume.imageMetadata ?? {}, key.value)) return failed({ code: 'item-not-found', kind: 'Metadata item', id: key.value })
  const done = await operateOn(edge, call, volume, { kind: 'edit-image', changes: { [key.value]: null } })
  return done.ok ? answer(200, null) : failed(done.failure)
}

function imageAnswer({ imageMetadata }: Volume): Answer {
  return answer(200, { metadata: imageMetadata ?? {} })
}
