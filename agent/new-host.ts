/**
 * Tells a host that never ran from one that has lost its memory: both start with an empty journal.
 *
 * `init` and `join` leave a marker when they make the identity. It goes when the first batch is durable, and before anybody
 * sees what that batch says: whoever has spoken once is never taken for new again.
 */
import type { Journal } from '../lib/ports/journal.ts'
import type { OpenedJournal } from './store/journal.ts'
import { isThere, removeDurably } from './system/durable-file.ts'

/** True if nothing was ever written here: there is a marker, and no journal before this one. */
export async function isNewHost(marker: string, journal: Pick<OpenedJournal, 'entries' | 'setAside'>): Promise<boolean> {
  if (!(await isThere(marker))) return false
  if (journal.entries().length === 0 && journal.setAside.length === 0) return true
  // A crash came between the first batch and the removal.
  await removeDurably(marker)
  return false
}

/** The journal of a new host: its first batch takes the marker away before it counts as written. */
export function withMarker(journal: Journal, marker: string): Journal {
  let removal: Promise<void> | null = null
  return {
    entries: () => journal.entries(),
    async write(batch) {
      await journal.write(batch)
      removal ??= removeDurably(marker)
      await removal
    },
    close: () => journal.close(),
  }
}
