/** What a proposer asks of its group, one message at a time. */
import t from 'tap'
import { peerId, projectId } from '../../../lib/model/ids.ts'
import type { Ballot } from '../../../lib/model/ballot.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { newProposer, onAccepted, onPromised, propose, type ProposerWorld } from '../../../lib/register/proposer.ts'

const PROJECT = projectId('blue')
const MEMBERS = ['a', 'b', 'c'].map(peerId)
const [A, B, C] = [peerId('a'), peerId('b'), peerId('c')]

function worldOf(sent: PeerMessage[], answers: unknown[]): ProposerWorld {
  return {
    send: (_to, message) => sent.push(message),
    answer: (_waiting, outcome) => answers.push(outcome),
    timer() {},
    cancelTimer() {},
    evaluate: () => ({
      puts: [
        {
          key: 'limits',
          entry: { kind: 'limits', limits: { volumes: 1, snapshots: 1, gigabytes: 1, per_volume_gigabytes: 1, groups: 10 } },
        },
      ],
      answer: { kind: 'absent' },
    }),
    random: () => 0,
  }
}

t.test('a proposer asks for nothing under a ballot that its own disk does not know', async (t) => {
  const sent: PeerMessage[] = []
  const answers: unknown[] = []
  const world = worldOf(sent, answers)
  const proposer = newProposer(PROJECT, A, 1, 1, MEMBERS, new Map())
  const kinds = (): readonly string[] => [...new Set(sent.splice(0).map(({ kind }) => kind))]
  const ballot: Ballot = { group: 1, counter: 1, peer: A, epoch: 1 }
  const promise = { kind: 'promised', project: PROJECT, ballot, life: 1, accepted: null, value: [] } as const
  const vote = { kind: 'accepted', project: PROJECT, ballot, life: 1, signature: null } as const
  propose(proposer, { from: A, ref: 'one', change: { kind: 'clear-limits' } }, world)
  t.same(kinds(), ['prepare'])
  onPromised(proposer, B, promise, world)
  onPromised(proposer, C, promise, world)
  t.same(kinds(), [], 'a majority of others is not enough')
  onPromised(proposer, A, promise, world)
  t.same(kinds(), ['accept'])
  onAccepted(proposer, B, vote, world)
  onAccepted(proposer, C, vote, world)
  t.same(answers, [])
  onAccepted(proposer, A, vote, world)
  t.equal(answers.length, 1)
  t.not(proposer.steady, null)
})
