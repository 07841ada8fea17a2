/**
 * Whether what has come from a peer is taken: by the cluster and the manifest that it was sent under, and by who sent it.
 *
 * Nothing is taken from another cluster, from a host that is no member any more, or under an older manifest than the one
 * that holds here; whoever is behind is shown the manifest. What was sent under a newer one waits until that one holds: no
 * message is ever judged by one membership and carried out under another.
 */
import type { PeerId } from '../../model/ids.ts'
import { isMember, type Manifest } from '../../model/manifest.ts'

export type Judgement =
  | 'taken'
  | 'other-cluster'
  /** It left, or is lost; it is shown the manifest that says so. */
  | 'no-member'
  /** Dropped, and the sender shown the manifest. */
  | 'older'
  /** Kept until the manifest of that epoch holds here, which is asked for. */
  | 'newer'

export function judge(ours: Manifest, from: PeerId, { cluster, epoch }: { readonly cluster: string; readonly epoch: number }): Judgement {
  if (cluster !== ours.cluster) return 'other-cluster'
  // Under a newer manifest it may have become one.
  if (epoch > ours.epoch) return 'newer'
  if (!isMember(ours, from)) return 'no-member'
  return epoch < ours.epoch ? 'older' : 'taken'
}
