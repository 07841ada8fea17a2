/** Why a coordinator could not do what it was asked for: facts about the others, as it sees them. */
import type { Failure } from '../../model/failure.ts'
import type { PeerId, ProjectId } from '../../model/ids.ts'
import type { LedgerAnswer } from '../../model/ledger.ts'
import { hostName } from '../../model/manifest.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import { membersOf } from '../group/members.ts'
import { typeOf } from '../owner/capacity.ts'
import type { Peer } from '../tables.ts'

export function undecided(peer: Peer, project: ProjectId, outcome: Exclude<ChangeOutcome, { kind: 'decided' }>): Failure {
  if (outcome.kind === 'overloaded') return { code: 'overloaded', queue: 'register', limit: outcome.limit }
  return noMajority(peer, project, outcome)
}

/** Which members keep the project's register, and how many of them answered. */
export function noMajority(peer: Peer, project: ProjectId, outcome: { readonly answered: number; readonly needed: number }): Failure {
  const members = memberNames(peer, project)
  return { code: 'no-majority', project, members, answered: outcome.answered, needed: outcome.needed }
}

function memberNames(peer: Peer, project: ProjectId): readonly string[] {
  return membersOf(peer, project).map((member) => hostName(peer.options.manifest, member))
}

export function unreachable(peer: Peer, owner: PeerId): Failure {
  const host = hostName(peer.options.manifest, owner)
  const connection = peer.connections.get(owner)
  return { code: 'owner-unreachable', host, sinceMs: connection?.state === 'down' ? connection.sinceMs : null }
}

/** The register knows volume types by their ids alone; whoever is refused knows their names. */
export function overQuota(peer: Peer, { kind: code, typeId, ...facts }: Extract<LedgerAnswer, { kind: 'over-quota' }>): Failure {
  return { code, ...facts, ...typeNamed(peer, typeId) }
}

/** As above. */
export function belowUse(peer: Peer, { kind: code, typeId, ...facts }: Extract<LedgerAnswer, { kind: 'below-use' }>): Failure {
  return { code, ...facts, ...typeNamed(peer, typeId) }
}

function typeNamed(peer: Peer, typeId: string | undefined): { readonly type?: string } {
  return typeId === undefined ? {} : { type: typeOf(peer, { typeId })?.name ?? typeId }
}
