/**
 * One register as it would be if there were only one copy of it and one change at a time: the real rules on a plain cell.
 *
 * Every change can be taken back, so that a search can try another order. The digest is equal for equal contents,
 * whatever the order in which they came to be.
 */
import type { Account } from '../../../lib/ledger/account.ts'
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { type Cell, emptyCell, putEntry, usedBy } from '../../../lib/model/cell.ts'
import type { PeerId, ProjectId, RequestId, VolumeId } from '../../../lib/model/ids.ts'
import { canonicalJson } from '../../../lib/model/json.ts'
import type { Binding, LedgerAnswer, LedgerChange, LedgerContents, LedgerEntry, LedgerPut, Unplaced } from '../../../lib/model/ledger.ts'
import type { Limits } from '../../../lib/model/quota.ts'
import { FOUNDING_TYPES } from '../founding.ts'
import type { Difference } from './register-traces.ts'

/** Of an entry: 64 bits, for a long search meets so many contents that two of 32 bits look alike. */
interface Hash {
  readonly high: number
  readonly low: number
}

/** What one change did: its answer, and how to take it back. */
export interface Applied {
  readonly answer: LedgerAnswer
  readonly isChanged: boolean
  readonly undo: readonly LedgerPut[]
}

export class RegisterModel {
  readonly #cell: Cell = emptyCell()
  readonly #account: Account
  /** Of entries, which are never changed, only replaced. */
  readonly #hashes = new WeakMap<LedgerEntry, Hash>()
  #high = 0
  #low = 0

  constructor(project: ProjectId, defaults: Limits) {
    this.#account = { project, cell: this.#cell, defaults, founding: FOUNDING_TYPES, isLost: () => true, hasLeft: () => true }
  }

  get digest(): string {
    return `${this.#high}.${this.#low}`
  }

