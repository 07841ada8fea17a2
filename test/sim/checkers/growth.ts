/**
 * A volume that has grown is what it was before but for its size, and whoever uses it sees that size, unless the target
 * would not have it.
 */
import { exportIqn } from '../../../lib/model/attachment.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { Volume, VolumeStatus } from '../../../lib/model/volume.ts'
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker } from './checker.ts'
import { ownedIn } from './stored.ts'

const GIB = 1024 ** 3

export class GrowthChecker implements Checker {
  /** What volumes that are growing were before. */
  readonly #before = new Map<VolumeId, VolumeStatus>()
  /** Volumes with an export that did not follow when it was told to. */
  readonly #stubborn = new Set<VolumeId>()

  onOutcome(_node: SimNode, { job, volume, outcome }: Extract<PeerEvent, { kind: 'backend' | 'target' }>): void {
    if (job.startsWith('follow/') && outcome.kind !== 'ok') this.#stubborn.add(volume)
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    const [was, is] = key.startsWith('volume/') ? [ownedIn(before), ownedIn(after)] : [null, null]
    if (was === null || is === null || was.volume.status === is.volume.status) return
    const { id, status } = is.volume
    if (status === 'extending') this.#before.set(id, was.volume.status)
    if (was.volume.status !== 'extending') return
    const isStubborn = this.#stubborn.delete(id)
    // A host that has forgotten takes up its extends anew.
    if (node.hasForgotten || status === 'error_extending') return
    if (status !== this.#before.get(id))
      throw new Violation('states', `an extend of a volume that was ${this.#before.get(id)} ended in ${status}`, {
        host: node.name,
        was,
        is,
      })
    if (!isStubborn) requireSeen(node, is.volume)
  }
}

function requireSeen(node: SimNode, { id, sizeGiB, attachments }: Volume): void {
  for (const attachment of attachments.filter(({ export: state }) => state === 'exported')) {
    const shownBytes = node.exports.sizeOf(exportIqn(id, attachment.generation))
    // Null: the target has lost it meanwhile, and it will be made again as the volume is then.
    if (shownBytes !== null && shownBytes !== sizeGiB * GIB)
      throw new Violation('I6', 'a volume has grown, and who uses it does not see that', { host: node.name, id, sizeGiB, shownBytes })
  }
}
