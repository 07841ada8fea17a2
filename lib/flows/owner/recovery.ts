/**
 * A start that is under way: what this host used to know, by what the others remember of it.
 *
 * Lost in a crash: the next start asks anew.
 */
import type { PeerId, ProjectId } from '../../model/ids.ts'
import type { LogHead } from '../../model/log.ts'
import type { SeenVote } from '../../model/message.ts'
import type { OwnerLog } from '../../replica/log.ts'
import type { FoundHere } from '../step.ts'

/** A start in progress: what this host used to know, by what the others remember of it. */
export interface Recovery {
  readonly ref: string
  readonly answers: Map<PeerId, Recalled>
  /** This host's log as the others hold it. */
  readonly own: OwnerLog
  /** What lies on this host, once it was listed. */
  found: FoundHere | null
  /** Nobody has answered for so long that a small cluster goes on without. */
  isAlone: boolean
  /** All have had the time to answer. */
  isLate: boolean
}

export interface Recalled {
  readonly head: LogHead | null
  readonly votes: readonly SeenVote[]
  readonly projects: readonly ProjectId[]
  readonly totals: readonly ProjectId[]
  readonly isLost: boolean
  readonly life: number
}