  apply(change: LedgerChange): Applied {
    const { answer, puts } = evaluate(LEDGER_RULES, this.#account, change)
    const before = this.digest
    const undo: LedgerPut[] = []
    for (const put of puts) undo.unshift(this.#put(put))
    return { answer, isChanged: this.digest !== before, undo }
  }

  takeBack(undo: readonly LedgerPut[]): void {
    for (const put of undo) this.#put(put)
  }

  /** In what this answer and the cell differ. */
  difference({ bound, unplaced, used, intents }: LedgerContents): Difference {
    const known = new Map<RequestId, Binding | Unplaced>([...this.#cell.bound, ...this.#cell.unplaced])
    const seen = new Map<RequestId, Binding | Unplaced>([...bound, ...unplaced].map((entry) => [entry.rid, entry]))
    const here = usedBy(this.#cell)
    return {
      missing: [...seen.values()].filter((entry) => !isSame(known.get(entry.rid), entry)).map(named),
      surplus: [...known.values()].filter(({ rid }) => !seen.has(rid)).map(named),
      intended: intents.filter(({ volume }) => !this.#cell.intents.has(volume)).map(({ volume }) => volume),
      withdrawn: [...this.#cell.intents.keys()].filter((volume) => !intents.some((intent) => intent.volume === volume)),
      isUseOther: canonicalJson(here) !== canonicalJson(used),
    }
  }

  /** @returns the put that takes it back */
  #put(put: LedgerPut): LedgerPut {
    const before = this.#entry(put.key)
    if (before !== null) this.#mix(before)
    if (put.entry !== null) this.#mix(put.entry)
    putEntry(this.#cell, put)
    return { key: put.key, entry: before }
  }

  #entry(key: string): LedgerEntry | null {
    const { bound, unplaced, recent, closed, hosts, intents, gone, left } = this.#cell
    const { types, groupTypes, qos, defaultTypes, services, quotaClasses, users, projects, tokens } = this.#cell
    const at = key.indexOf('/')
    if (at < 0) return this.#limits(key)
    const name = key.slice(at + 1)
    switch (key.slice(0, at)) {
      case 'bound':
        return bound.get(name as RequestId) ?? null
      case 'unplaced':
        return unplaced.get(name as RequestId) ?? null
      case 'recent':
        return recent.get(name as RequestId) ?? null
      case 'closed':
        return closed.get(key) ?? null
      case 'host':
        return hosts.get(name as PeerId) ?? null
      case 'intent':
        return intents.get(name as VolumeId) ?? null
      case 'gone':
        return gone.get(name as VolumeId) ?? null
      case 'left':
        return left.get(name as VolumeId) ?? null
      case 'type':
        return types.get(name) ?? null
      case 'group-type':
        return groupTypes.get(name) ?? null
      case 'qos':
        return qos.get(name) ?? null
      case 'default-type':
        return defaultTypes.get(name as ProjectId) ?? null
      case 'service':
        return services.get(name) ?? null
      case 'quota-class':
        return quotaClasses.get(name) ?? null
      case 'user':
        return users.get(name) ?? null
      case 'project':
        return projects.get(name) ?? null
      case 'token':
        return tokens.get(name) ?? null
      default:
        throw new RangeError(`a register has no entry ${key}`)
    }
  }

  #limits(key: string): LedgerEntry | null {
    const { limits, defaults } = this.#cell
    if (key === 'limits') return limits === null ? null : { kind: 'limits', limits }
    return defaults === null ? null : { kind: 'defaults', ...defaults }
  }

  /** Twice the same is nothing. */
  #mix(entry: LedgerEntry): void {
    const { high, low } = this.#hash(entry)
    this.#high ^= high
    this.#low ^= low
  }

  #hash(entry: LedgerEntry): Hash {
    const known = this.#hashes.get(entry)
    if (known !== undefined) return known
    const text = textOf(entry)
    let high = 0x811c9dc5
    let low = 0x1b873593
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      high = Math.imul(high ^ code, 0x01000193)
      low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 13)
    }
    const hash = { high: spread(high), low: spread(low) }
    this.#hashes.set(entry, hash)
    return hash
  }
}

/** Of entries that differ in one character every bit differs by chance: their sums must not look alike. */
function spread(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/**
 * Whether two answers say the same. Lists in them have no order, and of several ended requests of one volume any may be
 * named.
 */
export function sameAnswer(a: LedgerAnswer, b: LedgerAnswer): boolean {
  if (a === b) return true
  if (a.kind === 'contents' && b.kind === 'contents') return sameContents(a.contents, b.contents)
  if (a.kind === 'bound' && b.kind === 'bound') return isSame(a.binding, b.binding)
  if (a.kind === 'ended' && b.kind === 'ended') return isSame(a.recent, b.recent)
  return a.kind === b.kind && canonicalJson(a) === canonicalJson(b)
}

function sameContents(a: LedgerContents, b: LedgerContents): boolean {
  if (a.bound.length !== b.bound.length || a.unplaced.length !== b.unplaced.length) return false
  if (canonicalJson(a.used) !== canonicalJson(b.used) || canonicalJson(a.limits) !== canonicalJson(b.limits)) return false
  if (a.ended?.volume !== b.ended?.volume) return false
  if (a.intents.length !== b.intents.length) return false
  return isSameSet(a.bound, b.bound) && isSameSet(a.unplaced, b.unplaced) && isSameSet(a.intents, b.intents)
}

function isSameSet(a: readonly LedgerEntry[], b: readonly LedgerEntry[]): boolean {
  if (a.length === 0) return true
  const texts = new Set(a.map(textOf))
  return b.every((entry) => texts.has(textOf(entry)))
}

/** Everything in which two entries of a history can differ. */
function textOf(entry: LedgerEntry): string {
  switch (entry.kind) {
    case 'bound':
      return `${entry.kind} ${entry.rid} ${entry.host} ${entry.reservation} ${entry.bodyHash} ${entry.atMs}`
    case 'recent':
      return `${entry.kind} ${entry.rid} ${entry.host} ${entry.reservation} ${entry.bodyHash} ${entry.atMs}`
    case 'unplaced':
      return `${entry.kind} ${entry.rid} ${entry.bodyHash} ${entry.atMs} ${entry.updatedAtMs} ${entry.spec.name} ${canonicalJson(entry.rejected)}`
    case 'closed':
      return `${entry.kind} ${entry.rid} ${entry.host} ${entry.reservation}`
    case 'host':
      return `${entry.kind} ${entry.host} ${entry.epoch} ${entry.seq} ${canonicalJson(entry.usage)} ${entry.isFinal}`
    case 'intent':
      return `${entry.kind} ${entry.volume} ${entry.rid} ${entry.host} ${entry.atMs}`
    case 'left':
      return `${entry.kind} ${entry.volume} ${entry.rid} ${entry.atMs}`
    case 'gone':
      return `${entry.kind} ${entry.volume} ${entry.host} ${entry.atMs}`
    case 'limits':
    case 'defaults':
    case 'quota-class':
    case 'type':
    case 'group-type':
    case 'qos':
    case 'default-type':
    case 'service':
    case 'user':
    case 'project':
    case 'token':
      return canonicalJson(entry)
  }
}

function isSame(a: LedgerEntry | undefined, b: LedgerEntry): boolean {
  return a === b || (a !== undefined && textOf(a) === textOf(b))
}

function named(entry: Binding | Unplaced): Difference['missing'][number] {
  return entry.kind === 'bound'
    ? { rid: entry.rid, host: entry.host, reservation: entry.reservation, volume: entry.volume }
    : { rid: entry.rid, host: null, reservation: null, volume: entry.spec.id }
}
