/** A volume that goes to another project, in the moments at which its owner is away, dies, or forgets. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { projectId, requestId, transferId } from '../../../../lib/model/ids.ts'
import type { LedgerContents } from '../../../../lib/model/ledger.ts'
import type { ClientRequest } from '../../../../lib/model/request.ts'
import { keyProof } from '../../../../lib/model/transfer.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { createOn, ledger, manifestOf, operate, outcomeOf, PROJECT, remove, snapshotNamed, take, volumeNamed } from '../requests.ts'

const ID = volumeNamed(1)
const OTHER = projectId('q')
const TRANSFER = transferId('22222222-0000-4000-8000-000000000001')
const NOTHING = { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }
const ONE = { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }
const FIND: ClientRequest = { kind: 'find', project: OTHER, volume: ID, isOwn: true }

/** Three hosts and a volume of `a` that awaits its transfer; and how to accept it. */
function offered({ withSnapshot = false } = {}): { readonly fleet: Fleet; readonly accept: Extract<ClientRequest, { kind: 'operate' }> } {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  if (withSnapshot) fleet.ask('a', take(7, 1))
  fleet.pass(1000)
  const offer = operate(2, 1, { kind: 'offer', transfer: TRANSFER, name: null, noSnapshots: false, createdAtMs: 5 })
  const reply = fleet.ask('b', offer)()
  fleet.pass(1000)
  if (reply?.kind !== 'operate' || !reply.result.ok || reply.result.value.authKey === null) throw new Error(`not offered: ${reply}`)
  const proof = keyProof(TRANSFER, reply.result.value.authKey)
  const operation = { kind: 'accept', transfer: TRANSFER, proof, user: 'them', anyType: false } as const
  const request = { rid: requestId('3'.repeat(32)), project: OTHER, volume: ID, operation }
  return { fleet, accept: { kind: 'operate', request } }
}

const shownAt = (fleet: Fleet, host: string): Volume | undefined => fleet.host(host).tables.view.volumes.get(ID)?.volume

function accountOf(fleet: Fleet, project: typeof OTHER): LedgerContents['used'] {
  const answer = fleet.ask('b', { kind: 'ledger', project })
  fleet.pass(1000)
  const reply = answer()
  if (reply?.kind !== 'ledger' || !reply.result.ok) throw new Error('not read')
  return reply.result.value.used
}

t.test('it is the other project’s everywhere, with its tags, and counts in one account alone', async (t) => {
  const { fleet, accept } = offered()
  t.notMatch(JSON.stringify([...fleet.host('a').journal]), /authKey":"/, 'the key is not in the journal')
  t.equal(outcomeOf(fleet.ask('c', accept)()), 'ok')
  fleet.pass(1000)
  for (const host of 'abc') t.match(shownAt(fleet, host), { project: OTHER, user: 'them', status: 'available' })
  t.equal(fleet.host('a').volumes.get(ID)?.tags?.project, OTHER)
  t.same([ledger(fleet, 'b').used, accountOf(fleet, OTHER)], [NOTHING, ONE])
  t.same(ledger(fleet, 'b').bound, [])
})

t.test('a delete that was taken while the owner was away wins over a transfer that is accepted when it is back', async (t) => {
  const { fleet, accept } = offered()
  for (const other of 'bc') fleet.cut('a', other)
  t.equal(outcomeOf(fleet.ask('b', remove(4, 1))()), 'ok', 'promised')
  fleet.loses = ({ message }) => message.kind === 'intent'
  for (const other of 'bc') fleet.mend('a', other)
  t.equal(outcomeOf(fleet.ask('a', accept)()), 'transfer-not-found')
  t.match(shownAt(fleet, 'a'), { project: PROJECT })
  fleet.loses = () => false
  fleet.pass(2 * TIMINGS.watchMs)
  t.equal(fleet.host('a').volumes.size, 0, 'its bytes are gone')
  t.same([ledger(fleet, 'b').used, accountOf(fleet, OTHER)], [NOTHING, NOTHING])
})

t.test('an offer is not left open that a promised delete has won over', async (t) => {
  const { fleet, accept } = offered()
  for (const other of 'bc') fleet.cut('a', other)
  fleet.ask('b', remove(4, 1))
  fleet.loses = ({ message }) => message.kind === 'intent'
  for (const other of 'bc') fleet.mend('a', other)
  t.equal(outcomeOf(fleet.ask('a', accept)()), 'transfer-not-found')
  t.match(shownAt(fleet, 'a'), { status: 'available', transfer: { state: 'cancelled' } })
  t.equal(outcomeOf(fleet.ask('a', { ...accept, request: { ...accept.request, rid: requestId('5'.repeat(32)) } })()), 'transfer-not-found')
})

