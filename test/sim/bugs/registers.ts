/** Registers that decide wrongly: planted bugs 4, 5, 12, 13, 17 and 21. */
import type { LedgerRules } from '../../../lib/ledger/rules.ts'
import type { Cell } from '../../../lib/model/cell.ts'
import type { PeerId, ProjectId, RequestId } from '../../../lib/model/ids.ts'
import { addUsage, NO_USAGE, type Usage } from '../../../lib/model/quota.ts'
import { type Bug, type Distortion, UNDISTORTED } from './distortion.ts'

export const skipClosed: Bug = {
  number: 4,
  title: 'skip the closed set',
  distortion: () =>
    withBind((rules) => (account, change) => rules.bind({ ...account, cell: { ...account.cell, closed: new Map() } }, change)),
}

export const bindAnew: Bug = {
  number: 5,
  title: 'bind anew',
  distortion: () =>
    withBind((rules) => (account, change) => {
      const { rid, host } = change.binding
      const bound = account.cell.bound.get(rid)
      const isElsewhere = bound !== undefined && bound.host !== host
      return rules.bind(isElsewhere ? { ...account, cell: { ...account.cell, bound: without(account.cell.bound, rid) } } : account, change)
    }),
}

export const bindUnplaced: Bug = {
  number: 21,
  title: 'bind a request that is already unplaced',
  distortion: () =>
    withBind((rules) => (account, change) => {
      const cell = { ...account.cell, unplaced: without(account.cell.unplaced, change.binding.rid) }
      return rules.bind({ ...account, cell }, change)
    }),
}

export const foldAgain: Bug = {
  number: 13,
  title: 'fold old totals again',
  distortion: () => ({
    ...UNDISTORTED,
    rules: (rules) => ({
      ...rules,
      fold: (account, change) =>
        rules.fold({ ...account, cell: { ...account.cell, hosts: withoutHost(account.cell.hosts, change.totals.host) } }, change),
    }),
  }),
}

export const counter: Bug = { number: 12, title: 'quota from a counter', distortion: () => ({ ...UNDISTORTED, rules: countingRules }) }

/** Each proposer keeps a number of its own, and believes it. */
function countingRules(rules: LedgerRules): LedgerRules {
  const counted = new Map<ProjectId, Usage>()
  const add = (project: ProjectId, usage: Usage): void => {
    counted.set(project, addUsage(counted.get(project) ?? NO_USAGE, usage))
  }
  return {
    ...rules,
    bind(account, change) {
      const verdict = rules.bind({ ...account, cell: withUsage(account.cell, counted.get(account.project) ?? NO_USAGE) }, change)
      if (verdict.puts.length > 0) add(account.project, change.binding.delta)
      return verdict
    },
  }
}

export const suspicion: Bug = {
  number: 17,
  title: 'suspicion frees quota',
  distortion: () => ({
    ...UNDISTORTED,
    rules: (rules, self, network) => ({
      ...rules,
      bind: (account, change) => {
        const isSeen = (host: PeerId): boolean => host === self || network.told(self, host) === 'up'
        return rules.bind({ ...account, cell: onlyOf(account.cell, isSeen) }, change)
      },
    }),
  }),
}

function withBind(bind: (rules: LedgerRules) => LedgerRules['bind']): Distortion {
  return { ...UNDISTORTED, rules: (rules) => ({ ...rules, bind: bind(rules) }) }
}

function without<Value>(map: ReadonlyMap<RequestId, Value>, rid: RequestId): Map<RequestId, Value> {
  const copy = new Map(map)
  copy.delete(rid)
  return copy
}

function withoutHost(hosts: Cell['hosts'], host: PeerId): Cell['hosts'] {
  return new Map([...hosts].filter(([known]) => known !== host))
}

/** The same decisions, and an account that says `usage`. */
function withUsage(cell: Cell, usage: Usage): Cell {
  const bound = new Map([...cell.bound].map(([rid, binding]) => [rid, { ...binding, delta: NO_USAGE }] as const))
  const unplaced = new Map([...cell.unplaced].map(([rid, entry]) => [rid, { ...entry, delta: NO_USAGE }] as const))
  const [first] = cell.hosts.values()
  const hosts = new Map(first === undefined ? [] : [[first.host, { ...first, usage }] as const])
  return { ...cell, bound, unplaced, hosts }
}

/** The same decisions, and an account that leaves out the hosts that nobody sees. */
function onlyOf(cell: Cell, isSeen: (host: PeerId) => boolean): Cell {
  const bound = new Map(
    [...cell.bound].map(([rid, binding]) => [rid, isSeen(binding.host) ? binding : { ...binding, delta: NO_USAGE }] as const),
  )
  return { ...cell, bound, hosts: new Map([...cell.hosts].filter(([host]) => isSeen(host))) }
}
