/** What members remember of a register, as one that takes it over is told. */
import { type Ballot, isAbove } from '../model/ballot.ts'
import type { PeerId } from '../model/ids.ts'
import type { LedgerEntry } from '../model/ledger.ts'
import { hearLife } from '../model/lives.ts'

export interface Memory {
  readonly promised: Ballot | null
  readonly accepted: Ballot | null
  readonly value: readonly (readonly [string, LedgerEntry])[]
  readonly lives: readonly (readonly [PeerId, number])[]
}

/** What was accepted under the highest ballot, the highest ballot that was promised or accepted at all, and each member's latest life. */
export function newestOf(memories: readonly Memory[]): Memory {
  let newest: Memory = { promised: null, accepted: null, value: [], lives: [] }
  let promised: Ballot | null = null
  const lives = new Map<PeerId, number>()
  for (const memory of memories) {
    if (isAbove(memory.accepted, newest.accepted)) newest = memory
    for (const [member, life] of memory.lives) hearLife(lives, member, life)
    for (const ballot of [memory.promised, memory.accepted]) if (isAbove(ballot, promised)) promised = ballot
  }
  return { ...newest, promised, lives: [...lives] }
}
