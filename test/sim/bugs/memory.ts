/** Memory that is lost, or thrown away, without a word: planted bugs 7, 14 and 15. */
import type { Effect, PeerEvent, Step } from '../../../lib/flows/step.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** Tombstones are not kept for those who have not seen them: they are left out of whatever is sent later. */
export const collectEarly: Bug = {
  number: 7,
  title: 'tombstones are collected early',
  distortion: () => ({ ...UNDISTORTED, step: withoutTombs }),
}

function withoutTombs(step: Step, event: PeerEvent): Step {
  // What is pushed at once still has them; what is sent to whoever was away has not.
  if (event.kind === 'published') return step
  return { ...step, effects: step.effects.map(withoutTomb) }
}

function withoutTomb(effect: Effect): Effect {
  if (effect.kind !== 'send' || effect.message.kind !== 'delta') return effect
  const { message } = effect
  return { ...effect, message: { ...message, records: message.records.filter(({ volume }) => volume !== null) } }
}

/** A member that has lost its votes takes it that nothing was ever voted on. */
export const voteAfterAmnesia: Bug = {
  number: 14,
  title: 'votes after amnesia',
  distortion: () => ({ ...UNDISTORTED, event: (event) => emptied(event, false) }),
}

/** A new group begins without what the former one decided. */
export const startEmpty: Bug = {
  number: 15,
  title: 'a new group does not read the former one',
  distortion: () => ({ ...UNDISTORTED, event: (event) => emptied(event, true) }),
}

function emptied(event: PeerEvent, seal: boolean): PeerEvent {
  if (event.kind !== 'message' || event.message.kind !== 'fetched' || event.message.seal !== seal) return event
  return { ...event, message: { ...event.message, promised: null, accepted: null, value: [] } }
}
