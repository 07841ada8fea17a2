/**
 * Exports through LIO, the target of the kernel, over configfs.
 *
 * The kernel keeps its targets in memory alone: after a boot there are none, and the agent exports again what its
 * journal holds. What was exposed here is remembered, so that `list` can tell a whole export from one that somebody has
 * taken a piece out of.
 */
import type { Log } from '../../../lib/ports/log.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { ExportSpec, Target } from '../../../lib/ports/target.ts'
import { CONFIGFS_ROOT } from './configfs.ts'
import { createHand } from './hand.ts'

export interface LioTargetOptions {
  /** `ip:port` that initiators connect to: an address of this host. */
  readonly portal: string
  readonly log: Log
  /** Where the kernel's targets are. */
  readonly root?: string
}

export interface LioTarget extends Target {
  stop(): Promise<void>
}

export function createLioTarget({ portal, log, root = CONFIGFS_ROOT }: LioTargetOptions): LioTarget {
  const hand = createHand({ root, portal })
  const known = new Map<string, ExportSpec>()
  return {
    portal,
    followsGrowth: true,
    async expose(spec, signal) {
      const startedMs = performance.now()
      const outcome = emptied(await hand.call({ kind: 'expose', spec, known: known.get(spec.iqn) ?? null }, signal))
      if (outcome.kind === 'ok') {
        known.set(spec.iqn, spec)
        log.info('export-made', { iqn: spec.iqn, ms: Math.round(performance.now() - startedMs) })
      }
      return outcome
    },
    async fence(iqn, signal) {
      known.delete(iqn)
      const outcome = emptied(await hand.call({ kind: 'fence', iqn }, signal))
      if (outcome.kind === 'ok') log.info('export-fenced', { iqn })
      else log.error('export-not-fenced', { iqn, outcome: outcome.kind, detail: outcome.detail })
      return outcome
    },
    async list(signal) {
      const outcome = await hand.call({ kind: 'list', known: [...known.values()] }, signal)
      if (outcome.kind !== 'ok') return outcome
      for (const { iqn, damage } of outcome.value) if (damage !== null) log.warn('export-damaged', { iqn, missing: damage })
      return done(outcome.value.filter(({ damage }) => damage === null).map(({ iqn }) => iqn))
    },
    stop: () => hand.stop(),
  }
}

function emptied(outcome: Outcome<unknown>): Outcome<void> {
  return outcome.kind === 'ok' ? done(undefined) : outcome
}
