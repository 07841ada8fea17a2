/**
 * Exports over tgtd, the SCSI target that needs nothing of the kernel.
 *
 * tgtd keeps its state in memory alone: one that was restarted is empty, and the agent exports again what its journal
 * holds. Whole operations queue up behind each other, so that none sees another's half-made target.
 */
import type { AbortSignalLike } from '../../../lib/ports/backend.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { Target } from '../../../lib/ports/target.ts'
import { volumeOfIqn } from '../iscsi-name.ts'
import { checkTgt } from './check.ts'
import { expose } from './expose.ts'
import { fence } from './fence.ts'
import { createTgtadm } from './tgtadm.ts'

export interface TgtTargetOptions {
  readonly controlPort: number
  /** `ip:port` that initiators connect to; tgtd must listen there (see check.ts). */
  readonly portal: string
  readonly exec: Exec
  readonly log: Log
}

export function createTgtTarget({ controlPort, portal, exec, log }: TgtTargetOptions): Target {
  const tgtadm = createTgtadm({ exec, controlPort })
  const queued = createQueue()
  return {
    portal,
    // tgtd reads the size of what it exports once.
    followsGrowth: false,
    expose: (spec, signal) => queued(signal, () => expose(tgtadm, spec, signal)),
    fence: (iqn, signal) =>
      queued(signal, async () => {
        const outcome = await fence(tgtadm, iqn, signal)
        if (outcome.kind === 'ok') log.info('export-fenced', { iqn })
        else log.error('export-not-fenced', { iqn, outcome: outcome.kind, detail: outcome.detail })
        return outcome
      }),
    list: (signal) =>
      queued(signal, async () => {
        const targets = await tgtadm.targets()
        if (targets.kind !== 'ok') return targets
        // A tgtd that was restarted has also forgotten a portal that was opened for it.
        const problem = await checkTgt({ exec, controlPort, portal })
        if (problem !== null) log.error('portal-not-open', { portal, problem })
        const iqns = targets.value.map(({ iqn }) => iqn)
        return done(iqns.filter((iqn) => volumeOfIqn(iqn) !== null).sort())
      }),
  }
}

type Queued = <Value>(signal: AbortSignalLike, work: () => Promise<Outcome<Value>>) => Promise<Outcome<Value>>

function createQueue(): Queued {
  let last: Promise<unknown> = Promise.resolve()
  return (signal, work) => {
    const turn = last.then(() =>
      signal.aborted ? { kind: 'unknown' as const, tool: 'tgtadm', detail: 'the time limit passed in the queue' } : work(),
    )
    last = turn
    return turn
  }
}
