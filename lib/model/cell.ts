/**
 * A project's register in memory: the flat entries of `ledger.ts`, indexed by what they are.
 *
 * Changed only by `putEntry`, so that the index, the journal and what acceptors ship cannot differ.
 */
import { type CatalogueEntry, catalogueKey, type TypeEntry } from './catalogue.ts'
import type { DefaultTypeEntry } from './default-type.ts'
import type { GroupTypeEntry } from './group-type.ts'
import type { IdentityEntry, ProjectEntry, TokenEntry, UserEntry } from './identity.ts'
import type { PeerId, ProjectId, RequestId, VolumeId } from './ids.ts'
import type { Binding, Closed, Gone, HostTotals, Intent, Left, LedgerEntry, LedgerPut, Recent, Unplaced } from './ledger.ts'
import type { QosEntry } from './qos.ts'
import type { DefaultLimits, QuotaClassEntry } from './quota-class.ts'
import type { ServiceEntry } from './service.ts'
import { type Limits, sumUsage, type Usage } from './quota.ts'

export interface Cell {
  readonly bound: Map<RequestId, Binding>
  readonly unplaced: Map<RequestId, Unplaced>
  readonly recent: Map<RequestId, Recent>
  /** By `entryKey`. */
  readonly closed: Map<string, Closed>
  readonly hosts: Map<PeerId, HostTotals>
  readonly intents: Map<VolumeId, Intent>
  readonly gone: Map<VolumeId, Gone>
  readonly left: Map<VolumeId, Left>
  /** By id. */
  readonly types: Map<string, TypeEntry>
  /** By id. */
  readonly groupTypes: Map<string, GroupTypeEntry>
  /** By id. */
  readonly qos: Map<string, QosEntry>
  readonly defaultTypes: Map<ProjectId, DefaultTypeEntry>
  /** By host or host@backend. */
  readonly services: Map<string, ServiceEntry>
  /** By name. */
  readonly quotaClasses: Map<string, QuotaClassEntry>
  /** By id. */
  readonly users: Map<string, UserEntry>
  /** By id. */
  readonly projects: Map<string, ProjectEntry>
  /** By hash. */
  readonly tokens: Map<string, TokenEntry>
  /** The project's own. */
  limits: Partial<Limits> | null
  /** The newest that this register was told of. */
  defaults: DefaultLimits | null
}

export function emptyCell(): Cell {
  return {
    bound: new Map(),
    unplaced: new Map(),
    recent: new Map(),
    closed: new Map(),
    hosts: new Map(),
    intents: new Map(),
    gone: new Map(),
    left: new Map(),
    types: new Map(),
    groupTypes: new Map(),
    qos: new Map(),
    defaultTypes: new Map(),
    services: new Map(),
    quotaClasses: new Map(),
    users: new Map(),
    projects: new Map(),
    tokens: new Map(),
    limits: null,
    defaults: null,
  }
}

function entryKey(entry: LedgerEntry): string {
  switch (entry.kind) {
    case 'bound':
    case 'unplaced':
    case 'recent':
      return `${entry.kind}/${entry.rid}`
    case 'closed':
      return closedKey(entry)
    case 'host':
      return `host/${entry.host}`
    case 'intent':
    case 'gone':
    case 'left':
      return `${entry.kind}/${entry.volume}`
    case 'type':
    case 'group-type':
    case 'qos':
    case 'default-type':
    case 'service':
    case 'quota-class':
      return catalogueKey(entry)
    case 'user':
    case 'project':
      return `${entry.kind}/${entry.id}`
    case 'token':
      return `token/${entry.hash}`
    case 'limits':
    case 'defaults':
      return entry.kind
  }
}

export function closedKey(of: Pick<Closed, 'rid' | 'host' | 'reservation'>): string {
  return `closed/${of.rid}/${of.host}/${of.reservation}`
}

export const put = (entry: LedgerEntry): LedgerPut => ({ key: entryKey(entry), entry })
export const drop = (entry: LedgerEntry): LedgerPut => ({ key: entryKey(entry), entry: null })

