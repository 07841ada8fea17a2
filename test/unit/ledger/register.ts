/** A register without a group: what the rules decide is in it at once. And a grant to put into it. */
import type { Account } from '../../../lib/ledger/account.ts'
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { type Cell, emptyCell, putEntry, usedBy } from '../../../lib/model/cell.ts'
import { peerId, poolName, projectId, requestId, reservationId, volumeId } from '../../../lib/model/ids.ts'
import type { Binding, LedgerAnswer, LedgerChange } from '../../../lib/model/ledger.ts'
import type { Usage } from '../../../lib/model/quota.ts'

export const ALPHA = peerId('alpha')
export const BETA = peerId('beta')

export interface Register {
  readonly account: Account
  readonly cell: Cell
  decide(change: LedgerChange): LedgerAnswer
  used(): Usage
}

export function newRegister(of: Pick<Account, 'defaults'> & Partial<Account>): Register {
  const account: Account = { project: projectId('p'), cell: emptyCell(), founding: [], isLost: () => false, hasLeft: () => false, ...of }
  const { cell } = account
  return {
    account,
    cell,
    decide(change) {
      const { puts, answer } = evaluate(LEDGER_RULES, account, change)
      for (const put of puts) putEntry(cell, put)
      return answer
    },
    used: () => usedBy(cell),
  }
}

/** Of a new volume on the first host, made by a request of the same name. */
export function grantOf(volume: string, sizeGiB: number, changes: Partial<Binding> = {}): Binding {
  const { host = ALPHA } = changes
  const spec = {
    id: volumeId(volume),
    project: projectId('p'),
    user: 'u',
    name: null,
    description: null,
    sizeGiB,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: 0,
  }
  return {
    kind: 'bound',
    rid: requestId(volume),
    volume: spec.id,
    host,
    pool: poolName(host, 'b', 'p'),
    reservation: reservationId('1.1'),
    bodyHash: 'body',
    delta: { volumes: 1, snapshots: 0, gigabytes: sizeGiB, groups: 0 },
    sizeGiB,
    spec,
    snapshot: null,
    transfer: null,
    atMs: 0,
    ...changes,
  }
}

export const bind = (of: Binding): LedgerChange => ({ kind: 'bind', binding: of })
