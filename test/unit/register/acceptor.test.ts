/** What one member answers out of its memory. */
import t from 'tap'
import type { Ballot } from '../../../lib/model/ballot.ts'
import { emptyCell } from '../../../lib/model/cell.ts'
import { peerId, projectId } from '../../../lib/model/ids.ts'
import { onAccept } from '../../../lib/register/acceptor.ts'

const MEMBERS = ['a', 'b', 'c'].map(peerId)
const ballotOf = (counter: number): Ballot => ({ group: 1, counter, peer: peerId('a'), epoch: 1 })

t.test('what was taken over is voted for only if nothing later was promised', async (t) => {
  const taken = (promised: Ballot) => ({ group: 1, promised, accepted: ballotOf(5), cell: emptyCell(), lives: new Map() })
  const change = { kind: 'whole', value: [] } as const
  const project = projectId('p')
  const question = { kind: 'accept', project, ballot: ballotOf(5), next: ballotOf(6), lives: [0, 0, 0], change, attest: [] } as const
  const answer = (promised: Ballot) => onAccept(taken(promised), { life: 2, members: MEMBERS }, question).answer
  t.match(answer(ballotOf(6)), { kind: 'accepted', life: 2 }, 'a repeat of what may have been its own vote')
  t.match(answer(ballotOf(9)), { kind: 'rejected', promised: ballotOf(9) }, 'somebody may have read another value with that promise')
})
