/**
 * A copy of one owner's log, taken in parts and believed only as a whole.
 *
 * Parts are staged until they add up to the digest of a head that the owner signed; then they take the place of what was
 * there, in one step. What does not add up is dropped and the log is asked for from its beginning. Two signed heads of
 * one position that differ are a fork: both are kept as evidence, and nothing of that epoch is taken any more.
 */
import type { VolumeId } from '../model/ids.ts'
import {
  appended,
  comparePositions,
  type LogHead,
  type LogPosition,
  type PublishedRecord,
  recordHash,
  xorHex,
  ZERO_HASH,
} from '../model/log.ts'
import type { PeerMessage } from '../model/message.ts'

export type Delta = Extract<PeerMessage, { kind: 'delta' }>
export type Position = Extract<PeerMessage, { kind: 'heads' }>['heads'][number]

/** Text of the records of one part; with the head it stays below 256 KiB. */
const PART_BYTES_MAX = 200 * 1024

interface Staged {
  readonly from: number
  readonly epoch: number
  readonly upTo: number
  readonly records: ReadonlyMap<VolumeId, PublishedRecord>
}

export interface OwnerLog {
  head: LogHead | null
  /** Newest record per volume, tombstones above the floor included. */
  records: Map<VolumeId, PublishedRecord>
  staged: Staged | null
  /** What is here did not add up to the next head: the log is wanted from its beginning. */
  isDoubted: boolean
  /** Two heads of one position, both signed by the owner. */
  fork: readonly [LogHead, LogHead] | null
}

export type Taken =
  /** `whole`: everything that was kept before goes. `gone`: records that the owner has collected. */
  | {
      readonly kind: 'applied'
      readonly head: LogHead
      readonly news: readonly PublishedRecord[]
      readonly gone: readonly VolumeId[]
      readonly whole: boolean
    }
  | { readonly kind: 'staged' }
  /** Known already, or older. */
  | { readonly kind: 'old' }
  /** The part does not follow what is here: say how far that goes, and get what is between. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'forked'; readonly fork: readonly [LogHead, LogHead] }
  | { readonly kind: 'refused'; readonly why: 'signature' | 'digest' | 'forked' }

export function newOwnerLog(): OwnerLog {
  return { head: null, records: new Map(), staged: null, isDoubted: false, fork: null }
}

/** @param isSigned whether the owner's key made the head's signature; asked only where it matters */
export function takeDelta(log: OwnerLog, delta: Delta, isSigned: (head: LogHead) => boolean): Taken {
  const { head, from } = delta
  const mine = log.head
  if (mine !== null && comparePositions(head, mine) <= 0) return compare(log, mine, head, isSigned)
  if (log.fork !== null && (head.epoch <= log.fork[0].epoch || from > 0)) return { kind: 'refused', why: 'forked' }
  if (!follows(log, delta)) return { kind: 'gap' }
  if (!isSigned(head)) return { kind: 'refused', why: 'signature' }

  const staged = stage(log, delta)
  if (staged.upTo < head.seq) {
    log.staged = staged
    return { kind: 'staged' }
  }
  log.staged = null
  const base = from === 0 ? newOwnerLog() : log
  const gone = collected(base, staged, head)
  if (digestOf(base, staged, gone) !== head.digest || breaksChain(log, delta)) {
    log.isDoubted = true
    return { kind: 'refused', why: 'digest' }
  }
  const news = [...staged.records.values()].sort((a, b) => a.seq - b.seq)
  log.records = base.records
  for (const record of news) log.records.set(record.id, record)
  for (const { id } of gone) log.records.delete(id)
  log.head = head
  log.isDoubted = false
  log.fork = null
  return { kind: 'applied', head, news, gone: gone.map(({ id }) => id), whole: from === 0 }
}

/** How far this copy goes, as another peer needs to know it to send the rest. */
export function positionOf(owner: LogHead['owner'], log: OwnerLog): Position {
  const { head, staged } = log
  return {
    owner,
    epoch: head?.epoch ?? 0,
    seq: head?.seq ?? 0,
    chain: head?.chain.slice(0, 16) ?? '',
    whole: log.isDoubted || log.fork !== null,
    staged: staged === null ? null : { epoch: staged.epoch, from: staged.from, upTo: staged.upTo },
  }
}

/** What somebody at `theirs` lacks, in at most `partsMax` parts; the rest follows when they have said how far they came. */
export function deltasFor(log: OwnerLog, theirs: Position | null, partsMax: number): readonly Delta[] {
  const { head } = log
  if (head === null) return []
  const at: LogPosition = theirs ?? { epoch: 0, seq: 0 }
  const order = comparePositions(at, head)
  // Another history at the same place: show the head, so that both sides have the evidence.
  if (order === 0 && theirs !== null && theirs.chain !== head.chain.slice(0, 16))
    return [{ kind: 'delta', head, from: head.seq, after: head.seq, upTo: head.seq, more: false, records: [] }]
  if (order >= 0) return []

  const isPrefix = (at.epoch === head.epoch || at.seq <= head.since) && at.seq >= head.floor
  const base = isPrefix && theirs?.whole !== true ? at.seq : 0
  const staged = theirs?.staged ?? null
  const isResumable = staged !== null && staged.epoch === head.epoch && staged.from === base && staged.upTo >= head.floor
  return parts(log, head, base, isResumable ? staged.upTo : base, partsMax)
}

