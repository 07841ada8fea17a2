/** Reads what a journal holds, as the types that the production code wrote: the only casts of the checkers. */
import type { Owned } from '../../../lib/flows/owner/owned.ts'
import { type Catalogue, NO_CATALOGUE } from '../../../lib/model/catalogue.ts'
import { type ProjectId, volumeId, type VolumeId } from '../../../lib/model/ids.ts'
import type { LedgerEntry } from '../../../lib/model/ledger.ts'
import { type LogState, NEW_LOG } from '../../../lib/model/log.ts'
import { type Ballot, compareBallots } from '../../../lib/model/ballot.ts'
import type { SimNode } from '../node.ts'

export function ownedIn(value: unknown): Owned | null {
  return value === undefined ? null : (value as Owned)
}

export function catalogueIn(value: unknown): Catalogue {
  return value === undefined ? NO_CATALOGUE : (value as Catalogue)
}

export function entryIn(value: unknown): LedgerEntry | null {
  return value === undefined ? null : (value as LedgerEntry)
}

export function acceptedIn(value: unknown): Ballot | null {
  return (value as { accepted: Ballot | null } | undefined)?.accepted ?? null
}

interface StoredRegister {
  readonly promised: Ballot | null
  readonly accepted: Ballot | null
  readonly group: number
}

/**
 * Whether this is a vote as it is stored: the promise for the same proposer's next ballot comes with it. A later group, and a
 * member that has lost its memory, take over what was accepted elsewhere without a vote.
 */
export function isVoteIn(value: unknown): boolean {
  const { promised, accepted, group } = (value as StoredRegister | undefined) ?? { promised: null, accepted: null, group: 0 }
  if (promised === null || accepted === null || accepted.group !== group) return false
  return promised.peer === accepted.peer && promised.epoch === accepted.epoch && compareBallots(promised, accepted) > 0
}

/** Whether what is settled is no request, but that totals are told once more. */
export function isToldAgain(value: unknown): boolean {
  return (value as { isAgain: boolean } | undefined)?.isAgain === true
}

export interface HostEntry {
  readonly epoch: number
  readonly reservations: number
  readonly log: LogState
}

export function hostIn(value: unknown): HostEntry {
  return (value as HostEntry | undefined) ?? { epoch: 0, reservations: 0, log: NEW_LOG }
}

/** Every volume record on this host's disk. */
export function ownedOn(node: SimNode): ReadonlyMap<VolumeId, Owned> {
  const found = new Map<VolumeId, Owned>()
  for (const key of node.journal.keys()) {
    const owned = key.startsWith('volume/') ? ownedIn(node.journal.get(key)) : null
    if (owned !== null) found.set(owned.volume.id, owned)
  }
  return found
}

/** `cell/<project>/<entry>` */
export function cellKeyParts(key: string): { readonly project: ProjectId; readonly entry: string } {
  const tail = key.slice('cell/'.length)
  const end = tail.indexOf('/')
  return { project: decodeURIComponent(tail.slice(0, end)) as ProjectId, entry: tail.slice(end + 1) }
}

export function registerProject(key: string): ProjectId {
  return decodeURIComponent(key.slice('register/'.length)) as ProjectId
}

/** Volume and generation of an export, from its name alone. */
export function parseIqn(iqn: string): { readonly volume: VolumeId; readonly generation: number } {
  const match = /volume-([0-9a-f-]{36})-(\d+)$/.exec(iqn)
  return { volume: volumeId(match?.[1] ?? ''), generation: Number(match?.[2] ?? 0) }
}

export function ballotText({ group, counter, peer, epoch }: Ballot): string {
  return `${group}/${counter}/${peer}/${epoch}`
}

export type { Owned }
