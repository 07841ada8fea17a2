/**
 * A register that this member is taking over, and what those who had it have said.
 *
 * Lost in a crash: a member that has not taken a register over does not vote there, and begins again.
 */
import type { PeerId } from '../../model/ids.ts'
import type { Memory } from '../../register/memory.ts'

/** A register that this member takes over, from those who had it. */
export interface Installing {
  readonly group: number
  /** Who is asked, and how many of them must answer. */
  readonly from: readonly PeerId[]
  readonly needed: number
  readonly seal: boolean
  readonly answers: Map<PeerId, Memory>
}
