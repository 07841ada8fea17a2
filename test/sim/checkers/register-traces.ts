/**
 * What a change of a register leaves behind, and what an answer shows to have been left behind before it: names by which
 * the two can be matched.
 *
 * Only to guess well which of many changes explains an answer. A wrong guess costs time and nothing else.
 */
import type { RequestId } from '../../../lib/model/ids.ts'
import type { LedgerAnswer, LedgerChange } from '../../../lib/model/ledger.ts'

/** Of whatever lets go of room, and of whatever takes some. */
const FREED = 'freed'
const TAKEN = 'taken'
/** Of whatever is done to the volume types: an answer shows all of them. */
const TYPED = 'typed'
const NAMED = 'named'
/** Of whatever brings news of the default limits. */
const TOLD = 'told'

const boundTrace = (rid: string, host: string | null, reservation: string | null): string => `bound/${rid}/${host}/${reservation}`
const decidedTrace = (rid: string): string => `decided/${rid}`
const closedTrace = (rid: string, host: string, reservation: string): string => `closed/${rid}/${host}/${reservation}`
const foldedTrace = (host: string): string => `folded/${host}`
const settledTrace = (rid: string): string => `settled/${rid}`
const shelvedTrace = (volume: string): string => `shelved/${volume}`
const intentTrace = (volume: string): string => `intent/${volume}`
const withdrawnTrace = (volume: string): string => `withdrawn/${volume}`
const leftTrace = (volume: string): string => `left/${volume}`
const goneTrace = (host: string): string => `gone/${host}`
const editedTrace = (volume: string): string => `edited/${volume}`

/** Traces that the change leaves if it takes effect. */
export function tracesOf(change: LedgerChange): readonly string[] {
  switch (change.kind) {
    case 'bind': {
      const { rid, host, reservation } = change.binding
      return [boundTrace(rid, host, reservation), decidedTrace(rid), TAKEN, ...toldBy(change)]
    }
    case 'unplace':
      return [shelvedTrace(change.unplaced.spec.id), decidedTrace(change.unplaced.rid), TAKEN, ...toldBy(change)]
    case 'resolve':
      return [closedTrace(change.rid, change.host, change.reservation)]
    case 'fold':
      return [foldedTrace(change.totals.host), FREED, ...change.settled.map(settledTrace)]
    case 'edit-unplaced':
      return [editedTrace(change.volume), FREED]
    case 'intend':
      return [intentTrace(change.intent.volume)]
    case 'leave':
      return [leftTrace(change.volume)]
    case 'withdraw':
      return [withdrawnTrace(change.volume)]
    case 'forget':
      return [goneTrace(change.host), FREED]
    case 'set-limits':
    case 'clear-limits':
      return [TAKEN, FREED]
    case 'claim-type':
    case 'revise-type':
    case 'release-type':
    case 'claim-group-type':
    case 'revise-group-type':
    case 'release-group-type':
    case 'claim-qos':
    case 'revise-qos':
    case 'release-qos':
    case 'free-qos':
    case 'set-default-type':
    case 'set-service':
    case 'set-quota-class':
      return [TYPED]
    case 'claim-user':
    case 'revise-user':
    case 'release-user':
    case 'claim-project':
    case 'revise-project':
    case 'release-project':
    case 'issue-token':
    case 'revoke-token':
      return [NAMED]
    case 'read':
    case 'read-types':
    case 'read-identity':
    case 'read-token':
      return []
  }
}

/** Traces that somebody else has left before, if this change was answered so. */
export function tracesBehind(change: LedgerChange, answer: LedgerAnswer): readonly string[] {
  switch (answer.kind) {
    case 'bound': {
      const { rid, host, reservation, kind } = answer.binding
      return [boundTrace(rid, host, reservation), FREED, TOLD, ...(kind === 'recent' ? [settledTrace(rid)] : [])]
    }
    case 'closed':
      return change.kind === 'bind' ? [closedTrace(change.binding.rid, change.binding.host, change.binding.reservation)] : []
    case 'unplaced':
      return [shelvedTrace(answer.unplaced.spec.id), editedTrace(answer.unplaced.spec.id), FREED, TOLD]
    case 'over-quota':
      return [TAKEN, TOLD]
    case 'mismatch':
      return [...tracesOf(change).filter((trace) => trace.startsWith('decided/'))]
    case 'ended':
    case 'edited':
      return change.kind === 'edit-unplaced' ? [shelvedTrace(change.volume), editedTrace(change.volume)] : []
    case 'absent':
      return change.kind === 'edit-unplaced' ? [editedTrace(change.volume)] : []
    case 'folded':
      return change.kind === 'fold' && change.totals.seq !== answer.seq ? [foldedTrace(change.totals.host)] : []
    case 'left':
      return change.kind === 'intend' ? [leftTrace(change.intent.volume)] : []
    case 'intended':
      return intendedBefore(change, answer.intent.rid)
    case 'forgotten':
      return change.kind === 'forget' ? [goneTrace(change.host)] : []
    case 'below-use':
      return [TAKEN]
    case 'limits-full':
      return []
    case 'behind':
      return change.kind === 'forget' ? [goneTrace(change.host), foldedTrace(change.host)] : []
    case 'types':
    case 'name-taken':
    case 'claimed-otherwise':
    case 'no-type':
    case 'default-type':
    case 'types-full':
    case 'refused':
      return [TYPED]
    case 'identity':
      return [NAMED]
    case 'contents':
      return [TOLD]
    case 'not-lost':
      return []
  }
}

function toldBy({ defaults }: { readonly defaults?: object }): readonly string[] {
  return defaults === undefined ? [] : [TOLD]
}

function intendedBefore(change: LedgerChange, rid: RequestId): readonly string[] {
  if (change.kind === 'leave') return [intentTrace(change.volume)]
  return change.kind === 'intend' && change.intent.rid !== rid ? [intentTrace(change.intent.volume)] : []
}

/** What is in a register now, and is not in an answer that was read from it (or the other way round). */
export interface Difference {
  readonly missing: readonly {
    readonly rid: string
    readonly host: string | null
    readonly reservation: string | null
    readonly volume: string
  }[]
  readonly surplus: readonly { readonly rid: string; readonly volume: string }[]
  /** Volumes whose delete intent is in the answer and not here, and the other way round. */
  readonly intended: readonly string[]
  readonly withdrawn: readonly string[]
  readonly isUseOther: boolean
}

export function tracesIn({ missing, surplus, intended, withdrawn, isUseOther }: Difference): readonly string[] {
  return [
    ...missing.flatMap(({ rid, host, reservation, volume }) => [
      boundTrace(rid, host, reservation),
      shelvedTrace(volume),
      editedTrace(volume),
    ]),
    ...surplus.flatMap(({ rid, volume }) => [settledTrace(rid), editedTrace(volume)]),
    ...intended.map(intentTrace),
    ...withdrawn.map(withdrawnTrace),
    ...(isUseOther && missing.length === 0 && surplus.length === 0 ? [FREED] : []),
  ]
}

/** One name for changes that differ in nothing that an answer can show. */
export function sameEffectName(change: LedgerChange): string {
  switch (change.kind) {
    case 'bind':
      return `${tracesOf(change)[0]}/${change.binding.bodyHash}/${change.binding.atMs}/${change.defaults?.version ?? 0}`
    case 'resolve':
      return tracesOf(change)[0] ?? ''
    case 'fold':
      return `${change.totals.host}/${change.totals.epoch}.${change.totals.seq}/${change.settled.join()}/${change.atMs}`
    default:
      return JSON.stringify(change)
  }
}
