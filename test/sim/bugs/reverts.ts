/** Owners that take a revert lightly: planted bugs 36 and 37. */
import type { Effect } from '../../../lib/flows/step.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** Whether the volume is there is asked, and nothing is reverted. */
export const revertInName: Bug = {
  number: 36,
  title: 'a revert ends before it is made',
  distortion: () => ({ ...UNDISTORTED, step: (step) => ({ ...step, effects: step.effects.map(lookedAt) }) }),
}

function lookedAt(effect: Effect): Effect {
  if (effect.kind !== 'backend' || effect.call.kind !== 'revert') return effect
  return { ...effect, call: { kind: 'inspect', volume: effect.volume } }
}

/** Of several snapshots the first one is taken. */
export const revertToTheFirst: Bug = {
  number: 37,
  title: 'a revert takes another snapshot',
  distortion: () => ({
    ...UNDISTORTED,
    step: (step, _event, { peer }) => ({ ...step, effects: step.effects.map((effect) => withTheFirst(effect, peer)) }),
  }),
}

function withTheFirst(effect: Effect, peer: Peer | null): Effect {
  if (effect.kind !== 'backend' || effect.call.kind !== 'revert') return effect
  const [first] = peer?.owned.get(effect.volume)?.volume.snapshots ?? []
  return first === undefined ? effect : { ...effect, call: { ...effect.call, snapshot: { id: first.id, volume: effect.volume } } }
}
