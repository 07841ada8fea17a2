/**
 * The actions of volumes from before attachments were a resource, as Terraform and old computes call them.
 *
 * They are the owner's operations (lib/flows/owner/older-attach.ts); a server's attachment goes only at a service's word here too.
 */
import type { Volume } from '../../lib/model/volume.ts'
import { nestedConnectionInfo } from '../../lib/wire/cinder/attachment.ts'
import type { LetGo } from '../../lib/wire/cinder/older-attach-request.ts'
import {
  OLDER_ATTACH_BODIES,
  parseDetach,
  parseForceDetach,
  parseHold,
  parseInitialize,
  parseTerminate,
} from '../../lib/wire/cinder/older-attach-request.ts'
import { accepted, type Parsed, type Shape } from '../../lib/wire/cinder/input.ts'
import { qosFor } from './attachments.ts'
import { type Answer, answer, type Call, type Edge, failed } from './call.ts'
import { locateVolume } from './locate.ts'
import { operateOn } from './operate.ts'
import { olderAttachmentId } from './request-names.ts'
import { carryOut, type OperationOf, type VolumeActionRow } from './volume-action-row.ts'

const POLICY = 'volume_extension:volume_actions'

export const OLDER_ATTACH_ACTIONS: ReadonlyMap<string, VolumeActionRow> = new Map([
  [
    'os-reserve',
    row('reserve', (edge, call) =>
      plain(call, OLDER_ATTACH_BODIES.reserve, ({ id }) => ({ kind: 'reserve', attachment: idFor(edge, call, id, 'reserve') })),
    ),
  ],
  ['os-unreserve', row('unreserve', (_, call) => plain(call, OLDER_ATTACH_BODIES.unreserve, () => ({ kind: 'unreserve' })))],
  ['os-begin_detaching', row('begin_detaching', (_, call) => plain(call, OLDER_ATTACH_BODIES.begin, () => ({ kind: 'begin-detaching' })))],
  ['os-roll_detaching', row('roll_detaching', (_, call) => plain(call, OLDER_ATTACH_BODIES.roll, () => ({ kind: 'roll-detaching' })))],
  ['os-initialize_connection', { policy: `${POLICY}:initialize_connection`, handle: initialize }],
  ['os-terminate_connection', row('terminate_connection', (_, call) => terminate(call))],
  ['os-attach', row('attach', hold)],
  ['os-detach', row('detach', (_, call) => letGo(call, parseDetach(call.body)))],
  [
    'os-force_detach',
    {
      policy: 'volume_extension:volume_admin_actions:force_detach',
      handle: (edge, call) => carryOut(edge, call, letGo(call, parseForceDetach(call.body))),
    },
  ],
])

function row(name: string, read: (edge: Edge, call: Call) => Parsed<OperationOf>): VolumeActionRow {
  return { policy: `${POLICY}:${name}`, handle: (edge, call) => carryOut(edge, call, read(edge, call)) }
}

function plain(call: Call, body: Shape<unknown>, operation: OperationOf): Parsed<OperationOf> {
  const parsed = body.parse(call.body)
  return parsed.ok ? accepted(operation) : parsed
}

async function initialize(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseInitialize(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const { connector, mode, enforceMultipath } = wanted.value
  const { volume } = found.view
  const made = idFor(edge, call, volume.id, 'initialize')
  const done = await operateOn(edge, call, volume, { kind: 'initialize', attachment: made, connector, mode })
  if (!done.ok) return failed(done.failure)
  const { attachment, connection } = done.value
  if (attachment === null || connection === null)
    return failed({ code: 'volume-busy', volume: volume.id, running: 'the connection was terminated meanwhile' })
  const shown = { connection, qosSpecs: qosFor(edge, done.volume) }
  return answer(200, { connection_info: nestedConnectionInfo(attachment, shown, enforceMultipath) })
}

function terminate(call: Call): Parsed<OperationOf> {
  const initiator = parseTerminate(call.body)
  if (!initiator.ok) return initiator
  return accepted(() => ({ kind: 'terminate', initiator: initiator.value, allowUnsafe: call.caller.isService }))
}

function hold(edge: Edge, call: Call): Parsed<OperationOf> {
  const wanted = parseHold(call.body)
  return wanted.ok ? accepted(({ id }) => ({ kind: 'hold', attachment: idFor(edge, call, id, 'attach'), ...wanted.value })) : wanted
}

function letGo(call: Call, wanted: Parsed<LetGo>): Parsed<OperationOf> {
  if (!wanted.ok) return wanted
  const { attachment, initiator } = wanted.value
  return accepted(() => ({ kind: 'let-go', which: attachment, initiator, allowUnsafe: call.caller.isService }))
}

function idFor(edge: Edge, call: Call, volume: Volume['id'], action: string): ReturnType<typeof olderAttachmentId> {
  return olderAttachmentId(call, volume, action, edge.uuid)
}
