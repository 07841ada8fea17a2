/**
 * What an owner has done and has still to tell: the registers, and whoever asked for it.
 *
 * What the registers have to hear is in the journal. An answer that was not given is lost in a crash; its client asks again.
 */
import type { PeerId, ProjectId, RequestId } from '../../model/ids.ts'
import type { OperationReply } from '../../model/request.ts'

/** `isAgain`: not a request, but that the totals are to be told once more, after the register was read. */
export interface Settled {
  readonly project: ProjectId
  readonly seq: number
  readonly isAgain: boolean
}

/** An answer that waits until the other peers have seen what it tells of. */
export interface Unseen {
  readonly seq: number
  readonly waiting: Set<PeerId>
  readonly to: PeerId
  readonly rid: RequestId
  readonly reply: OperationReply | 'committed'
}
