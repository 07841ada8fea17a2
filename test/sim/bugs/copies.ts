/** Owners that forget that a volume is being copied, or that it began as a copy: planted bugs 34 and 35. */
import type { Owned } from '../../../lib/flows/owner/owned.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import type { Json } from '../../../lib/model/json.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import { ownedIn } from '../checkers/stored.ts'
import { type Bug, type Entries, UNDISTORTED } from './distortion.ts'

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

/** After a crash a copy that was not made yet is made as an empty volume. */
export const beginEmpty: Bug = {
  number: 35,
  title: 'after a crash a copy begins empty',
  distortion: () => ({
    ...UNDISTORTED,
    restored: (entries: Entries): Entries => entries.map(([key, value]) => [key, withoutSource(key, value)]),
  }),
}

function withoutSource(key: string, value: Json): Json {
  const owned = key.startsWith('volume/') ? ownedIn(value) : null
  if (owned === null || !isOpen(owned)) return value
  return JSON.parse(JSON.stringify({ ...owned, volume: { ...owned.volume, source: null } })) as Json
}
