/**
 * Cuts an export off: switched off, every session seen to be gone twice, target gone, backstore gone.
 *
 * A portal group that is off turns every login away and closes what is open. A login that was under way shows up as a
 * session a moment later, hence twice. The kernel gives a backstore up only when no target uses it, and with it the
 * device: after that no byte passes.
 */
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { volumeOfIqn } from '../iscsi-name.ts'
import { execute, failed, type IsOver, timeIsUp } from './execute.ts'
import { planFence } from './plan-fence.ts'
import { ourIqns, type Present, readPresent } from './present.ts'
import { switchOff } from './steps.ts'
import type { Tree } from './tree.ts'

const ROUNDS_MAX = 40
/** A session goes once its commands have ended; a busy disk needs a moment. 40 rounds take up to 9 s. */
const PAUSE_MS_MAX = 250

export interface Patience {
  readonly isOver: IsOver
  pause(ms: number): void
}

export function fence(tree: Tree, iqn: string, patience: Patience): Outcome<void> {
  // What others export is not ours to end.
  if (volumeOfIqn(iqn) === null) return failed(`not the name of an export: ${JSON.stringify(iqn)}`)
  const look = (): Present => readPresent(tree, iqn, ourIqns(tree))
  const { target } = look()
  const off = execute(tree, target === null ? [] : switchOff(target), patience.isOver)
  if (off.kind !== 'ok') return off
  const quiet = waitForQuiet(iqn, look, patience)
  if (quiet.kind !== 'ok') return quiet
  const gone = execute(tree, planFence(iqn, look()), patience.isOver)
  if (gone.kind !== 'ok') return gone
  return planFence(iqn, look()).length === 0
    ? done(undefined)
    : failed(`target ${iqn} is there again: another program made it while it was fenced`)
}

function waitForQuiet(iqn: string, look: () => Present, { isOver, pause }: Patience): Outcome<void> {
  let quietLooks = 0
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (isOver()) return timeIsUp(`while ${iqn} was fenced`)
    quietLooks = hasSessions(look()) ? 0 : quietLooks + 1
    if (quietLooks === 2) return done(undefined)
    pause(Math.min(2 ** round, PAUSE_MS_MAX))
  }
  return failed(`${iqn} still has sessions after ${ROUNDS_MAX} looks: see acls/*/info below its target in configfs`)
}

function hasSessions({ target }: Present): boolean {
  return (target?.tpgs ?? []).some(({ acls }) => acls.some((acl) => acl.hasSession))
}