/** A head that is no news: only a different one of the same position says something. */
function compare(log: OwnerLog, mine: LogHead, head: LogHead, isSigned: (head: LogHead) => boolean): Taken {
  const isSame =
    comparePositions(head, mine) !== 0 || (head.chain === mine.chain && head.digest === mine.digest && head.floor === mine.floor)
  if (isSame || log.fork !== null) return { kind: 'old' }
  if (!isSigned(head)) return { kind: 'refused', why: 'signature' }
  log.fork = [mine, head]
  log.staged = null
  return { kind: 'forked', fork: log.fork }
}

/** True if the part begins where this copy ends: at its beginning, at its head, or where the part before it ended. */
function follows({ head: mine, staged, isDoubted }: OwnerLog, { head, from, after }: Delta): boolean {
  const continues = goesOn(staged, { head, from, after })
  if (from === 0) return after === 0 || continues
  if (mine === null || isDoubted || from > mine.seq || mine.seq < head.floor) return false
  const isPrefix = mine.epoch === head.epoch || mine.seq <= head.since
  return isPrefix && (after <= mine.seq || continues)
}

/** What has come already is of use for this head: it began at the same base, and does not go beyond it. */
function goesOn(staged: Staged | null, { head, from, after }: Pick<Delta, 'head' | 'from' | 'after'>): boolean {
  if (staged === null || staged.from !== from || staged.epoch !== head.epoch || staged.upTo > head.seq) return false
  return after >= from && after <= staged.upTo
}

function stage(log: OwnerLog, { head, from, after, upTo, records }: Delta): Staged {
  const before = log.staged
  const continues = before !== null && goesOn(before, { head, from, after }) && after > from
  const staged = new Map(continues ? before.records : [])
  const known = from === 0 ? 0 : (log.head?.seq ?? 0)
  for (const record of records) if (record.seq > known && record.seq > (staged.get(record.id)?.seq ?? 0)) staged.set(record.id, record)
  return { from, epoch: head.epoch, upTo: Math.max(upTo, continues ? before.upTo : 0), records: staged }
}

/** Tombstones that the head's floor has risen above. */
function collected(base: OwnerLog, staged: Staged, head: LogHead): readonly PublishedRecord[] {
  if (head.floor <= (base.head?.floor ?? 0)) return []
  const newest = [...base.records.values()].filter((record) => !staged.records.has(record.id))
  return [...newest, ...staged.records.values()].filter((record) => record.volume === null && record.seq <= head.floor)
}

/** What base and staged records add up to once `gone` is taken out. */
function digestOf(base: OwnerLog, staged: Staged, gone: readonly PublishedRecord[]): string {
  let digest = base.head?.digest ?? ZERO_HASH
  for (const record of staged.records.values()) {
    const before = base.records.get(record.id)
    if (before !== undefined) digest = xorHex(digest, recordHash(before))
    digest = xorHex(digest, recordHash(record))
  }
  for (const record of gone) digest = xorHex(digest, recordHash(record))
  return digest
}

/** Entries without a gap must also link to the chain; with records left out, the digest alone speaks. */
function breaksChain({ head: mine }: OwnerLog, { head, after, records }: Delta): boolean {
  if (mine === null || mine.epoch !== head.epoch || after !== mine.seq || records.length !== head.seq - after) return false
  let state = { ...mine, seq: after }
  for (const record of records) state = { ...state, ...appended(state, recordHash(record), null) }
  return state.chain !== head.chain
}

function parts(log: OwnerLog, head: LogHead, from: number, after: number, partsMax: number): readonly Delta[] {
  const missing = [...log.records.values()].filter((record) => record.seq > after).sort((a, b) => a.seq - b.seq)
  const made: Delta[] = []
  let records: PublishedRecord[] = []
  let bytes = 0
  let at = after
  const close = (upTo: number): void => {
    made.push({ kind: 'delta', head, from, after: at, upTo, more: upTo < head.seq && made.length + 1 >= partsMax, records })
    records = []
    bytes = 0
    at = upTo
  }
  for (const record of missing) {
    const size = JSON.stringify(record).length
    const last = records.at(-1)
    if (last !== undefined && bytes + size > PART_BYTES_MAX) {
      close(last.seq)
      if (made.length >= partsMax) return made
    }
    records.push(record)
    bytes += size
  }
  close(head.seq)
  return made
}
