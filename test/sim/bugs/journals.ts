/** Journals that promise more than they keep: planted bugs 1, 6, 8 and 9. */
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { Json } from '../../../lib/model/json.ts'
import type { JournalOp } from '../../../lib/ports/journal.ts'
import type { Manner } from '../crash/manner.ts'
import { JournalDisk } from '../disk.ts'
import { hostIn } from '../checkers/stored.ts'
import { type Bug, UNDISTORTED } from './distortion.ts'

/** Says that a batch is durable as soon as it was handed over. */
class UnsyncedJournal extends JournalDisk {
  override write(batch: readonly JournalOp[], onDurable: () => void): boolean {
    const isWritten = super.write(batch, () => {})
    if (isWritten) onDurable()
    return isWritten
  }
}

/** Goes on after the first error, as LevelDB does: everything after it is acknowledged, and gone at the next start. */
class DeafJournal extends JournalDisk {
  #isBroken = false

  override write(batch: readonly JournalOp[], onDurable: () => void): boolean {
    if (!this.#isBroken && super.write(batch, onDurable)) return true
    this.#isBroken = true
    this.isFull = false
    onDurable()
    return true
  }

  override crash(manner?: Manner): void {
    super.crash(manner)
    this.#isBroken = false
  }
}

/** Reads whatever is there. */
class TrustingJournal extends JournalDisk {
  protected override seesDamage(): boolean {
    return false
  }
}

export const noChain: Bug = {
  number: 8,
  title: 'no chain check',
  distortion: () => ({ ...UNDISTORTED, journal: (options) => new TrustingJournal(options) }),
}

export const noSync: Bug = {
  number: 1,
  title: 'no fsync',
  distortion: () => ({ ...UNDISTORTED, journal: (options) => new UnsyncedJournal(options) }),
}

export const onAfterError: Bug = {
  number: 9,
  title: 'go on after a journal error',
  distortion: () => ({ ...UNDISTORTED, journal: (options) => new DeafJournal(options) }),
}

export const sameEpoch: Bug = {
  number: 6,
  title: 'no epoch bump',
  distortion: () => ({
    ...UNDISTORTED,
    restored: (entries) => entries.map(([key, value]) => [key, key === 'host' ? earlier(value) : value] as const),
    event: unheard,
  }),
}

/** The start adds one to the epoch that it reads… */
function earlier(host: Json): Json {
  return JSON.parse(JSON.stringify({ ...hostIn(host), epoch: hostIn(host).epoch - 1 }))
}

/** …or to a later one that the others tell it of. */
function unheard(event: PeerEvent): PeerEvent {
  if (event.kind !== 'message' || event.message.kind !== 'recalled') return event
  return { ...event, message: { ...event.message, head: null } }
}
