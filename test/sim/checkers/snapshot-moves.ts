/** A snapshot's life as Cinder has it: which status may follow which. It begins and ends within its volume's record. */
import type { Snapshot, SnapshotStatus } from '../../../lib/model/snapshot.ts'
import { Violation } from '../violation.ts'

const MOVES: Readonly<Record<SnapshotStatus | 'none', readonly (SnapshotStatus | 'none')[]>> = {
  none: ['creating'],
  creating: ['available', 'error'],
  available: ['restoring', 'deleting', 'unmanaging'],
  restoring: ['available'],
  deleting: ['none', 'error_deleting'],
  unmanaging: ['none', 'available'],
  error: ['deleting', 'unmanaging'],
  error_deleting: ['deleting'],
}

export function checkSnapshots(before: readonly Snapshot[], after: readonly Snapshot[]): void {
  if (before === after) return
  for (const id of new Set([...before, ...after].map((snapshot) => snapshot.id))) {
    const was = before.find((snapshot) => snapshot.id === id)
    const is = after.find((snapshot) => snapshot.id === id)
    const [from, to] = [was?.status ?? 'none', is?.status ?? 'none'] as const
    if (from !== to && !MOVES[from].includes(to)) throw new Violation('states', `a snapshot went from ${from} to ${to}`, { was, is })
    if (was !== undefined && is !== undefined && (was.sizeGiB !== is.sizeGiB || was.rid !== is.rid))
      throw new Violation('states', 'a snapshot became another one', { was, is })
  }
}
