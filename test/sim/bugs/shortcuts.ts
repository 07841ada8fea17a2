/** Members of a home group that save themselves a round of messages: planted bugs 22 and 23. */
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { cellEntries, cellOf } from '../../../lib/model/cell.ts'
import type { ProjectId } from '../../../lib/model/ids.ts'
import { type Bug, type Life, UNDISTORTED } from './distortion.ts'

/** Answers a read out of its own memory, whatever the others have decided since. */
export const readFromOne: Bug = {
  number: 22,
  title: 'a read is answered by one member',
  distortion: () => ({
    ...UNDISTORTED,
    step(step, event, { peer }) {
      if (event.kind !== 'message' || event.message.kind !== 'change' || event.message.change.kind !== 'read') return step
      const { project, ref, change } = event.message
      const cell = peer?.acceptors.get(project)?.cell
      if (peer === null || cell === undefined) return step
      const { limits, types } = peer.options.manifest
      const { answer } = evaluate(
        LEDGER_RULES,
        { project, cell, defaults: limits, founding: types, isLost: () => false, hasLeft: () => false },
        change,
      )
      const message = { kind: 'changed', ref, project, outcome: { kind: 'decided', answer, proof: null } } as const
      return { ...step, effects: [{ kind: 'send', to: event.from, message }, ...step.effects] }
    },
  }),
}

/** Takes its own memory for the newest value, and asks the others to accept what it makes of it. */
export const skipPrepare: Bug = {
  number: 23,
  title: 'a proposer skips the prepare',
  distortion: () => ({
    ...UNDISTORTED,
    event(event, life) {
      if (event.kind === 'message' && event.message.kind === 'change') believeOneself(event.message.project, life)
      return event
    },
  }),
}

function believeOneself(project: ProjectId, { peer }: Life): void {
  const proposer = peer?.proposers.get(project)
  const acceptor = peer?.acceptors.get(project)
  if (proposer === undefined || acceptor === undefined || acceptor.accepted === null) return
  if (proposer.steady !== null || proposer.round !== null) return
  proposer.counter = Math.max(proposer.counter, acceptor.accepted.counter, acceptor.promised?.counter ?? 0) + 1
  const next = { group: proposer.group, counter: proposer.counter, peer: proposer.self, epoch: proposer.epoch }
  proposer.steady = { accepted: acceptor.accepted, next, cell: cellOf(cellEntries(acceptor.cell)) }
}
