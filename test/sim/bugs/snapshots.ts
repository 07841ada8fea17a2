/** Owners and registers that lose sight of snapshots: planted bugs 26 and 27. */
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
