/** What a host's hands are given to do, and what they report of it. */
import { type BackendCall, type PeerEvent, queueOf, type TargetCall } from '../../lib/flows/step.ts'
import type { VolumeId } from '../../lib/model/ids.ts'

export type Job =
  | { readonly kind: 'backend'; readonly job: string; readonly volume: VolumeId; readonly call: BackendCall }
  | { readonly kind: 'target'; readonly job: string; readonly volume: VolumeId; readonly call: TargetCall }

/** In whose turn it is done. */
export const turnOf = ({ volume, call }: Job): VolumeId => queueOf(volume, call)

/** How a job ended, as far as anybody can tell. */
export type Report = Extract<PeerEvent, { kind: 'backend' | 'target' }>
