/** Owners that take the older attach calls and the flag of a volume lightly: planted bugs 45 and 46. */
import type { Effect } from '../../../lib/flows/step.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** Something is fenced, and it is not the connection that was to end. */
export const terminateInName: Bug = {
  number: 45,
  title: 'a connection ends before it is cut',
  distortion: () => ({
    ...UNDISTORTED,
    step: (step, _event, { peer }) => ({ ...step, effects: step.effects.map((effect) => missed(effect, peer)) }),
  }),
}

function missed(effect: Effect, peer: Peer | null): Effect {
  if (effect.kind !== 'target' || effect.call.kind !== 'fence') return effect
  const isTerminate = peer?.owned.get(effect.volume)?.working?.kind === 'terminate'
  return isTerminate ? { ...effect, call: { ...effect.call, iqn: `iqn.2026-01.io.scoria:volume-${effect.volume}-0` } } : effect
}

/** Read-only is a word in the record, and no more. */
export const writeAnyway: Bug = {
  number: 46,
  title: 'exports of a read-only volume can be written to',
  distortion: () => ({ ...UNDISTORTED, step: (step) => ({ ...step, effects: step.effects.map(writable) }) }),
}

function writable(effect: Effect): Effect {
  if (effect.kind !== 'target' || effect.call.kind !== 'expose') return effect
  return { ...effect, call: { ...effect.call, readOnly: false } }
}
