/**
 * Cuts an export off: names unbound, account gone, every connection closed until none is seen twice, target gone.
 *
 * In this order, because tgtd asks the access list at login only and a target without an account lets in whoever is
 * bound. The target is never deleted by force: tgtd refuses while a session lives, and that refusal is the proof. Its
 * deletion waits for the writes that are under way, so that after it no byte passes.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AbortSignalLike } from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { isIscsiName } from '../iscsi-name.ts'
import type { TgtTarget } from './show.ts'
import { failed, isAbsence, type Tgtadm } from './tgtadm.ts'

const ROUNDS_MAX = 40
/** A connection goes once its commands have ended; a busy disk needs a moment. 40 rounds take up to 9 s. */
const PAUSE_MS_MAX = 250

export async function fence(
  tgtadm: Tgtadm,
  iqn: string,
  signal: AbortSignalLike,
  pause: (ms: number) => Promise<void> = sleep,
): Promise<Outcome<void>> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    if (signal.aborted) return { kind: 'unknown', tool: 'tgtadm', detail: `the time limit passed while ${iqn} was fenced` }
    const targets = await tgtadm.targets()
    if (targets.kind !== 'ok') return targets
    const target = targets.value.find((candidate) => candidate.iqn === iqn)
    if (target === undefined) return done(undefined)
    const outcome = await cut(tgtadm, target)
    if (outcome.kind !== 'ok') return outcome
    if (!outcome.value) await pause(Math.min(2 ** round, PAUSE_MS_MAX))
  }
  return failed(`${iqn} still has connections after ${ROUNDS_MAX} rounds: see tgtadm --mode conn --op show`)
}

/** One round. True: the target was deleted; the next look must not find it. */
async function cut(tgtadm: Tgtadm, target: TgtTarget): Promise<Outcome<boolean>> {
  const tid = ['--tid', String(target.tid)]
  const shut = await takeAway(tgtadm, [
    ...target.acl.map((entry) => [
      '--mode',
      'target',
      '--op',
      'unbind',
      ...tid,
      isIscsiName(entry) ? '--initiator-name' : '--initiator-address',
      entry,
    ]),
    ...target.accounts.map((user) => ['--mode', 'account', '--op', 'delete', '--user', user]),
  ])
  if (shut.kind !== 'ok') return shut
  // Empty twice: a login that was under way when the name was unbound shows up as a connection a moment later.
  for (let empty = 0; empty < 2; empty += 1) {
    const found = await tgtadm.connections(target.tid)
    if (found.kind !== 'ok') return isAbsence(found) ? done(true) : found
    const closed = await takeAway(
      tgtadm,
      found.value.map(({ sid, cid }) => ['--mode', 'conn', '--op', 'delete', ...tid, '--sid', sid, '--cid', cid]),
    )
    if (closed.kind !== 'ok') return closed
    if (found.value.length > 0) return done(false)
  }
  const deleted = await takeAway(tgtadm, [['--mode', 'target', '--op', 'delete', ...tid]])
  if (deleted.kind === 'ok') return done(true)
  return deleted.kind === 'failed' && deleted.detail.includes('still active') ? done(false) : deleted
}

/** What is not there any more is as good as taken away. */
async function takeAway(tgtadm: Tgtadm, calls: readonly (readonly string[])[]): Promise<Outcome<void>> {
  for (const args of calls) {
    const outcome = await tgtadm.call(args)
    if (outcome.kind !== 'ok' && !isAbsence(outcome)) return outcome
  }
  return done(undefined)
}
