/** Why a coordinator could not do what it was asked for: facts about the others, as it sees them. */
import type { Failure } from '../../model/failure.ts'
import type { PeerId, ProjectId } from '../../model/ids.ts'
import { hostName } from '../../model/manifest.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import { membersOf } from '../group/members.ts'
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
