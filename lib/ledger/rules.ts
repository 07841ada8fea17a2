/**
 * What a project's register decides, one function a change; evaluated inside the compare-and-set.
 *
 * A decision is never changed: a request that is bound stays bound to its host, one that found no room stays unplaced,
 * one that ended stays ended. Use is counted from what is there each time and never kept as a number, so that it cannot
 * drift. The functions are a table so that the simulator can put a wrong one in its place and prove that it notices.
 */
import { type Cell, closedKey, drop, put, unplacedVolume, usedBy } from '../model/cell.ts'
import type { RequestId, SnapshotId, VolumeId } from '../model/ids.ts'
import { assertNever } from '../model/invariant.ts'
import type { Binding, Closed, LedgerAnswer, LedgerChange, LedgerPut, Left, Recent } from '../model/ledger.ts'
import { comparePositions } from '../model/log.ts'
import {
  addUsage,
  COUNTED_LIMITS,
  LIMITED_TYPES_MAX,
  type LimitName,
  type Limits,
  mergeLimits,
  NO_USAGE,
  TYPE_LIMITS,
  type TypeUsage,
  type Usage,
} from '../model/quota.ts'
import type { DefaultLimits } from '../model/quota-class.ts'
import { editText } from '../model/text-edit.ts'
import type { Account, Verdict } from './account.ts'
import { asItIs } from './catalogue-rules.ts'
import { setDefaultType } from './default-type-rules.ts'
import { claimGroupType, releaseGroupType, reviseGroupType } from './group-type-rules.ts'
import { claimProject, claimUser, readIdentity, releaseProject, releaseUser, reviseProject, reviseUser } from './identity-rules.ts'
import { heardDefaults, limitsOf } from './limits.ts'
import { claimQos, freeQos, releaseQos, reviseQos } from './qos-rules.ts'
import { setQuotaClass } from './quota-class-rules.ts'
import { setService } from './service-rules.ts'
import { issueToken, readToken, revokeToken } from './token-rules.ts'
import { claimType, releaseType, reviseType } from './type-rules.ts'

type Change<Kind extends LedgerChange['kind']> = Extract<LedgerChange, { kind: Kind }>

export interface LedgerRules {
  bind(account: Account, change: Change<'bind'>): Verdict
  unplace(account: Account, change: Change<'unplace'>): Verdict
  resolve(account: Account, change: Change<'resolve'>): Verdict
  fold(account: Account, change: Change<'fold'>): Verdict
  edit(account: Account, change: Change<'edit-unplaced'>): Verdict
  intend(account: Account, change: Change<'intend'>): Verdict
  withdraw(account: Account, change: Change<'withdraw'>): Verdict
  leave(account: Account, change: Change<'leave'>): Verdict
  forget(account: Account, change: Change<'forget'>): Verdict
  setLimits(account: Account, change: Change<'set-limits'>): Verdict
  claimType(account: Account, change: Change<'claim-type'>): Verdict
  reviseType(account: Account, change: Change<'revise-type'>): Verdict
  releaseType(account: Account, change: Change<'release-type'>): Verdict
  claimGroupType(account: Account, change: Change<'claim-group-type'>): Verdict
  reviseGroupType(account: Account, change: Change<'revise-group-type'>): Verdict
  releaseGroupType(account: Account, change: Change<'release-group-type'>): Verdict
  claimQos(account: Account, change: Change<'claim-qos'>): Verdict
  reviseQos(account: Account, change: Change<'revise-qos'>): Verdict
  releaseQos(account: Account, change: Change<'release-qos'>): Verdict
  freeQos(account: Account, change: Change<'free-qos'>): Verdict
  setDefaultType(account: Account, change: Change<'set-default-type'>): Verdict
  setService(account: Account, change: Change<'set-service'>): Verdict
  setQuotaClass(account: Account, change: Change<'set-quota-class'>): Verdict
}

/** Requests that ended, and reservations that were closed: the last so many of each are remembered. A register must fit in one message. */
const REMEMBER_MAX = 4096
const NO_LIMIT = -1

