/** The start of a host, as its ports see it: the rules wait for what lies here, and for all of it. */
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { createNoneBackend } from '../../../agent/backend/none/backend.ts'
import { createRunner, type Runner } from '../../../agent/run/runner.ts'
import { createPeer } from '../../../lib/flows/restore.ts'
import type { Peer } from '../../../lib/flows/tables.ts'
import { TIMINGS } from '../../../lib/flows/timings.ts'
import { LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { peerId, projectId, requestId, volumeId } from '../../../lib/model/ids.ts'
import type { Manifest } from '../../../lib/model/manifest.ts'
import { DEFAULT_PLACEMENT } from '../../../lib/placement/rank.ts'
import type { Backend, VolumeTags } from '../../../lib/ports/backend.ts'
import type { JournalOp } from '../../../lib/ports/journal.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { Target } from '../../../lib/ports/target.ts'

const SELF = peerId('self')
const VOLUME = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const TAGS: VolumeTags = { project: projectId('p'), rid: requestId('0123456789abcdef0123456789abcdef') }
const MANIFEST: Manifest = {
  cluster: 'c',
  epoch: 1,
  prev: '',
  expect: 1,
  voting: { epoch: 1, former: null },
  hosts: [{ peer: SELF, name: 'self', addrs: [], zone: 'z', voter: true, state: 'member' }],
  left: [],
  types: [],
  limits: { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 },
}

interface Host {
  readonly peer: Peer
  readonly runner: Runner
  readonly writes: (readonly JournalOp[])[]
  readonly logged: string[]
  readonly isReady: () => boolean
}

function hostWith(t: Test, { backends, target = null, lookMs = null }: HostParts): Host {
  mock.timers.enable({ apis: ['setTimeout'] })
  const peer = createPeer(
    {
      self: SELF,
      manifest: MANIFEST,
      rng: { hex: () => '00', below: () => 0 },
      placement: DEFAULT_PLACEMENT,
      rules: LEDGER_RULES,
      timings: TIMINGS,
      signer: { sign: () => '', verify: () => true },
      secretOf: () => '',
      isNew: true,
      portal: '',
      version: '',
      api: '',
    },
    [],
    { heads: [], records: [] },
  )
  const writes: (readonly JournalOp[])[] = []
  const logged: string[] = []
  const note = (event: string): void => void logged.push(event)
  let ready = 0
  const runner = createRunner({
    peer,
    journal: { entries: () => [], write: async (batch) => void writes.push(batch), close: async () => undefined },
    replica: { put: () => undefined, watch: () => undefined },
    network: { send: () => undefined, publish: () => undefined },
    backends,
    target,
    log: { debug: note, info: note, warn: note, error: note },
    now: () => ({ wallMs: 0, monoMs: 0 }),
    onJournalError: (error) => t.fail(String(error)),
    clientsMax: 10,
    callTimeoutMs: 60_000,
    lookMs,
    reconcileMs: 150_000,
    onReady: () => {
      ready += 1
    },
  })
  t.teardown(async () => {
    await runner.stop()
    mock.timers.reset()
  })
  return { peer, runner, writes, logged, isReady: () => ready === 1 }
}

interface HostParts {
  readonly backends: readonly Backend[]
  readonly target?: Target | null
  readonly lookMs?: number | null
}

/** Lets everything happen that no timer holds back. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function after(ms: number): Promise<void> {
  mock.timers.tick(ms)
  await settle()
}

const noStorage = (name: string): Backend => createNoneBackend({ name, pool: 'pool', capacityGiB: 10 })
const FAILED: Outcome<never> = { kind: 'failed', tool: 'test', detail: 'not today' }

t.test('a host takes part once all that lies on it was listed, however often that has to be tried', async (t) => {
  let volumesFail = true
  let exportsFail = true
  const backend = noStorage('a')
  const target: Target = {
    portal: '',
    followsGrowth: false,
    expose: async () => done(undefined),
    fence: async () => done(undefined),
    list: async () => (exportsFail ? FAILED : done([])),
  }
  const sick: Backend = { ...noStorage('b'), list: async () => (volumesFail ? FAILED : done([])) }
  const { runner, writes, logged, isReady } = hostWith(t, { backends: [backend, sick], target })
  runner.start()
  await settle()
  await after(5000)
  t.same(logged.filter((event) => event === 'volumes-not-listed').length, 2)
  volumesFail = false
  await after(5000)
  await after(5000)
  t.equal(logged.filter((event) => event === 'exports-not-listed').length, 1, 'said once, looked at again and again')
  t.match(writes, [[{ key: 'host', value: { epoch: 0 } }]], 'nothing is written but that it has begun')
  t.notOk(isReady())
  exportsFail = false
  await after(5000)
  t.ok(logged.includes('exports-listed'), 'and when it is over')
  t.match(writes[1], [{ key: 'host', value: { epoch: 1 } }], 'the new epoch')
  await after(TIMINGS.beatSoonMs)
  t.ok(isReady())
})

t.test('a pool that cannot be measured any more stays known, takes nothing new and says why, until it can', async (t) => {
  let isSick = false
  const backend = noStorage('a')
  const measure: Backend['measure'] = (signal) => (isSick ? Promise.resolve(FAILED) : backend.measure(signal))
  const { peer, runner, logged } = hostWith(t, { backends: [{ ...backend, measure }] })
  const pools = (): readonly unknown[] => [...peer.pools.values()]
  runner.start()
  await settle()
  t.match(pools(), [{ name: 'self@a#pool', state: 'up', totalGiB: 10 }])
  const before = pools()
  isSick = true
  await after(10_000)
  t.match(pools(), [
    { name: 'self@a#pool', state: 'stalled', totalGiB: 10, capabilities: { backend_state: 'down', backend_trouble: 'test: not today' } },
  ])
  t.ok(logged.includes('backend-not-measured'))
  isSick = false
  await after(10_000)
  t.same(pools(), before)
})

t.test('a stop in the middle of a start ends it: who waits is answered, and nothing is listed again', async (t) => {
  let looks = 0
  const list = async (): Promise<Outcome<never>> => {
    looks += 1
    return FAILED
  }
  const { runner } = hostWith(t, { backends: [{ ...noStorage('a'), list }] })
  runner.start()
  const asked = runner.ask({ kind: 'find', project: TAGS.project, volume: VOLUME, isOwn: false })
  await settle()
  await runner.stop()
  t.match(await asked, { kind: 'find', result: { ok: false } })
  await after(60_000)
  t.equal(looks, 1)
})

t.test('bytes that nobody knows are set aside by the backend that has them', async (t) => {
  const asked: string[] = []
  const watched = (name: string): Backend => {
    const backend = noStorage(name)
    const quarantine: Backend['quarantine'] = (volume, signal) => {
      asked.push(`${name} ${volume}`)
      return backend.quarantine(volume, signal)
    }
    return { ...backend, quarantine }
  }
  const [first, second] = [watched('a'), watched('b')]
  await second.create({ id: VOLUME, pool: 'pool', sizeBytes: 1024 ** 3 }, TAGS, new AbortController().signal)
  const { runner, logged } = hostWith(t, { backends: [first, second] })
  runner.start()
  await settle()
  t.same(asked, [`b ${VOLUME}`])
  t.ok(logged.includes('volume-quarantined'))
})

t.test('after the start the looks go on: at the exports at their own pace, at the bytes less often', async (t) => {
  let looks = 0
  let listings = 0
  const backend: Backend = {
    ...noStorage('a'),
    list: async () => {
      listings += 1
      return done([])
    },
  }
  const target: Target = {
    portal: '',
    followsGrowth: false,
    expose: async () => done(undefined),
    fence: async () => done(undefined),
    list: async () => {
      looks += 1
      return done([])
    },
  }
  const { runner } = hostWith(t, { backends: [backend], target, lookMs: 60_000 })
  runner.start()
  await settle()
  t.equal(looks, 1)
  await after(59_999)
  t.equal(looks, 1)
  await after(1)
  t.equal(looks, 2)
  await after(60_000)
  t.equal(looks, 3)
  t.equal(listings, 1)
  await after(30_000)
  t.same([looks, listings], [4, 2], 'and the bytes too, less often')
  await runner.stop()
  await after(300_000)
  t.same([looks, listings], [4, 2], 'and end with the agent')
})