t.test('a delete that comes from where the transfer is not known yet is not taken for an owner that is away', async (t) => {
  const { fleet, accept } = offered()
  fleet.cut('a', 'c')
  fleet.loses = ({ to, message }) => to === 'c' && message.kind === 'delta'
  const accepted = fleet.ask('b', accept)
  fleet.pass(1000)
  t.equal(outcomeOf(accepted()), 'ok')
  t.match(shownAt(fleet, 'c'), { project: PROJECT }, 'as it was')
  const removed = fleet.ask('c', remove(4, 1))
  fleet.pass(3 * TIMINGS.askMs)
  t.equal(outcomeOf(removed()), 'owner-unreachable')
  fleet.loses = () => false
  fleet.mend('a', 'c')
  fleet.pass(2 * TIMINGS.watchMs)
  for (const host of 'abc') t.match(shownAt(fleet, host), { project: OTHER, status: 'available' })
})

t.test('who has taken a volume over is not told that there is none, where nobody has seen it yet', async (t) => {
  const { fleet, accept } = offered()
  fleet.loses = ({ from, message }) =>
    from === 'a' &&
    (message.kind === 'delta' || message.kind === 'operated' || (message.kind === 'change' && message.change.kind === 'fold'))
  fleet.ask('b', accept)
  t.match(fleet.host('a').tables.owned.get(ID)?.volume, { project: OTHER }, 'it is, with its owner')
  fleet.stop('a')
  fleet.loses = () => false
  const found = fleet.ask('c', FIND)
  fleet.pass(5 * TIMINGS.askMs)
  t.equal(outcomeOf(found()), 'owner-unreachable')
  fleet.start('a')
  fleet.pass(2000)
  t.match(fleet.ask('c', FIND)(), { kind: 'find', result: { ok: true, value: { id: ID, project: OTHER } } })
})

t.test('an owner that has forgotten a transfer which the register has bound carries it out', async (t) => {
  const { fleet, accept } = offered()
  fleet.loses = ({ from, message }) =>
    from === 'a' &&
    (message.kind === 'delta' || message.kind === 'operated' || (message.kind === 'change' && message.change.kind === 'fold'))
  fleet.ask('b', accept)
  fleet.stop('a')
  fleet.loses = () => false
  fleet.host('a').journal.clear()
  fleet.start('a')
  fleet.pass(3 * TIMINGS.watchMs)
  for (const host of 'abc') t.match(shownAt(fleet, host), { project: OTHER, user: 'them', status: 'available' })
  t.same([ledger(fleet, 'b').used, accountOf(fleet, OTHER)], [NOTHING, ONE])
  t.equal(fleet.host('a').volumes.get(ID)?.tags?.project, OTHER)
})

t.test('one that was reserved and never bound is let go of, and can be taken back', async (t) => {
  const { fleet, accept } = offered()
  fleet.loses = ({ message }) => message.kind === 'change' && message.change.kind === 'bind'
  fleet.ask('b', accept)
  fleet.stop('b')
  fleet.loses = () => false
  t.equal(fleet.host('a').tables.owned.get(ID)?.pending?.kind, 'accept')
  fleet.pass(TIMINGS.resolveMs + 5000)
  t.equal(fleet.host('a').tables.owned.get(ID)?.pending, null)
  const cancel = operate(5, 1, { kind: 'cancel-transfer', transfer: TRANSFER })
  t.equal(outcomeOf(fleet.ask('c', cancel)()), 'ok')
  t.match(shownAt(fleet, 'a'), { project: PROJECT, status: 'available' })
})

t.test('nor that there is none of the snapshots that came with it', async (t) => {
  const { fleet, accept } = offered({ withSnapshot: true })
  const find: ClientRequest = { kind: 'find-snapshot', project: OTHER, snapshot: snapshotNamed(7), isOwn: true }
  fleet.cut('a', 'c')
  fleet.loses = ({ to, message }) => to === 'c' && message.kind === 'delta'
  const accepted = fleet.ask('b', accept)
  fleet.pass(2000)
  t.equal(outcomeOf(accepted()), 'ok')
  t.match(shownAt(fleet, 'c'), { project: PROJECT, snapshots: [{ id: snapshotNamed(7) }] }, 'as it was')
  const asked = fleet.ask('c', find)
  fleet.pass(3 * TIMINGS.askMs)
  t.match(asked(), { kind: 'find-snapshot', result: { ok: false, failure: { code: 'owner-unreachable' } } })
  fleet.loses = () => false
  fleet.mend('a', 'c')
  const found = fleet.ask('c', find)
  fleet.pass(1000)
  t.match(found(), { kind: 'find-snapshot', result: { ok: true, value: { id: snapshotNamed(7) } } })
})
