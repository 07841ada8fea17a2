/** The contract of lib/flows/step.ts, as the agent keeps it: nothing is seen before it is durable. */
import t from 'tap'
import { createLoop, type LoopWorld } from '../../../agent/run/loop.ts'
import type { Effect } from '../../../lib/flows/step.ts'
import { createPeer } from '../../../lib/flows/restore.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import { TIMINGS } from '../../../lib/flows/timings.ts'
import { LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { peerId, poolName, projectId, requestId, volumeId } from '../../../lib/model/ids.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { DEFAULT_PLACEMENT } from '../../../lib/placement/rank.ts'

const SELF = peerId('self')
const OTHER = peerId('other')

interface Write {
  readonly keys: readonly string[]
  succeed(): void
  fail(error: Error): void
}

function harness(): { peer: Peer; world: LoopWorld; writes: Write[]; done: Effect[]; errors: unknown[] } {
  const host = (peer: typeof SELF) => ({ peer, name: peer, addrs: [], zone: 'z', voter: true, state: 'member' as const })
  const manifest = {
    cluster: 'c',
    epoch: 1,
    prev: '',
    expect: 2,
    voting: { epoch: 1, former: null },
    hosts: [host(OTHER), host(SELF)],
    left: [],
    types: [],
    limits: { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 },
  }
  const rng = { hex: () => '00', below: () => 0 }
  const options = {
    self: SELF,
    manifest,
    rng,
    placement: DEFAULT_PLACEMENT,
    rules: LEDGER_RULES,
    timings: TIMINGS,
    signer: { sign: () => '', verify: () => true },
    secretOf: () => '',
    isNew: true,
    portal: '',
    version: '',
    api: '',
  }
  const writes: Write[] = []
  const done: Effect[] = []
  const errors: unknown[] = []
  const world: LoopWorld = {
    now: () => ({ wallMs: 0, monoMs: 0 }),
    write: (batch) => new Promise((resolve, reject) => writes.push({ keys: batch.map(({ key }) => key), succeed: resolve, fail: reject })),
    perform: (effect) => done.push(effect),
    onJournalError: (error) => errors.push(error),
  }
  return { peer: createPeer(options, [], { heads: [], records: [] }), world, writes, done, errors }
}

const reserve = (id: string): PeerMessage => ({
  kind: 'reserve',
  rid: requestId(id),
  pool: poolName('self', 'b', 'p'),
  spec: {
    id: volumeId(id),
    project: projectId('p'),
    user: '',
    name: null,
    description: null,
    sizeGiB: 1,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: 0,
  },
  typeVersion: null,
})
const heads: PeerMessage = { kind: 'heads', heads: [], only: null, ref: 'question', about: null }
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
/** What was said in answer to a message; a host also says things of its own accord. */
const answered = (done: readonly Effect[]): string[] => {
  const answers = ['reserved', 'delta', 'seen']
  return done.flatMap((effect) => (effect.kind === 'send' && answers.includes(effect.message.kind) ? [effect.message.kind] : []))
}

async function started(t: { teardown(end: () => void): unknown }) {
  const all = harness()
  const loop = createLoop(all.peer, SELF, all.world)
  t.teardown(() => loop.stop())
  const capabilities = { thin_provisioning_support: true, max_over_subscription_ratio: 1, free_capacity_gb: 10, reserved_percentage: 0 }
  loop.give({ kind: 'measured', pools: [{ name: poolName('self', 'b', 'p'), pool: 'p', state: 'up', totalGiB: 10, capabilities }] })
  loop.give({ kind: 'start' })
  await writeAll(all.writes)
  loop.give({ kind: 'found', fresh: [], volumes: [], snapshots: [], exports: [] })
  const [ref = ''] = all.done.flatMap((effect) => (effect.kind === 'send' && effect.message.kind === 'recall' ? [effect.message.ref] : []))
  const nothing = { kind: 'recalled', ref, head: null, votes: [], projects: [], totals: [], isLost: false, life: 0 } as const
  loop.give({ kind: 'message', from: OTHER, message: nothing })
  // The new epoch; then what it promised in the register of the volume types, which it reads at its start.
  await writeAll(all.writes)
  all.done.length = 0
  return { ...all, loop }
}

/** Also what is written because of what was. */
async function writeAll(writes: Write[]): Promise<void> {
  for (let write = writes.shift(); write !== undefined; write = writes.shift()) {
    write.succeed()
    await settle()
  }
}

t.test('an answer waits until what it tells of is durable', async (t) => {
  const { loop, writes, done } = await started(t)
  loop.give({ kind: 'message', from: OTHER, message: reserve('a') })
  await settle()
  t.same(answered(done), [], 'not before the write')
  t.ok(writes[0]?.keys.includes('volume/a'))
  writes[0]?.succeed()
  await settle()
  t.same(answered(done), ['reserved'])
})

t.test('an answer without a batch of its own waits for the batches before it', async (t) => {
  const { loop, writes, done } = await started(t)
  loop.give({ kind: 'message', from: OTHER, message: reserve('a') })
  loop.give({ kind: 'message', from: OTHER, message: heads })
  await settle()
  t.same(answered(done), [], 'what it read may not be durable')
  writes[0]?.succeed()
  await settle()
  t.same(answered(done), ['reserved', 'delta', 'seen'], 'in the order of the events')
})

t.test('effects keep the order of their steps even if a later write is reported first', async (t) => {
  const { loop, writes, done } = await started(t)
  loop.give({ kind: 'message', from: OTHER, message: reserve('a') })
  loop.give({ kind: 'message', from: OTHER, message: reserve('b') })
  writes[1]?.succeed()
  await settle()
  t.same(answered(done), [])
  writes[0]?.succeed()
  await settle()
  t.same(answered(done), ['reserved', 'reserved'])
})

t.test('after the first journal error nothing is done any more', async (t) => {
  const { loop, writes, done, errors } = await started(t)
  loop.give({ kind: 'message', from: OTHER, message: reserve('a') })
  loop.give({ kind: 'message', from: OTHER, message: reserve('b') })
  writes[0]?.fail(new Error('ENOSPC'))
  await settle()
  writes[1]?.succeed()
  loop.give({ kind: 'message', from: OTHER, message: heads })
  await settle()
  t.match(errors, [{ message: 'ENOSPC' }])
  t.same(answered(done), [])
  t.equal(writes.length, 2, 'and nothing is written')
})
