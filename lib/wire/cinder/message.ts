/**
 * The user message of a volume in `error`: Cinder's ids, and a text that says why.
 *
 * Derived from the volume's own record, so every peer shows the same message under the same id, and it is there as
 * long as the volume is.
 */
import type { Rejection } from '../../model/placement.ts'
import type { Volume, VolumeFailure } from '../../model/volume.ts'
import { assertNever } from '../../model/invariant.ts'
import { cinderDate } from './dates.ts'
import { type LinkBase, linksTo } from './links.ts'

/** Cinder keeps messages 30 days (`message_ttl`). */
const MESSAGE_TTL_MS = 30 * 24 * 3600 * 1000

export interface Message {
  readonly id: string
  readonly eventId: string
  readonly text: string
  readonly volume: Volume
  /** When its volume came to be as the message says, in Unix milliseconds. */
  readonly createdAtMs: number
}

/** @param isAdmin adds what each pool reported and what was needed */
export function messageOf(volume: Volume, failure: VolumeFailure, id: string, isAdmin: boolean): Message {
  return {
    id,
    eventId: eventId(failure),
    text: messageText(failure, isAdmin),
    volume,
    createdAtMs: volume.updatedAtMs ?? volume.createdAtMs,
  }
}

export function messageBody(message: Message, base: LinkBase): object {
  const { volume, createdAtMs: atMs } = message
  return {
    id: message.id,
    event_id: message.eventId,
    user_message: message.text,
    message_level: 'ERROR',
    created_at: cinderDate(atMs),
    guaranteed_until: cinderDate(atMs + MESSAGE_TTL_MS),
    request_id: messageRequestId(volume),
    resource_type: 'VOLUME',
    resource_uuid: volume.id,
    links: linksTo(base, 'messages', message.id),
  }
}

/** The request's name in the form of a request id. */
export function messageRequestId(volume: Volume): string {
  const hex = volume.rid
  return `req-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** Action 001 allocate, 007 extend; detail 003 no backend fits, 010 extend failed, 001 unknown. Ids are Cinder's. */
function eventId(failure: VolumeFailure): string {
  if (failure.kind === 'no-room' || failure.kind === 'retype-refused') return 'VOLUME_VOLUME_001_003'
  if (failure.kind === 'backend' && failure.step === 'extend') return 'VOLUME_VOLUME_007_010'
  return 'VOLUME_VOLUME_001_001'
}

function messageText(failure: VolumeFailure, isAdmin: boolean): string {
  switch (failure.kind) {
    case 'no-room':
      return `schedule allocate volume:Could not find any available weighted backend. ${rejectionsText(failure.rejected, isAdmin)}`
    case 'backend':
      return failure.step === 'extend'
        ? `extend volume:Volume Driver failed to extend volume.${isAdmin ? ` ${failure.tool}: ${failure.detail}` : ''}`
        : `${failure.step} volume:The backend failed.${failure.step === 'revert' ? ' The snapshot is as it was.' : ''}${isAdmin ? ` ${failure.tool}: ${failure.detail}` : ''}`
    case 'lost':
      return 'schedule allocate volume:The host has no record and no data of this volume any more.'
    case 'missing':
      return 'look at volume:Its host finds no data of this volume any more. Nothing was deleted by this service; the volume is available again as soon as its data is back.'
    case 'delete-refused':
      return 'delete volume:The delete was accepted while the host of the volume was away, which then found the volume in use, or with snapshots. It was not deleted.'
    case 'retype-refused': {
      const why = failure.mayMove ? 'volumes are not moved between pools' : 'it may not be migrated'
      return `retype volume:The volume keeps its type: its pool is not one for type ${failure.type}, and ${why}. ${rejectionsText([failure.rejection], isAdmin)}`
    }
    default:
      return assertNever(failure)
  }
}

/** How many pools each filter refused; for an operator each pool with the two values it compared. */
export function rejectionsText(rejected: readonly Rejection[], isAdmin: boolean): string {
  if (rejected.length === 0) return 'No pool was known.'
  const counts = new Map<string, number>()
  for (const { filter } of rejected) counts.set(filter, (counts.get(filter) ?? 0) + 1)
  const summary = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([filter, count]) => `${filter} refused ${count} ${count === 1 ? 'pool' : 'pools'}`)
  const details = rejected.map((row) => `${row.pool} (${row.filter}: reported ${row.reported}, needed ${row.needed})`)
  return `${summary.join(', ')}.${isAdmin ? ` ${details.join('; ')}.` : ''}`
}
