/**
 * Twenty hosts, cut in half for a minute while clients go on at both sides, and healed: how long until all views are equal.
 */
import { NO_HINTS } from '../../lib/model/hints.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { attachmentId, projectId, requestId, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import type { Operation } from '../../lib/model/request.ts'
import { Random } from '../sim/random.ts'
import { judged, quantile, type Row, spreadOf, told } from './cluster-row.ts'
import { ClusterWorld } from './cluster-world.ts'

const RUNS = 100
const PEERS = 20
const VOLUMES_PER_PEER = 20
const PROJECTS = 8
const CUT_MS = 60_000
const CHANGES_PER_SECOND = 8
const HEAL_MS_MAX = 10_000
/** What was asked for across the cut is done after it; then there is rest. */
const REST_MS = 40_000

interface Heal {
  readonly equalMs: number
  readonly lastDifferenceMs: number
  readonly isSame: boolean
  readonly answered: ReadonlyMap<string, number>
}

export function measureHeals(): readonly Row[] {
  const heals = Array.from({ length: RUNS }, (_, n) => heal(`heal/${n}`))
  const equalMs = heals.map((one) => one.equalMs)
  const isSame = heals.every((one) => one.isSame)
  const answered = new Map<string, number>()
  for (const one of heals) for (const [what, count] of one.answered) answered.set(what, (answered.get(what) ?? 0) + count)
  const done = [...answered].sort(([, a], [, b]) => b - a).map(([what, count]) => `${what} ${Math.round(count / RUNS)}`)
  return [
    judged(
      '20 hosts, cut in half for 60 s, heal: all views equal',
      spreadOf(equalMs),
      'p99 <= 10 s',
      quantile(equalMs, 0.99) <= HEAL_MS_MAX,
    ),
    told('  last difference, what was asked for across the cut included', spreadOf(heals.map((one) => one.lastDifferenceMs))),
    judged('  in the end all hosts show the same, and no log was refused', isSame ? 'yes' : 'no', 'yes', isSame),
    told('  answers in a run, on average', done.join(', ')),
  ]
}

function heal(seed: string): Heal {
  const cluster = new ClusterWorld({ seed, peers: PEERS, volumesPerPeer: VOLUMES_PER_PEER, projects: PROJECTS })
  const random = new Random(`clients/${seed}`)
  const answered = new Map<string, number>()
  cluster.onReply = (_, { kind, result }) => {
    const what = result.ok ? `${kind} ok` : result.failure.code
    answered.set(what, (answered.get(what) ?? 0) + 1)
  }
  for (const node of cluster.nodes) cluster.start(node)
  cluster.runUntil(() => cluster.isReady() && cluster.isEqual(), 60_000)
  cluster.run(1000 + random.below(5000))

  const order = cluster.nodes.map(({ id }) => ({ id, key: random.next() })).sort((a, b) => a.key - b.key)
  const left = new Set(order.slice(0, PEERS / 2).map(({ id }) => id))
  cluster.links.cut(({ id }) => (left.has(id) ? 0 : 1))
  for (let n = 0; n < (CUT_MS / 1000) * CHANGES_PER_SECOND; n += 1) {
    change(cluster, random)
    cluster.run(1000 / CHANGES_PER_SECOND)
  }
  cluster.links.cut(() => 0)
  const equalMs = cluster.runUntil(() => cluster.isEqual(), 60_000)
  let lastDifferenceMs = equalMs
  for (let sinceMs = equalMs; sinceMs < REST_MS; sinceMs += 50) {
    cluster.run(50)
    if (!cluster.isEqual()) lastDifferenceMs = sinceMs + 50
  }
  return { equalMs, lastDifferenceMs, isSame: cluster.isSame(), answered }
}

/** A client asks any host to do something to any volume that it knows. */
function change(cluster: ClusterWorld, random: Random): void {
  const node = random.pick(cluster.nodes)
  const rid = requestId(random.hex(16))
  if (random.chance(0.2)) {
    const spec = {
      id: volumeId(random.uuid()),
      project: projectId(`project-${random.below(PROJECTS)}`),
      user: 'u',
      name: null,
      description: null,
      sizeGiB: 1,
      zone: null,
      type: null,
      typeId: null,
      metadata: {},
      multiattach: false,
      source: null,
      createdAtMs: Math.floor(cluster.nowMs),
    }
    cluster.ask(node, { kind: 'create', rid, spec, bodyHash: hashHex('body', spec.id), sourceAt: null, hints: NO_HINTS })
    return
  }
  const volumes = [...(node.peer?.view.volumes.keys() ?? [])]
  if (volumes.length === 0) return
  const volume = random.pick(volumes)
  const attachments = node.peer?.view.volumes.get(volume)?.volume.attachments ?? []
  cluster.ask(node, {
    kind: 'operate',
    request: { rid, project: null, volume, operation: operationOn(volume, attachments[0]?.id, random) },
  })
}

function operationOn(volume: VolumeId, attached: ReturnType<typeof attachmentId> | undefined, random: Random): Operation {
  const drawn = random.below(3)
  if (drawn === 0) return { kind: 'update', name: `${volume}-${random.hex(2)}` }
  if (attached !== undefined) return { kind: 'detach', attachment: attached, allowUnsafe: true }
  if (drawn === 1) return { kind: 'delete', force: false }
  const connector = { initiator: `iqn.2026-01.example:${random.hex(4)}`, host: 'h', ip: null, multipath: false, mountpoint: null }
  return { kind: 'attach', attachment: attachmentId(random.uuid()), instance: null, mode: 'rw', connector, mountpoint: null }
}
