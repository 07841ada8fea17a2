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
import { keepOpen } from './check.ts'
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
  let said: string | null = null
  /** Looks are frequent: what stays as it is is said once. */
  const sayOnce = (problem: string | null): void => {
    if (problem !== null && problem !== said) log.error('portal-not-open', { portal, problem })
    said = problem
  }
  return {
    portal,
    // tgtd reads the size of what it exports once.
    followsGrowth: false,
    expose: (spec, signal) =>
      queued(signal, async () => {
        const startedMs = performance.now()
        const outcome = await expose(tgtadm, spec, signal)
        if (outcome.kind === 'ok') log.info('export-made', { iqn: spec.iqn, ms: Math.round(performance.now() - startedMs) })
        return outcome
      }),
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
        sayOnce(await keepOpen(tgtadm, targets.value, portal))
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
