/**
 * What a register has answered, or that nobody could, goes back to the flow that asked: every ask ends here, once.
 */
import { assertNever, invariant } from '../model/invariant.ts'
import type { IdentityFound } from '../model/identity.ts'
import type { ProjectId } from '../model/ids.ts'
import type { LedgerContents } from '../model/ledger.ts'
import type { ChangeOutcome } from '../model/message.ts'
import { onCreateDecided, onCreateTypes } from './coordinator/create.ts'
import { belowUse, noMajority, undecided } from './coordinator/reasons.ts'
import { onClientTypesDecided } from './coordinator/types.ts'
import { onSearchRead } from './coordinator/find.ts'
import { onEdited, onForgotten, onFoundForOperation, onIntended, onRoomDecided } from './coordinator/operate.ts'
import type { AskEnd } from './group/ask.ts'
import { onWatched } from './group/watch.ts'
import { type Out, reply } from './out.ts'
import { onCommit } from './owner/commit.ts'
import { onLeft } from './owner/accept.ts'
import { onAdopted } from './owner/adopt.ts'
import { onResolved } from './owner/reserve.ts'
import { onGrantFolded } from './owner/snapshot-change.ts'
import { onFolded } from './owner/settle.ts'
import { onOwnRead } from './owner/unread.ts'
import { onTypesRead } from './spread/catalogue.ts'
import type { Now } from './step.ts'
import type { Peer } from './tables.ts'
import type { TypesAsker } from './group/purpose.ts'
import { failure, type Result, success } from '../model/failure.ts'

export function onAsked(peer: Peer, out: Out, { ask, outcome }: AskEnd, now: Now): void {
  const { purpose, project, change } = ask
  switch (purpose.kind) {
    case 'create':
      return onCreateDecided(peer, out, purpose.rid, outcome, now)
    case 'room':
      invariant(change.kind === 'bind', 'what takes room asks the register to bind')
      return onRoomDecided(peer, out, purpose.rid, change.binding, outcome)
    case 'resolve': {
      const certificate = onResolved(peer, out, { ...purpose, project }, outcome)
      return certificate === null ? undefined : onCommit(peer, out, peer.self, certificate, now)
    }
    case 'fold':
      for (const rid of onFolded(peer, out, purpose.project, change, outcome)) onGrantFolded(peer, out, rid)
      return
    case 'find': {
      const found = onSearchRead(peer, out, purpose.search, outcome)
      return found === null ? undefined : onFoundForOperation(peer, out, found, now)
    }
    case 'ledger': {
      const isRead = outcome.kind === 'decided' && outcome.answer.kind === 'contents'
      const result =
        isRead && outcome.answer.kind === 'contents'
          ? success(outcome.answer.contents)
          : failure(noMajority(peer, project, outcome.kind === 'no-majority' ? outcome : { answered: 0, needed: 0 }))
      return reply(out, purpose.client, { kind: 'ledger', result })
    }
    case 'limits':
      return reply(out, purpose.client, { kind: 'limits', result: limitsSet(peer, project, outcome) })
    case 'identity':
      return reply(out, purpose.client, { kind: 'identity', result: identityOf(peer, project, outcome) })
    case 'types':
      return onTypesAnswered(peer, out, purpose.asker, outcome, now)
    case 'own':
      return onOwnRead(peer, out, project, outcome, now)
    case 'withdraw':
      return
    case 'leave':
      return onLeft(peer, out, purpose, outcome, now)
    case 'intend':
      return onIntended(peer, out, purpose.client, purpose, outcome)
    case 'forget':
      // What a member saw to by itself, it looks at again soon.
      return purpose.client === null ? undefined : onForgotten(peer, out, purpose.client, project, outcome)
    case 'edit':
      return onEdited(peer, out, purpose.client, purpose.request, project, outcome)
    case 'adopt':
      return onAdopted(peer, out, project, purpose.rid, outcome, now)
    case 'watch':
      if (outcome.kind === 'decided' && outcome.answer.kind === 'contents') onWatched(peer, out, outcome.answer.contents, now)
      return
    default:
      return assertNever(purpose)
  }
}

function onTypesAnswered(peer: Peer, out: Out, asker: TypesAsker, outcome: ChangeOutcome, now: Now): void {
  switch (asker.kind) {
    case 'copy':
      return onTypesRead(peer, out, outcome)
    case 'client':
      return onClientTypesDecided(peer, out, asker.client, outcome)
    case 'create':
      return onCreateTypes(peer, out, asker.rid, outcome, now)
    default:
      return assertNever(asker)
  }
}

function identityOf(peer: Peer, project: ProjectId, outcome: ChangeOutcome): Result<IdentityFound> {
  if (outcome.kind !== 'decided') return failure(undecided(peer, project, outcome))
  const { answer } = outcome
  if (answer.kind === 'refused') return failure(answer.refusal)
  if (answer.kind !== 'identity') return failure(noMajority(peer, project, { answered: 0, needed: 0 }))
  return success({ users: answer.users, projects: answer.projects, tokens: answer.tokens })
}

function limitsSet(peer: Peer, project: ProjectId, outcome: ChangeOutcome): Result<LedgerContents> {
  if (outcome.kind === 'no-majority') return failure(noMajority(peer, project, outcome))
  if (outcome.kind === 'overloaded') return failure({ code: 'overloaded', queue: 'register', limit: outcome.limit })
  const { answer } = outcome
  if (answer.kind === 'below-use') return failure(belowUse(peer, answer))
  if (answer.kind === 'limits-full') return failure({ code: 'limits-full', limit: answer.limit })
  return answer.kind === 'contents' ? success(answer.contents) : failure(noMajority(peer, project, { answered: 0, needed: 0 }))
}
