/**
 * What a project's register decides, one function a change; evaluated inside the compare-and-set.
 *
 * A decision is never changed: a request that is bound stays bound to its host, one that found no room stays unplaced,
 * one that ended stays ended. Use is counted from what is there each time and never kept as a number, so that it cannot
 * drift. The functions are a table so that the simulator can put a wrong one in its place and prove that it notices.
 */
import { type Cell, closedKey, drop, put, unplacedVolume, usedBy } from '../model/cell.ts'
import type { ProjectId, RequestId, VolumeId } from '../model/ids.ts'
import { assertNever } from '../model/invariant.ts'
import type { Binding, Closed, LedgerAnswer, LedgerChange, LedgerPut, Recent } from '../model/ledger.ts'
import type { Limits, Usage } from '../model/quota.ts'
import { editText } from '../model/text-edit.ts'

export interface Verdict {
  readonly puts: readonly LedgerPut[]
  readonly answer: LedgerAnswer
}

/** What a rule may read. `defaults`: limits of a project that has none of its own. */
export interface Account {
  readonly project: ProjectId
  readonly cell: Cell
  readonly defaults: Limits
}

type Change<Kind extends LedgerChange['kind']> = Extract<LedgerChange, { kind: Kind }>

export interface LedgerRules {
  bind(account: Account, change: Change<'bind'>): Verdict
  unplace(account: Account, change: Change<'unplace'>): Verdict
  resolve(account: Account, change: Change<'resolve'>): Verdict
  fold(account: Account, change: Change<'fold'>): Verdict
  edit(account: Account, change: Change<'edit-unplaced'>): Verdict
}

/** Requests that ended, and reservations that were closed, are remembered this long. */
const REMEMBER_MS = 24 * 60 * 60 * 1000
/** And at most this many of each, the oldest go first: a register must fit in one message. */
const REMEMBER_MAX = 8192

export const LEDGER_RULES: LedgerRules = {
  /** Decided already, then closed, then over quota, then bound: in this order. */
  bind(account, { binding }) {
    const decision = decided(account.cell, binding.rid, binding.volume, binding.bodyHash)
    if (decision !== null) return answer(decision)
    if (account.cell.closed.has(closedKey({ rid: binding.rid, host: binding.host, reservation: binding.reservation }))) {
      return answer({ kind: 'closed' })
    }
    const over = overQuota(account, binding.delta, binding.sizeGiB)
    if (over !== null) return answer(over)
    return { puts: [put(binding)], answer: { kind: 'bound', binding } }
  },

  unplace(account, { unplaced }) {
    const decision = decided(account.cell, unplaced.rid, unplaced.spec.id, unplaced.bodyHash)
    if (decision !== null) return answer(decision)
    const over = overQuota(account, unplaced.delta, unplaced.spec.sizeGiB)
    if (over !== null) return answer(over)
    return { puts: [put(unplaced)], answer: { kind: 'unplaced', unplaced } }
  },

  /** Bound to this reservation: build. Else it is closed, and a BIND that is still on its way finds that. */
  resolve({ cell }, { rid, host, reservation, atMs }) {
    const binding = cell.bound.get(rid) ?? cell.recent.get(rid)
    if (binding !== undefined && binding.host === host && binding.reservation === reservation) return answer({ kind: 'bound', binding })
    const closed: Closed = { kind: 'closed', rid, host, reservation, atMs }
    if (cell.closed.has(closedKey(closed))) return answer({ kind: 'closed' })
    return { puts: [put(closed)], answer: { kind: 'closed' } }
  },

  /** Takes over a host's own totals and lets go of the grants that they contain. Older totals than known change nothing. */
  fold({ cell }, { totals, settled, atMs }) {
    const known = cell.hosts.get(totals.host)
    if (known !== undefined && (known.epoch > totals.epoch || (known.epoch === totals.epoch && known.seq >= totals.seq))) {
      return answer({ kind: 'folded', seq: known.seq })
    }
    const grants = settled.map((rid) => cell.bound.get(rid)).filter((binding): binding is Binding => binding?.host === totals.host)
    const puts = [put(totals), ...grants.flatMap((binding) => [drop(binding), put(ended(binding, atMs))]), ...forgotten(cell, atMs)]
    return { puts, answer: { kind: 'folded', seq: totals.seq } }
  },

  edit({ cell }, { volume, edit, atMs }) {
    const unplaced = unplacedVolume(cell, volume)
    if (unplaced === null) return answer({ kind: 'absent' })
    if (edit.kind === 'delete') {
      const recent: Recent = { kind: 'recent', rid: unplaced.rid, volume, bodyHash: unplaced.bodyHash, host: null, reservation: null, atMs }
      return { puts: [drop(unplaced), put(recent)], answer: { kind: 'ended', recent } }
    }
    const edited = { ...unplaced, updatedAtMs: atMs, spec: editText(unplaced.spec, edit) }
    return { puts: [put(edited)], answer: { kind: 'edited', unplaced: edited } }
  },
}

