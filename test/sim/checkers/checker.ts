/**
 * What a checker may watch. It stands outside the rules: it sees what lies on disks, in targets and on the wire, and
 * what clients are told, and throws a `Violation` at the moment that something cannot be right.
 */
import type { PeerId, VolumeId } from '../../../lib/model/ids.ts'
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { LogHead, PublishedRecord } from '../../../lib/model/log.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import type { KnownVolume } from '../../../lib/replica/view.ts'
import type { LedgerEntry } from '../../../lib/model/ledger.ts'
import type { BackendSnapshot, BackendVolume, SnapshotName } from '../../../lib/ports/backend.ts'
import type { FakeExport, Session } from '../fakes/exports.ts'
import type { Asked, History } from '../history.ts'
import type { SimNode } from '../node.ts'
import type { Operator } from '../operator.ts'
import type { SimOptions } from '../options.ts'
import type { World } from '../world.ts'

export interface Scene {
  readonly world: World
  readonly options: SimOptions
  readonly nodes: readonly SimNode[]
  readonly history: History
  readonly operator: Operator
}

/** Hosts that have a say. */
export function membersIn({ nodes }: Scene): readonly SimNode[] {
  return nodes.filter(({ isOut }) => !isOut)
}

/** What the members show of hosts that are lost, but for what was deleted since. */
export function lostVolumes(scene: Scene, entries: readonly LedgerEntry[]): readonly KnownVolume[] {
  const gone = new Set(entries.flatMap((entry) => (entry.kind === 'gone' ? [entry.volume] : [])))
  const view = membersIn(scene).find(({ isUp }) => isUp)?.peer?.view
  return [...(view?.volumes.values() ?? [])].filter(
    ({ volume, owner, seq }) => seq > 0 && scene.operator.isLost(owner) && !gone.has(volume.id),
  )
}

export interface Checker {
  /** One key of a host's journal is now on its disk. */
  onDurable?(node: SimNode, key: string, after: unknown, before: unknown): void
  onSend?(from: PeerId, to: PeerId, message: PeerMessage): void
  /** A host that is up is about to hear of this. */
  onEvent?(node: SimNode, event: PeerEvent): void
  /** A host hands out an answer. */
  onReply?(node: SimNode, asked: Asked, reply: ClientReply): void
  /** What a tool really said, whatever the host is told. */
  onOutcome?(node: SimNode, event: Extract<PeerEvent, { kind: 'backend' | 'target' }>): void
  /** A host keeps another's records. */
  onReplicate?(node: SimNode, head: LogHead, records: readonly PublishedRecord[]): void
  /** Before it happens. */
  onVolumeCreate?(node: SimNode, volume: BackendVolume): void
  onAdopt?(node: SimNode, volume: BackendVolume, name: string): void
  onVolumeRemove?(node: SimNode, volume: VolumeId): void
  onSnapshot?(node: SimNode, snapshot: BackendSnapshot): void
  onSnapshotAdopt?(node: SimNode, snapshot: BackendSnapshot, name: string): void
  onSnapshotRemove?(node: SimNode, name: SnapshotName): void
  onRevert?(node: SimNode, volume: VolumeId, to: SnapshotName): void
  onExpose?(node: SimNode, exported: FakeExport): void
  onLogin?(node: SimNode, session: Session): void
  /** After every event. */
  afterEach?(): void
  /** What still has to happen before the cluster has come to rest; empty if it has. */
  unsettled?(): readonly string[]
  /** All is at rest: what must hold then. */
  atRest?(): void
}
