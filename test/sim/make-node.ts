/**
 * How a host of the simulated cluster is made: its fakes, its rules and its share of the randomness, with the checkers
 * looking at everything that happens to it.
 *
 * A planted bug may put something of its own in the place of the rules, the journal and the exports; nothing else.
 */
import { LEDGER_RULES } from '../../lib/ledger/rules.ts'
import { hashHex } from '../../lib/model/hash.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import type { Manifest } from '../../lib/model/manifest.ts'
import type { ClientReply } from '../../lib/model/request.ts'
import { DEFAULT_PLACEMENT } from '../../lib/placement/rank.ts'
import type { Distortion } from './bugs/distortion.ts'
import type { Checker } from './checkers/checker.ts'
import type { CrashPoints } from './crash/points.ts'
import { volumeBehindExport } from './fakes/exports.ts'
import { FakeVolumes } from './fakes/volumes.ts'
import type { Hits } from './hits.ts'
import { portalOf } from './initiators.ts'
import type { Network } from './network.ts'
import { SimNode } from './node.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import { simSigner } from './signer.ts'
import type { World } from './world.ts'

/** What all hosts believe of the time when the world began, give or take their skew. */
const BEGINNING_MS = 1_800_000_000_000

export interface MakeNode {
  readonly peer: PeerId
  readonly name: string
  /** Which host it is, in the order of joining: every other one has a clock that is off. */
  readonly index: number
  readonly manifest: Manifest
  readonly world: World
  readonly hits: Hits
  readonly options: SimOptions
  readonly network: Network
  readonly points: CrashPoints
  readonly random: Random
  readonly distortion: Distortion
  /** Complete by the time that the host starts. */
  readonly checkers: readonly Checker[]
  /** Those that listen to every event. */
  readonly heeding: readonly Checker[]
  readonly onReply: (node: SimNode, id: string, reply: ClientReply) => void
  readonly isSpare: (node: SimNode) => boolean
}

export function makeNode(of: MakeNode): SimNode {
  const { peer, name, index, manifest, world, hits, options, network, points, random, distortion, checkers, heeding } = of
  const each = (watch: (checker: Checker, node: SimNode) => void): void => {
    for (const checker of checkers) watch(checker, node)
  }
  const node: SimNode = new SimNode({
    id: peer,
    name,
    world,
    network,
    hits,
    random,
    sim: options,
    distortion,
    points,
    wallMs: BEGINNING_MS + (index % 2) * options.wallSkewMs,
    peer: {
      self: peer,
      manifest,
      rng: random.split('rules'),
      placement: DEFAULT_PLACEMENT,
      rules: distortion.rules(LEDGER_RULES, peer, network),
      timings: options.timings,
      signer: simSigner(peer),
      secretOf: (iqn) => hashHex('secret', peer, iqn).slice(0, 16),
      isNew: true,
      portal: portalOf(name),
      version: 'sim',
      api: '',
    },
    journal: distortion.journal({
      world,
      hits,
      random: random.split('journal'),
      journal: options.journal,
      rare: options.rare.journal,
      onDurable: (key, after, before) => each((checker) => checker.onDurable?.(node, key, after, before)),
    }),
    volumes: new FakeVolumes(options.poolGiB, {
      onCreate: (volume) => each((checker) => checker.onVolumeCreate?.(node, volume)),
      onAdopt: (volume, name) => each((checker) => checker.onAdopt?.(node, volume, name)),
      onExtend: () => {},
      onRemove: (volume) => each((checker) => checker.onVolumeRemove?.(node, volume)),
      onSnapshot: (snapshot) => each((checker) => checker.onSnapshot?.(node, snapshot)),
      onSnapshotAdopt: (snapshot, name) => each((checker) => checker.onSnapshotAdopt?.(node, snapshot, name)),
      onSnapshotRemove: (snapshot) => each((checker) => checker.onSnapshotRemove?.(node, snapshot)),
      onRevert: (volume, snapshot) => each((checker) => checker.onRevert?.(node, volume, snapshot)),
    }),
    exports: distortion.exports({
      onExpose: (exported) => each((checker) => checker.onExpose?.(node, exported)),
      onLogin: (session) => each((checker) => checker.onLogin?.(node, session)),
      onWrite: ({ iqn }) => node.volumes.write(volumeBehindExport(iqn)),
    }),
    onReply: (id, reply) => of.onReply(node, id, reply),
    onOutcome: (report) => each((checker) => checker.onOutcome?.(node, report)),
    onReplicate: ({ head, records }) => each((checker) => checker.onReplicate?.(node, head, records)),
    isSpare: () => of.isSpare(node),
    onEvent: (event) => {
      for (const checker of heeding) checker.onEvent?.(node, event)
    },
  })
  return node
}
