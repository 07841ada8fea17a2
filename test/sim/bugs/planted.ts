/** All planted bugs, by number. */
import { acknowledgeEarly, publishEarly, timeoutIsFailure } from './answers.ts'
import type { Bug } from './distortion.ts'
import { noSync, onAfterError, sameEpoch } from './journals.ts'
import { bindAnew, bindUnplaced, counter, foldAgain, skipClosed, suspicion } from './registers.ts'
import { accessListOnly, leaveConnections } from './targets.ts'

export const PLANTED: readonly Bug[] = [
  noSync,
  publishEarly,
  acknowledgeEarly,
  skipClosed,
  bindAnew,
  sameEpoch,
  onAfterError,
  leaveConnections,
  accessListOnly,
  counter,
  foldAgain,
  suspicion,
  timeoutIsFailure,
  bindUnplaced,
]

export function plantedBug(number: number): Bug {
  const found = PLANTED.find((bug) => bug.number === number)
  if (found === undefined) throw new RangeError(`no planted bug ${number}; there are ${PLANTED.map((bug) => bug.number).join(', ')}`)
  return found
}
