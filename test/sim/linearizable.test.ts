/** The check of the registers' histories accepts what one cell could have answered, and nothing else. */
import t from 'tap'
import { peerId, poolName, projectId, requestId, reservationId, volumeId } from '../../lib/model/ids.ts'
import type { Binding, Intent, LedgerAnswer, LedgerChange } from '../../lib/model/ledger.ts'
import { plantedBug } from './bugs/planted.ts'
import { linearize, type RegisterCall } from './checkers/linearize.ts'
import { drawOptions } from './options.ts'
import { Random } from './random.ts'
import { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

t.setTimeout(600_000)

const PROJECT = projectId('blue')
const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }
const SEEDS_MAX = 300

function bindingOf(name: string, host: string): Binding {
  const rid = requestId(name)
  const pool = poolName(host, 'fake', 'p')
  const delta = { volumes: 1, snapshots: 0, gigabytes: 2, groups: 0 }
  const reservation = reservationId('1.1')
  const volume = volumeId(name)
  return {
    kind: 'bound',
    rid,
    volume,
    host: peerId(host),
    pool,
    reservation,
    bodyHash: 'b',
    delta,
    sizeGiB: 2,
    spec: null,
    snapshot: null,
    transfer: null,
    atMs: 1,
  }
}

const bind = (binding: Binding): LedgerChange => ({ kind: 'bind', binding })
const bound = (binding: Binding): LedgerAnswer => ({ kind: 'bound', binding })
const READ: LedgerChange = { kind: 'read', about: null }

const intentOf = (rid: string): Intent => ({ kind: 'intent', volume: volumeId('one'), rid: requestId(rid), host: peerId('b'), atMs: 1 })
const withIntent = (rid: string): LedgerAnswer => {
  const read = contents(A)
  return read.kind === 'contents' ? { ...read, contents: { ...read.contents, intents: [intentOf(rid)] } } : read
}
const intend = (rid: string): LedgerChange => ({ kind: 'intend', intent: intentOf(rid) })

function contents(...bindings: readonly Binding[]): LedgerAnswer {
  const used = { volumes: bindings.length, snapshots: 0, gigabytes: 2 * bindings.length, groups: 0 }
  return {
    kind: 'contents',
    contents: {
      bound: bindings,
      unplaced: [],
      intents: [],
      gone: [],
      limits: UNLIMITED,
      used,
      project: PROJECT,
      ended: null,
      accepted: [],
    },
  }
}

/** Asked and answered at these moments; without an answer nobody ever heard. */
function call(
  change: LedgerChange,
  askedAt: number,
  answeredAt = Number.POSITIVE_INFINITY,
  answer: LedgerAnswer | null = null,
): RegisterCall {
  return { change, askedAt, answeredAt, answer }
}

const A = bindingOf('one', 'a')
const B = bindingOf('one', 'b')
const C = bindingOf('two', 'c')

t.test('what one cell could have answered is in order', async (t) => {
  const histories: Readonly<Record<string, readonly RegisterCall[]>> = {
    'one after the other': [call(bind(A), 1, 2, bound(A)), call(READ, 3, 4, contents(A))],
    'a read beside a change may come before it': [call(bind(A), 1, 4, bound(A)), call(READ, 2, 3, contents())],
    'or after it': [call(bind(A), 1, 4, bound(A)), call(READ, 2, 3, contents(A))],
    'two changes of one request: one decides': [
      call(bind(A), 1, 4, bound(B)),
      call(bind(B), 2, 3, bound(B)),
      call(READ, 5, 6, contents(B)),
    ],
    'a change that nobody heard of may never have been': [call(bind(A), 1), call(READ, 2, 3, contents())],
    'or takes effect much later': [call(bind(A), 1), call(READ, 2, 3, contents()), call(READ, 4, 5, contents(A))],
    'several of them in whatever order': [
      call(bind(A), 1),
      call(bind(C), 2),
      call(READ, 3, 4, contents()),
      call(READ, 5, 6, contents(C)),
      call(READ, 7, 8, contents(A, C)),
    ],
  }
  for (const [what, calls] of Object.entries(histories)) t.equal(linearize(calls, PROJECT, UNLIMITED).kind, 'in order', what)
})

t.test('what no single cell could have answered is out of order', async (t) => {
  const histories: Readonly<Record<string, readonly RegisterCall[]>> = {
    'a read that misses what was decided before it': [call(bind(A), 1, 2, bound(A)), call(READ, 3, 4, contents())],
    'a decision that is gone again': [call(bind(A), 1), call(READ, 2, 3, contents(A)), call(READ, 4, 5, contents())],
    'two decisions of one request': [call(bind(A), 1, 2, bound(A)), call(bind(B), 3, 4, bound(B))],
    'two readers who saw two changes in different orders': [
      call(bind(A), 1),
      call(bind(C), 2),
      call(READ, 3, 6, contents(A)),
      call(READ, 4, 5, contents(C)),
    ],
    'another of two deletes, asked for at once, than the one that stands': [
      call(bind(A), 1, 2, bound(A)),
      call(intend('first'), 3),
      call(intend('second'), 4),
      call(READ, 5, 6, withIntent('first')),
      call(READ, 7, 8, withIntent('second')),
    ],
    'something that nobody asked for': [call(bind(A), 1, 2, bound(A)), call(READ, 3, 4, contents(A, C))],
  }
  for (const [what, calls] of Object.entries(histories)) t.equal(linearize(calls, PROJECT, UNLIMITED).kind, 'out of order', what)
})

for (const number of [22, 23]) {
  const { title } = plantedBug(number)
  t.test(`no other checker is needed to see that ${title}`, async (t) => {
    let seed = 1
    while (seed <= SEEDS_MAX && !isSeen(seed, number)) seed += 1
    t.ok(seed <= SEEDS_MAX, `found within ${SEEDS_MAX} seeds`)
    t.comment(`it took ${seed} seeds`)
  })
}

function isSeen(seed: number, bug: number): boolean {
  const options = drawOptions(new Random(`options/${seed}`))
  const simulation = new Simulation({ seed: String(seed), options, distortion: plantedBug(bug).distortion(), only: 'linearizable' })
  try {
    simulation.run()
  } catch (error) {
    if (error instanceof Violation && error.invariant === 'linearizable') return true
    throw error
  }
  return false
}
