/** What clients were promised, and what must not have happened: kept by the workers, read by the audit. */

/** A volume as its client knows it: what the last answer about it said. */
export interface Promised {
  readonly id: string
  readonly name: string
  readonly key: string | null
  sizeGiB: number
  description: string
  attachment: string | null
  /** `deleted`: the delete was answered. */
  state: 'live' | 'deleted' | 'error'
}

/**
 * - `lost`: promised, and not so (any more)
 * - `doubled`: done twice
 * - `leaked`: there, and nobody's
 * - `wrong`: anything else that must not be
 */
export type FindingKind = 'lost' | 'doubled' | 'leaked' | 'wrong'

export interface Finding {
  readonly kind: FindingKind
  readonly text: string
  /** What logs call it: ids, targets, names of hosts. */
  readonly about: readonly string[]
}

export function finding(kind: FindingKind, text: string, ...about: readonly string[]): Finding {
  return { kind, text, about }
}

export interface Counts {
  created: number
  repeated: number
  open: number
  shown: number
  updated: number
  attached: number
  detached: number
  extended: number
  deleted: number
  refused: number
  retries: number
}

export interface Ledger {
  readonly promised: Promised[]
  /** Names of creates without a key that nobody answered: none or one volume each. */
  readonly open: Set<string>
  readonly surprises: Finding[]
  readonly counts: Counts
  /** Answers that made a client ask again, by their reason. */
  readonly laters: Map<string, number>
  /** The wish that took longest from its first try to its answer, in words. */
  slowest: { text: string; tookMs: number }
}

export function newLedger(): Ledger {
  const counts: Counts = {
    created: 0,
    repeated: 0,
    open: 0,
    shown: 0,
    updated: 0,
    attached: 0,
    detached: 0,
    extended: 0,
    deleted: 0,
    refused: 0,
    retries: 0,
  }
  return { promised: [], open: new Set(), surprises: [], counts, laters: new Map(), slowest: { text: 'none', tookMs: 0 } }
}

/** One line: operations by kind, as they were answered. */
export function countsText({ counts, laters, slowest }: Ledger): string {
  const { created, repeated, open, shown, updated, attached, detached, extended, deleted, refused, retries } = counts
  return (
    `${created} creates answered (${repeated} asked twice, ${open} without a key unanswered), ${shown} shows, ${updated} updates, ` +
    `${attached} attaches, ${detached} detaches, ${extended} extends, ${deleted} deletes, ` +
    `${refused} refused for want of a target, ${retries} retries (${[...laters].map(([reason, count]) => `${count} ${reason}`).join(', ')}); slowest: ${slowest.text}, ${(slowest.tookMs / 1000).toFixed(1)} s`
  )
}
