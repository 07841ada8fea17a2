/** Owners that forget that a volume is being copied, or that it began as a copy: planted bugs 34 and 35. */
import type { Owned } from '../../../lib/flows/owner/owned.ts'
import type { Effect } from '../../../lib/flows/step.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

const isOpen = ({ step, volume }: Owned): boolean => volume.source !== null && (step === 'reserved' || step === 'committed')

/** Whoever wants to delete what is being copied is let do so. */
export const deleteTheSource: Bug = {
  number: 34,
  title: 'the source of a copy is deleted meanwhile',
  distortion: () => {
    const hidden = new Map<VolumeId, Owned>()
    return {
      ...UNDISTORTED,
      event(event, { peer }) {
        const isDelete =
          event.kind === 'message' && event.message.kind === 'operate' && event.message.request.operation.kind.startsWith('delete')
        if (isDelete && peer !== null) hide(peer, hidden)
        return event
      },
      step(step, _event, { peer }) {
        for (const [id, owned] of hidden) peer?.owned.set(id, owned)
        hidden.clear()
        return step
      },
    }
  },
}

function hide(peer: Peer, hidden: Map<VolumeId, Owned>): void {
  for (const [id, owned] of peer.owned) if (isOpen(owned)) hidden.set(id, owned)
  for (const id of hidden.keys()) peer.owned.delete(id)
}

/** A copy that has to be made once more is made as an empty volume. */
export const beginEmpty: Bug = {
  number: 35,
  title: 'a copy that is tried again begins empty',
  distortion: () => ({
    ...UNDISTORTED,
    step: (step, event) => (event.kind === 'backend' ? { ...step, effects: step.effects.map(emptied) } : step),
  }),
}

function emptied(effect: Effect): Effect {
  if (effect.kind !== 'backend' || effect.call.kind !== 'copy') return effect
  const { volume, tags } = effect.call
  return { ...effect, call: { kind: 'create', volume, tags } }
}