/** Carries out one put or delete. */
export function putEntry(cell: Cell, change: LedgerPut): void {
  const { key, entry } = change
  if (entry === null) return dropKey(cell, key)
  switch (entry.kind) {
    case 'bound':
      cell.bound.set(entry.rid, entry)
      return
    case 'unplaced':
      cell.unplaced.set(entry.rid, entry)
      return
    case 'recent':
      cell.recent.set(entry.rid, entry)
      return
    case 'closed':
      cell.closed.set(key, entry)
      return
    case 'host':
      cell.hosts.set(entry.host, entry)
      return
    case 'intent':
      cell.intents.set(entry.volume, entry)
      return
    case 'gone':
      cell.gone.set(entry.volume, entry)
      return
    case 'left':
      cell.left.set(entry.volume, entry)
      return
    case 'type':
      cell.types.set(entry.id, entry)
      return
    case 'group-type':
      cell.groupTypes.set(entry.id, entry)
      return
    case 'qos':
      cell.qos.set(entry.id, entry)
      return
    case 'default-type':
      cell.defaultTypes.set(entry.project, entry)
      return
    case 'service':
      cell.services.set(entry.host, entry)
      return
    case 'quota-class':
      cell.quotaClasses.set(entry.name, entry)
      return
    case 'user':
      cell.users.set(entry.id, entry)
      return
    case 'project':
      cell.projects.set(entry.id, entry)
      return
    case 'token':
      cell.tokens.set(entry.hash, entry)
      return
    case 'limits':
      cell.limits = entry.limits
      return
    case 'defaults':
      cell.defaults = { version: entry.version, limits: entry.limits }
  }
}

function dropKey(cell: Cell, key: string): void {
  const name = key.slice(key.indexOf('/') + 1)
  if (key.startsWith('bound/')) cell.bound.delete(name as RequestId)
  else if (key.startsWith('unplaced/')) cell.unplaced.delete(name as RequestId)
  else if (key.startsWith('recent/')) cell.recent.delete(name as RequestId)
  else if (key.startsWith('closed/')) cell.closed.delete(key)
  else if (key.startsWith('host/')) cell.hosts.delete(name as PeerId)
  else if (key.startsWith('intent/')) cell.intents.delete(name as VolumeId)
  else if (key.startsWith('gone/')) cell.gone.delete(name as VolumeId)
  else if (key.startsWith('left/')) cell.left.delete(name as VolumeId)
  else if (key.startsWith('type/')) cell.types.delete(name)
  else if (key.startsWith('group-type/')) cell.groupTypes.delete(name)
  else if (key.startsWith('qos/')) cell.qos.delete(name)
  else if (key.startsWith('default-type/')) cell.defaultTypes.delete(name as ProjectId)
  else if (key.startsWith('service/')) cell.services.delete(name)
  else if (key.startsWith('quota-class/')) cell.quotaClasses.delete(name)
  else if (key.startsWith('user/')) cell.users.delete(name)
  else if (key.startsWith('project/')) cell.projects.delete(name)
  else if (key.startsWith('token/')) cell.tokens.delete(name)
  else if (key === 'defaults') cell.defaults = null
  else cell.limits = null
}

/** All that belongs to the cluster's catalogue: nothing, in a project's register. */
export function catalogueIn(cell: Cell): readonly CatalogueEntry[] {
  return [
    ...cell.types.values(),
    ...cell.groupTypes.values(),
    ...cell.qos.values(),
    ...cell.defaultTypes.values(),
    ...cell.services.values(),
    ...cell.quotaClasses.values(),
  ]
}

/** All that says who may log in: nothing, in a project's register. */
function identityIn(cell: Cell): readonly IdentityEntry[] {
  return [...cell.users.values(), ...cell.projects.values(), ...cell.tokens.values()]
}

/** Every entry with its key: what an acceptor ships when a difference will not do. */
export function cellEntries(cell: Cell): ReadonlyArray<readonly [string, LedgerEntry]> {
  const entries: LedgerEntry[] = [
    ...cell.bound.values(),
    ...cell.unplaced.values(),
    ...cell.recent.values(),
    ...cell.closed.values(),
    ...cell.hosts.values(),
    ...cell.intents.values(),
    ...cell.gone.values(),
    ...cell.left.values(),
    ...catalogueIn(cell),
    ...identityIn(cell),
  ]
  if (cell.limits !== null) entries.push({ kind: 'limits', limits: cell.limits })
  if (cell.defaults !== null) entries.push({ kind: 'defaults', ...cell.defaults })
  return entries.map((entry) => [entryKey(entry), entry] as const)
}

export function cellOf(entries: ReadonlyArray<readonly [string, LedgerEntry]>): Cell {
  const cell = emptyCell()
  for (const [key, entry] of entries) putEntry(cell, { key, entry })
  return cell
}

/**
 * What counts against the quota: the hosts' totals, the grants that they do not contain yet, and what found no room.
 */
export function usedBy(cell: Cell): Usage {
  const counted = [...cell.bound.values(), ...cell.unplaced.values()].map(({ delta }) => delta)
  return sumUsage([...[...cell.hosts.values()].map(({ usage }) => usage), ...counted])
}

export function unplacedVolume(cell: Cell, volume: VolumeId): Unplaced | null {
  for (const unplaced of cell.unplaced.values()) if (unplaced.spec.id === volume) return unplaced
  return null
}