/** Evaluates one change on a register. */
export function evaluate(rules: LedgerRules, account: Account, change: LedgerChange): Verdict {
  switch (change.kind) {
    case 'bind':
      return rules.bind(account, change)
    case 'unplace':
      return rules.unplace(account, change)
    case 'resolve':
      return rules.resolve(account, change)
    case 'fold':
      return rules.fold(account, change)
    case 'edit-unplaced':
      return rules.edit(account, change)
    case 'read':
      return answer(contents(account, change.volume))
    default:
      return assertNever(change)
  }
}

/** What was decided for this request before, if anything. */
function decided(cell: Cell, rid: RequestId, volume: VolumeId, bodyHash: string): LedgerAnswer | null {
  const earlier = cell.bound.get(rid) ?? cell.unplaced.get(rid) ?? cell.recent.get(rid)
  if (earlier === undefined) return null
  if (earlier.bodyHash !== bodyHash) return { kind: 'mismatch', volume }
  switch (earlier.kind) {
    case 'bound':
      return { kind: 'bound', binding: earlier }
    case 'unplaced':
      return { kind: 'unplaced', unplaced: earlier }
    case 'recent':
      return earlier.host === null ? { kind: 'ended', recent: earlier } : { kind: 'bound', binding: earlier }
  }
}

/** The limit that `delta` would break, the total size before the count, as Cinder reports them. */
function overQuota(account: Account, delta: Usage, sizeGiB: number): LedgerAnswer | null {
  const limits = account.cell.limits ?? account.defaults
  const used = usedBy(account.cell)
  const over = (resource: keyof Limits, limit: number, inUse: number, requested: number): LedgerAnswer | null =>
    limit >= 0 && requested > 0 && inUse + requested > limit ? { kind: 'over-quota', resource, limit, used: inUse, requested } : null
  return (
    over('per_volume_gigabytes', limits.per_volume_gigabytes, 0, sizeGiB) ??
    over('gigabytes', limits.gigabytes, used.gigabytes, delta.gigabytes) ??
    over('volumes', limits.volumes, used.volumes, delta.volumes)
  )
}

function contents(account: Account, volume: VolumeId | null): LedgerAnswer {
  const { cell, project, defaults } = account
  let endedRequest: Recent | null = null
  if (volume !== null) for (const recent of cell.recent.values()) if (recent.volume === volume) endedRequest = recent
  return {
    kind: 'contents',
    contents: {
      bound: [...cell.bound.values()],
      unplaced: [...cell.unplaced.values()],
      limits: cell.limits ?? defaults,
      used: usedBy(cell),
      project,
      ended: endedRequest,
    },
  }
}

function ended(binding: Binding, atMs: number): Recent {
  const { rid, volume, bodyHash, host, reservation } = binding
  return { kind: 'recent', rid, volume, bodyHash, host, reservation, atMs }
}

/** Memories that are a day old, or the oldest of too many. */
function forgotten(cell: Cell, atMs: number): LedgerPut[] {
  return [...tooOld([...cell.recent.values()], atMs), ...tooOld([...cell.closed.values()], atMs)]
}

function tooOld(entries: readonly (Recent | Closed)[], atMs: number): LedgerPut[] {
  const excess = entries.length - REMEMBER_MAX
  const limit = excess > 0 ? (entries.map((entry) => entry.atMs).sort((a, b) => a - b)[excess - 1] ?? 0) : 0
  const oldest = Math.max(limit, atMs - REMEMBER_MS)
  return entries.filter((entry) => entry.atMs <= oldest).map(drop)
}

function answer(of: LedgerAnswer): Verdict {
  return { puts: [], answer: of }
}
