/** Speaking too early and hearing wrong: planted bugs 2, 3 and 20. */
import { creatingVolume } from '../../../lib/flows/shape.ts'
import type { Effect, PeerEvent } from '../../../lib/flows/step.ts'
import { success } from '../../../lib/model/failure.ts'
import type { RequestId } from '../../../lib/model/ids.ts'
import type { VolumeSpec } from '../../../lib/model/volume.ts'
import type { Outcome } from '../../../lib/ports/outcome.ts'
import { type Bug, type Distortion, type Life, UNDISTORTED } from './distortion.ts'

export const publishEarly: Bug = {
  number: 2,
  title: 'publish before fsync',
  distortion: () => ({
    ...UNDISTORTED,
    isEarly: (effect) => effect.kind === 'publish' || (effect.kind === 'send' && effect.message.kind === 'delta'),
  }),
}

export const acknowledgeEarly: Bug = { number: 3, title: 'acknowledge before BIND', distortion: acknowledgeReservations }

/** The client gets its 202 as soon as some host has set room aside. */
function acknowledgeReservations(): Distortion {
  const waiting = new Map<string, { readonly client: string; readonly spec: VolumeSpec }>()
  const nameOf = (life: Life, rid: RequestId): string => `${life.name}/${life.incarnation}/${rid}`
  return {
    ...UNDISTORTED,
    step(step, event, life) {
      if (event.kind === 'client' && event.request.kind === 'create') {
        waiting.set(nameOf(life, event.request.rid), { client: event.id, spec: event.request.spec })
      }
      if (event.kind !== 'message' || event.message.kind !== 'reserved') return step
      const { rid, pool } = event.message
      const found = waiting.get(nameOf(life, rid))
      if (found === undefined) return step
      waiting.delete(nameOf(life, rid))
      const volume = creatingVolume(found.spec, rid, event.from, pool, '')
      const reply: Effect = { kind: 'reply', id: found.client, reply: { kind: 'create', result: success(volume) } }
      return { ...step, effects: [reply, ...step.effects] }
    },
  }
}

export const timeoutIsFailure: Bug = {
  number: 20,
  title: 'a time-out is taken for a failure',
  distortion: () => ({ ...UNDISTORTED, event: mishear }),
}

function mishear(event: PeerEvent): PeerEvent {
  if (event.kind === 'backend') return { ...event, outcome: failedIfUnknown(event.outcome) }
  return event.kind === 'target' ? { ...event, outcome: failedIfUnknown(event.outcome) } : event
}

function failedIfUnknown<Value>(outcome: Outcome<Value>): Outcome<Value> {
  return outcome.kind === 'unknown' ? { ...outcome, kind: 'failed' } : outcome
}
