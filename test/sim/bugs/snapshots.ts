/** Owners and registers that lose sight of snapshots, and of what is theirs: planted bugs 26, 27 and 48. */
import type { Effect } from '../../../lib/flows/step.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** The owner does not look whether a volume has snapshots before it deletes it. */
export const deleteWithSnapshots: Bug = {
  number: 26,
  title: 'a volume is deleted although it has a snapshot',
  distortion: () => ({
    ...UNDISTORTED,
    event(event, { peer }) {
      if (event.kind !== 'message' || event.message.kind !== 'operate') return event
      const { operation, volume } = event.message.request
      const owned = peer?.owned.get(volume)
      if (operation.kind === 'delete' && owned !== undefined) {
        peer?.owned.set(volume, { ...owned, volume: { ...owned.volume, snapshots: [] } })
      }
      return event
    },
  }),
}

/** The grant of a snapshot is let go, and the totals that take its place do not contain it. */
export const totalsWithoutSnapshots: Bug = {
  number: 27,
  title: 'totals leave snapshots out',
  distortion: () => ({
    ...UNDISTORTED,
    rules: (rules) => ({
      ...rules,
      fold: (account, change) => {
        const { totals } = change
        return rules.fold(account, { ...change, totals: { ...totals, usage: { ...totals.usage, snapshots: 0 } } })
      },
    }),
  }),
}

/** A snapshot that is given back goes the way of one that is deleted. */
export const removeInsteadOfGivingBack: Bug = {
  number: 48,
  title: 'a snapshot that is unmanaged is removed',
  distortion: () => ({
    ...UNDISTORTED,
    step: ({ batch, effects }) => ({
      batch,
      effects: effects.map((effect): Effect => {
        if (effect.kind !== 'backend' || effect.call.kind !== 'release-snapshot') return effect
        return { ...effect, call: { kind: 'remove-snapshot', snapshot: effect.call.snapshot } }
      }),
    }),
  }),
}
