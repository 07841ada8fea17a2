/** Owners that lose sight of what is in a group: planted bugs 51 and 52. */
import { type Bug, UNDISTORTED } from './distortion.ts'

/** Of those that are in a group one is overlooked when it is deleted. */
export const leaveOneBehind: Bug = {
  number: 51,
  title: 'a group is deleted without one of its volumes',
  distortion: () => ({
    ...UNDISTORTED,
    event(event, { peer }) {
      if (peer === null || event.kind !== 'message' || event.message.kind !== 'operate') return event
      const { operation, volume: id } = event.message.request
      const member = [...peer.owned.values()].find(({ volume }) => volume.group === id)
      if (operation.kind !== 'delete' || member === undefined) return event
      const { group: _, ...alone } = member.volume
      peer.owned.set(alone.id, { ...member, volume: alone })
      return event
    },
  }),
}

/** The register is asked for less than the parts of a group snapshot take. */
export const grantOnePart: Bug = {
  number: 52,
  title: 'of a group snapshot one part alone is granted',
  distortion: () => ({
    ...UNDISTORTED,
    step: (step) => ({
      ...step,
      effects: step.effects.map((effect) => {
        if (effect.kind !== 'send' || effect.message.kind !== 'reserved' || effect.message.members === undefined) return effect
        const { delta } = effect.message
        return { ...effect, message: { ...effect.message, delta: { ...delta, snapshots: 1, gigabytes: 1 } } }
      }),
    }),
  }),
}
