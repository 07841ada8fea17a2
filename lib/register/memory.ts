/** What members remember of a register, as one that takes it over is told. */
import { type Ballot, isAbove } from '../model/ballot.ts'
import type { LedgerEntry } from '../model/ledger.ts'

export interface Memory {
  readonly promised: Ballot | null
  readonly accepted: Ballot | null
  readonly value: readonly (readonly [string, LedgerEntry])[]
}

/** What was accepted under the highest ballot, and the highest ballot that was promised or accepted at all. */
export function newestOf(memories: readonly Memory[]): Memory {
  let newest: Memory = { promised: null, accepted: null, value: [] }
  let promised: Ballot | null = null
  for (const memory of memories) {
    if (isAbove(memory.accepted, newest.accepted)) newest = memory
    for (const ballot of [memory.promised, memory.accepted]) if (isAbove(ballot, promised)) promised = ballot
  }
  return { ...newest, promised }
}
