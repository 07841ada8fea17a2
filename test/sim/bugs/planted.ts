/** All planted bugs, by number. */
import { acknowledgeEarly, publishEarly, timeoutIsFailure } from './answers.ts'
import { anyProject, believeAnybody, deleteFirst, lastTimeWins, refuseByHearsay } from './careless.ts'
import { beginEmpty, deleteTheSource } from './copies.ts'
import type { Bug } from './distortion.ts'
import { grantOnePart, leaveOneBehind } from './groups.ts'
import { noChain, noSync, onAfterError, sameEpoch } from './journals.ts'
import { freeWhatIsGivenBack, removeInsteadOfRelease, takeAtReserve } from './manages.ts'
import { collectEarly, startEmpty, voteAfterAmnesia } from './memory.ts'
import { believeTheLast } from './limits.ts'
import { anySender, freeAtOnce, freeTwice, leaveFull } from './members.ts'
import { terminateInName, writeAnyway } from './older.ts'
import { bindAnew, bindUnplaced, counter, foldAgain, skipClosed, suspicion } from './registers.ts'
import { readFromOne, skipPrepare } from './shortcuts.ts'
import { revertInName, revertToTheFirst } from './reverts.ts'
import { deleteWithSnapshots, removeInsteadOfGivingBack, totalsWithoutSnapshots } from './snapshots.ts'
import { claimBlindly, retypeByAnyCopy, retypeUncounted, trustTheCoordinator } from './types.ts'
import { anyKey, countTwice, keepTags, leaveUnasked, moveBeforeBind } from './transfers.ts'
import { accessListOnly, leaveConnections } from './targets.ts'

export const PLANTED: readonly Bug[] = [
  noSync,
  publishEarly,
  acknowledgeEarly,
  skipClosed,
  bindAnew,
  sameEpoch,
  collectEarly,
  noChain,
  onAfterError,
  leaveConnections,
  accessListOnly,
  counter,
  foldAgain,
  voteAfterAmnesia,
  startEmpty,
  lastTimeWins,
  suspicion,
  deleteFirst,
  anyProject,
  timeoutIsFailure,
  bindUnplaced,
  readFromOne,
  skipPrepare,
  refuseByHearsay,
  believeAnybody,
  deleteWithSnapshots,
  totalsWithoutSnapshots,
  freeTwice,
  freeAtOnce,
  anySender,
  leaveFull,
  claimBlindly,
  trustTheCoordinator,
  deleteTheSource,
  beginEmpty,
  revertInName,
  revertToTheFirst,
  removeInsteadOfRelease,
  takeAtReserve,
  freeWhatIsGivenBack,
  terminateInName,
  writeAnyway,
  moveBeforeBind,
  keepTags,
  anyKey,
  countTwice,
  leaveUnasked,
  removeInsteadOfGivingBack,
  believeTheLast,
  retypeByAnyCopy,
  leaveOneBehind,
  grantOnePart,
  retypeUncounted,
]

export function plantedBug(number: number): Bug {
  const found = PLANTED.find((bug) => bug.number === number)
  if (found === undefined) throw new RangeError(`no planted bug ${number}; there are ${PLANTED.map((bug) => bug.number).join(', ')}`)
  return found
}
