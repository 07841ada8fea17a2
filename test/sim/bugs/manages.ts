/** Owners that do not let lie what lies there: planted bugs 38 to 40. */
import type { Effect } from '../../../lib/flows/step.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** A volume that is given back goes the way of one that is deleted. */
export const removeInsteadOfRelease: Bug = {
  number: 38,
  title: 'what is unmanaged is removed',
  distortion: () => ({
    ...UNDISTORTED,
    step: ({ batch, effects }) => ({
      batch,
      effects: effects.map((effect): Effect => {
        const isRelease = effect.kind === 'backend' && effect.call.kind === 'release'
        return isRelease ? { ...effect, call: { kind: 'remove', volume: effect.volume } } : effect
      }),
    }),
  }),
}

/** Room is set aside, and what lies there is taken at once, whatever the register will say. */
export const takeAtReserve: Bug = {
  number: 39,
  title: 'what lies there is taken in when the room is set aside',
  distortion: () => ({
    ...UNDISTORTED,
    step({ batch, effects }, event, { peer }) {
      const spec = event.kind === 'message' && event.message.kind === 'reserve' ? event.message.spec : null
      const owned = spec === null ? undefined : peer?.owned.get(spec.id)
      if (spec?.source?.kind !== 'existing' || owned?.step !== 'reserved') return { batch, effects }
      const volume = { id: spec.id, pool: 'p', sizeBytes: spec.sizeGiB * 1024 ** 3 }
      const call = { kind: 'adopt', volume, name: spec.source.name, tags: { project: spec.project, rid: owned.volume.rid } } as const
      return { batch, effects: [...effects, { kind: 'backend', job: 'early', volume: spec.id, call }] }
    },
  }),
}

/** What was given back counts as free until the pool is measured again. */
export const freeWhatIsGivenBack: Bug = {
  number: 40,
  title: 'the room of what was unmanaged is promised to others',
  distortion: () => ({
    ...UNDISTORTED,
    event(event, { peer }) {
      peer?.leaving.splice(0)
      return event
    },
  }),
}
