/** Hosts that come and go, and are not taken for what they are: planted bugs 28 to 31. */
import type { LedgerRules } from '../../../lib/ledger/rules.ts'
import { addUsage, lessUsage } from '../../../lib/model/quota.ts'
import { type Bug, type Distortion, UNDISTORTED } from './distortion.ts'

/** A volume of a lost host goes, and its register takes its size off again at every other one. */
export const freeTwice: Bug = {
  number: 28,
  title: 'what a lost host held is freed twice',
  distortion: () =>
    withForget((rules) => (account, change) => {
      const verdict = rules.forget(account, change)
      const gone = change.records.find(({ volume }) => volume === change.volume)?.usage ?? null
      const puts = verdict.puts.map((put) => {
        if (put.entry?.kind !== 'host' || gone === null) return put
        return { ...put, entry: { ...put.entry, usage: addUsage(put.entry.usage, lessUsage(gone)) } }
      })
      return { ...verdict, puts }
    }),
}

/** The grants of a lost host are let go of as soon as it is lost, and not when its log or its tenants say so. */
export const freeAtOnce: Bug = {
  number: 29,
  title: 'a lost host frees what it held',
  distortion: () => withForget((rules) => (account, change) => rules.forget(account, { ...change, records: [] })),
}

/** Whatever comes is taken, whoever sent it and under whichever manifest. */
export const anySender: Bug = {
  number: 30,
  title: 'messages of other clusters and of hosts that are out are taken',
  distortion: () => ({ ...UNDISTORTED, judge: (judgement) => (judgement === 'newer' ? judgement : 'taken') }),
}

/** A host that drains says that nothing is on it, whatever is. */
export const leaveFull: Bug = {
  number: 31,
  title: 'a host leaves with what it holds',
  distortion: () => ({
    ...UNDISTORTED,
    step: (step) => ({
      ...step,
      effects: step.effects.map((effect) => (effect.kind === 'gossip' ? { ...effect, beat: { ...effect.beat, held: 0 } } : effect)),
    }),
  }),
}

function withForget(forget: (rules: LedgerRules) => LedgerRules['forget']): Distortion {
  return { ...UNDISTORTED, rules: (rules) => ({ ...rules, forget: forget(rules) }) }
}
