/** What a rule of a register may read, and what it answers. */
import type { Cell } from '../model/cell.ts'
import type { PeerId, ProjectId } from '../model/ids.ts'
import type { LedgerAnswer, LedgerPut } from '../model/ledger.ts'
import type { Limits } from '../model/quota.ts'
import type { VolumeType } from '../model/volume-type.ts'

export interface Account {
  readonly project: ProjectId
  readonly cell: Cell
  /** Limits that the cluster was founded with. */
  readonly defaults: Limits
  /** Volume types that the cluster was founded with. */
  readonly founding: readonly VolumeType[]
  /** Whether the manifest says that a host is lost for good. */
  isLost(host: PeerId): boolean
  /** Whether it says that a host was a member, and left. */
  hasLeft(host: PeerId): boolean
}

export interface Verdict {
  readonly puts: readonly LedgerPut[]
  readonly answer: LedgerAnswer
}
