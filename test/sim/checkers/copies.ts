/**
 * A volume that began as a copy has the bytes of its source, and its source stays until the copy is made (or came to nothing).
 *
 * Bytes go by name here: whatever is made empty has a name of its own, and every copy has that of what it was copied from.
 */
import type { SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type { SnapshotName } from '../../../lib/ports/backend.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { bytesBehind } from './bytes.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import { ownedOn } from './stored.ts'

export class CopyChecker implements Checker {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  onVolumeRemove(node: SimNode, volume: VolumeId): void {
    this.#requireUnused(node, volume, null)
  }

  onSnapshotRemove(node: SimNode, { id, volume }: SnapshotName): void {
    this.#requireUnused(node, volume, id)
  }

  atRest(): void {
    for (const node of membersIn(this.#scene)) {
      for (const { volume, step } of ownedOn(node).values()) {
        if (volume.source === null || volume.source.kind === 'existing' || step !== 'built') continue
        const bytes = node.volumes.bytesOf(volume.id)
        const wanted = bytesBehind(this.#scene.history, volume.id)
        if (bytes !== wanted)
          throw new Violation('I6', 'a copy has other bytes than its source', { host: node.name, volume, bytes, wanted })
      }
    }
  }

  #requireUnused(node: SimNode, volume: VolumeId, snapshot: SnapshotId | null): void {
    for (const { volume: copy, step } of ownedOn(node).values()) {
      const { source } = copy
      if (source === null || source.kind === 'existing' || source.volume !== volume || (step !== 'reserved' && step !== 'committed'))
        continue
      if (snapshot === null ? source.kind === 'volume' : source.kind === 'snapshot' && source.snapshot === snapshot)
        throw new Violation('I6', 'what is being copied is removed', { host: node.name, copy, step })
    }
  }
}