export const LEDGER_RULES: LedgerRules = {
  /** Decided already, then closed, then over quota, then bound: in this order. */
  bind(account, { binding, defaults }) {
    const decision = decided(account.cell, binding.rid, binding.volume, binding.bodyHash)
    if (decision !== null) return answer(decision)
    if (account.cell.closed.has(closedKey({ rid: binding.rid, host: binding.host, reservation: binding.reservation }))) {
      return answer({ kind: 'closed' })
    }
    if (account.cell.hosts.get(binding.host)?.isFinal === true) return answer({ kind: 'closed' })
    const heard = heardDefaults(account, defaults)
    const over = overQuota(account, limitsOf(account, defaults), binding.delta, largestIn(binding))
    if (over !== null) return { puts: heard, answer: over }
    // What comes back is here again.
    const left = binding.transfer === null ? undefined : account.cell.left.get(binding.volume)
    return { puts: [...heard, put(binding), ...(left === undefined ? [] : [drop(left)])], answer: { kind: 'bound', binding } }
  },

  unplace(account, { unplaced, defaults }) {
    const decision = decided(account.cell, unplaced.rid, unplaced.spec.id, unplaced.bodyHash)
    if (decision !== null) return answer(decision)
    const heard = heardDefaults(account, defaults)
    const over = overQuota(account, limitsOf(account, defaults), unplaced.delta, unplaced.spec.sizeGiB)
    if (over !== null) return { puts: heard, answer: over }
    return { puts: [...heard, put(unplaced)], answer: { kind: 'unplaced', unplaced } }
  },

  /** Bound to this reservation: build. Else it is closed, and a BIND that is still on its way finds that. */
  resolve({ cell }, { rid, host, reservation, atMs }) {
    const binding = cell.bound.get(rid) ?? cell.recent.get(rid)
    if (binding !== undefined && binding.host === host && binding.reservation === reservation) return answer({ kind: 'bound', binding })
    const closed: Closed = { kind: 'closed', order: nextOrder(cell.closed.values()), rid, host, reservation, atMs }
    if (cell.closed.has(closedKey(closed))) return answer({ kind: 'closed' })
    return { puts: [put(closed)], answer: { kind: 'closed' } }
  },

  /** Takes over a host's own totals and lets go of the grants that they contain. Older totals than known change nothing. */
  fold({ cell }, { totals, settled, atMs }) {
    const known = cell.hosts.get(totals.host)
    if (known?.isFinal === true) return answer({ kind: 'folded', seq: totals.seq })
    if (known !== undefined && (known.epoch > totals.epoch || (known.epoch === totals.epoch && known.seq >= totals.seq))) {
      return answer({ kind: 'folded', seq: known.seq })
    }
    const grants = settled.map((rid) => cell.bound.get(rid)).filter((binding): binding is Binding => binding?.host === totals.host)
    const puts = [put(totals), ...endAll(cell, grants, atMs), ...forgotten(cell)]
    return { puts, answer: { kind: 'folded', seq: totals.seq } }
  },

  edit({ cell }, { volume, edit, atMs }) {
    const unplaced = unplacedVolume(cell, volume)
    if (unplaced === null) return answer({ kind: 'absent' })
    if (edit.kind === 'delete') {
      const order = nextOrder(cell.recent.values())
      const recent: Recent = {
        kind: 'recent',
        order,
        rid: unplaced.rid,
        volume,
        snapshot: null,
        transfer: null,
        bodyHash: unplaced.bodyHash,
        host: null,
        reservation: null,
        atMs,
      }
      return { puts: [drop(unplaced), put(recent)], answer: { kind: 'ended', recent } }
    }
    const edited =
      edit.kind === 'dismiss' ? { ...unplaced, isDismissed: true } : { ...unplaced, updatedAtMs: atMs, spec: editText(unplaced.spec, edit) }
    return { puts: [put(edited)], answer: { kind: 'edited', unplaced: edited } }
  },

  /** The first intent for a volume stands; another delete of it means the same. */
  intend({ cell }, { intent }) {
    const known = cell.intents.get(intent.volume)
    if (known !== undefined) return answer({ kind: 'intended', intent: known })
    if (cell.left.has(intent.volume)) return answer({ kind: 'left' })
    return { puts: [put(intent)], answer: { kind: 'intended', intent } }
  },

  withdraw({ cell }, { volume, rid }) {
    const known = cell.intents.get(volume)
    return { puts: known?.rid === rid ? [drop(known)] : [], answer: { kind: 'absent' } }
  },

  leave({ cell }, { volume, rid, atMs }) {
    const intent = cell.intents.get(volume)
    if (intent !== undefined) return answer({ kind: 'intended', intent })
    if (cell.left.get(volume)?.rid === rid) return answer({ kind: 'left' })
    return { puts: [put({ kind: 'left', order: nextOrder(cell.left.values()), volume, rid, atMs })], answer: { kind: 'left' } }
  },

  /**
   * The dead cannot report, so others do, from their last log. Grants that the log explains, extends and snapshots that can never be made
   * any more and deletes that waited for the host come to their end; what it never told of stays granted until it is deleted.
   * A copy of the log that ends before what is counted decides nothing, or the count could rise later, above the limits.
   * One that left with nothing on it has no log any more, and what was granted to it never reached it.
   */
  forget({ cell, isLost, hasLeft }, { host, epoch, seq, records, volume, hasLeft: saysLeft = false, atMs }) {
    if (saysLeft ? !hasLeft(host) : !isLost(host)) return answer({ kind: 'not-lost' })
    const known = cell.hosts.get(host)
    const at = saysLeft && known !== undefined ? known : { epoch, seq }
    if (known !== undefined && comparePositions(known, at) > 0) return answer({ kind: 'behind' })
    const intents = [...cell.intents.values()].filter((intent) => intent.host === host)
    const fresh = new Set([...intents.map((intent) => intent.volume), ...(volume === null ? [] : [volume])])
    const isGone = (id: VolumeId): boolean => fresh.has(id) || cell.gone.has(id)
    const isLogged = new Set(records.map((record) => record.volume))
    const counted = records.flatMap((record) => (record.usage === null || isGone(record.volume) ? [] : [record.usage]))
    const usage = counted.reduce(addUsage, NO_USAGE)
    const ended = [...cell.bound.values()].filter(
      (binding) => binding.host === host && (binding.spec === null || isGone(binding.volume) || isLogged.has(binding.volume)),
    )
    const gone = [...fresh].filter((id) => !cell.gone.has(id)).map((id) => put({ kind: 'gone', volume: id, host, atMs }))
    const totals = put({ kind: 'host', host, epoch: at.epoch, seq: at.seq, usage, isFinal: true })
    return { puts: [totals, ...endAll(cell, ended, atMs), ...gone, ...intents.map(drop)], answer: { kind: 'forgotten' } }
  },

  /** Below what is used already no limit can be set, as in Cinder. -1: no limit. */
  setLimits(account, { limits: wanted, defaults }) {
    const below = belowUse(usedBy(account.cell), wanted)
    if (below !== null) return answer(below)
    const limits = mergeLimits(account.cell.limits ?? {}, wanted)
    if (Object.keys(limits.types ?? {}).length > LIMITED_TYPES_MAX) return answer({ kind: 'limits-full', limit: LIMITED_TYPES_MAX })
    return { puts: [put({ kind: 'limits', limits })], answer: contents({ ...account, cell: { ...account.cell, limits } }, null, defaults) }
  },

  claimType,
  reviseType,
  releaseType,
  claimGroupType,
  reviseGroupType,
  releaseGroupType,
  claimQos,
  reviseQos,
  releaseQos,
  freeQos,
  setDefaultType,
  setService,
  setQuotaClass,
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
    case 'intend':
      return rules.intend(account, change)
    case 'withdraw':
      return rules.withdraw(account, change)
    case 'leave':
      return rules.leave(account, change)
    case 'forget':
      return rules.forget(account, change)
    case 'set-limits':
      return rules.setLimits(account, change)
    case 'clear-limits': {
      const { limits } = account.cell
      const puts = limits === null ? [] : [drop({ kind: 'limits', limits })]
      return { puts, answer: contents({ ...account, cell: { ...account.cell, limits: null } }, null, change.defaults) }
    }
    case 'read':
      return answer(contents(account, change.about, change.defaults))
    case 'claim-type':
      return rules.claimType(account, change)
    case 'revise-type':
      return rules.reviseType(account, change)
    case 'release-type':
      return rules.releaseType(account, change)
    case 'claim-group-type':
      return rules.claimGroupType(account, change)
    case 'revise-group-type':
      return rules.reviseGroupType(account, change)
    case 'release-group-type':
      return rules.releaseGroupType(account, change)
    case 'claim-qos':
      return rules.claimQos(account, change)
    case 'revise-qos':
      return rules.reviseQos(account, change)
    case 'release-qos':
      return rules.releaseQos(account, change)
    case 'free-qos':
      return rules.freeQos(account, change)
    case 'set-default-type':
      return rules.setDefaultType(account, change)
    case 'set-service':
      return rules.setService(account, change)
    case 'set-quota-class':
      return rules.setQuotaClass(account, change)
    case 'claim-user':
      return claimUser(account, change)
    case 'revise-user':
      return reviseUser(account, change)
    case 'release-user':
      return releaseUser(account, change)
    case 'claim-project':
      return claimProject(account, change)
    case 'revise-project':
      return reviseProject(account, change)
    case 'release-project':
      return releaseProject(account, change)
    case 'read-identity':
      return readIdentity(account, change)
    case 'issue-token':
      return issueToken(account, change)
    case 'revoke-token':
      return revokeToken(account, change)
    case 'read-token':
      return readToken(account, change)
    case 'read-types':
      return asItIs(account.cell, null)
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

/** The limit that `delta` would break: the size before the count, and that of all before that of a type, as Cinder reports them. */
function overQuota({ cell }: Account, limits: Limits, delta: Usage, sizeGiB: number): LedgerAnswer | null {
  const used = usedBy(cell)
  const over = (resource: LimitName, limit: number, inUse: number, requested: number, typeId?: string): LedgerAnswer | null => {
    if (limit < 0 || requested <= 0 || inUse + requested <= limit) return null
    return { kind: 'over-quota', resource, ...(typeId === undefined ? {} : { typeId }), limit, used: inUse, requested }
  }
  const overOf = (resource: keyof TypeUsage): LedgerAnswer | null => {
    const ofAll = over(resource, limits[resource], used[resource], delta[resource])
    if (ofAll !== null) return ofAll
    for (const [id, wanted] of Object.entries(delta.types ?? {})) {
      const limit = limits.types?.[id]?.[resource] ?? NO_LIMIT
      const ofType = over(resource, limit, used.types?.[id]?.[resource] ?? 0, wanted[resource], id)
      if (ofType !== null) return ofType
    }
    return null
  }
  return (
    over('per_volume_gigabytes', limits.per_volume_gigabytes, 0, sizeGiB) ??
    overOf('gigabytes') ??
    overOf('volumes') ??
    overOf('snapshots') ??
    over('groups', limits.groups, used.groups, delta.groups)
  )
}

/** The first of the wanted limits that is lower than what is used. */
function belowUse(used: Usage, wanted: Partial<Limits>): LedgerAnswer | null {
  for (const resource of COUNTED_LIMITS) {
    const limit = wanted[resource] ?? NO_LIMIT
    if (limit >= 0 && limit < used[resource]) return { kind: 'below-use', resource, limit, used: used[resource] }
  }
  for (const [typeId, limits] of Object.entries(wanted.types ?? {})) {
    for (const resource of TYPE_LIMITS) {
      const limit = limits[resource] ?? NO_LIMIT
      const inUse = used.types?.[typeId]?.[resource] ?? 0
      if (limit >= 0 && limit < inUse) return { kind: 'below-use', resource, typeId, limit, used: inUse }
    }
  }
  return null
}

/** As large as a volume will be that comes of it; snapshots do not count for that, nor does what only gets another type. */
function largestIn({ snapshot, spec, sizeGiB, typeId }: Binding): number {
  if (snapshot !== null || typeId !== undefined) return 0
  return Math.max(sizeGiB, ...(spec?.holds?.members ?? []).map((member) => member.sizeGiB))
}

function contents(account: Account, about: VolumeId | SnapshotId | null, told: DefaultLimits | undefined): LedgerAnswer {
  const { cell, project } = account
  let endedRequest: Recent | null = null
  if (about !== null)
    for (const recent of cell.recent.values()) if (recent.volume === about || recent.snapshot === about) endedRequest = recent
  const accepted = [...cell.bound.values(), ...cell.recent.values()].filter(({ transfer }) => transfer !== null)
  return {
    kind: 'contents',
    contents: {
      bound: [...cell.bound.values()],
      unplaced: [...cell.unplaced.values()],
      intents: [...cell.intents.values()],
      gone: [...cell.gone.keys()],
      limits: limitsOf(account, told),
      used: usedBy(cell),
      project,
      ended: endedRequest,
      accepted: accepted.map(({ volume, host }) => ({ volume, host })),
    },
  }
}

/** The grants go, and are remembered as ended. */
function endAll(cell: Cell, grants: readonly Binding[], atMs: number): LedgerPut[] {
  const first = grants.length === 0 ? 0 : nextOrder(cell.recent.values())
  return grants.flatMap((binding, at) => {
    const { rid, volume, bodyHash, host, reservation } = binding
    const snapshot = binding.snapshot?.id ?? null
    const transfer = binding.transfer?.id ?? null
    return [drop(binding), put({ kind: 'recent', order: first + at, rid, volume, snapshot, transfer, bodyHash, host, reservation, atMs })]
  })
}

/** What is remembered beyond the last so many. */
function forgotten(cell: Cell): LedgerPut[] {
  return [...oldest([...cell.recent.values()]), ...oldest([...cell.closed.values()]), ...oldest([...cell.left.values()])]
}

function oldest(entries: readonly (Recent | Closed | Left)[]): LedgerPut[] {
  const excess = entries.length - REMEMBER_MAX
  return excess <= 0
    ? []
    : [...entries]
        .sort((a, b) => a.order - b.order)
        .slice(0, excess)
        .map(drop)
}

function nextOrder(entries: Iterable<Recent | Closed | Left>): number {
  let highest = 0
  for (const { order } of entries) if (order > highest) highest = order
  return highest + 1
}

function answer(of: LedgerAnswer): Verdict {
  return { puts: [], answer: of }
}
