/** os-retype: another volume type for a volume that is there. */
import { parseRetype } from '../../lib/wire/cinder/retype-request.ts'
import { type Answer, answer, type Call, type Edge, failed } from './call.ts'
import { locateVolume } from './locate.ts'
import { operateOn } from './operate.ts'
import { findType } from './types.ts'
import type { VolumeActionRow } from './volume-action-row.ts'

export const RETYPE_ACTIONS: ReadonlyMap<string, VolumeActionRow> = new Map([['os-retype', { policy: 'volume:retype', handle: retype }]])

/** A type that is not there for the caller does not exist, as for a create. */
async function retype(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseRetype(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const known = await findType(edge, call, wanted.value.newType)
  if (!known.ok) return failed(known.failure)
  const { id: typeId, version: typeVersion } = known.type
  const done = await operateOn(edge, call, found.view.volume, { kind: 'retype', typeId, typeVersion, mayMove: wanted.value.mayMove })
  return done.ok ? answer(202, null) : failed(done.failure)
}
