/**
 * What a project really has stays within its limits (I7): counted from the owners' disks, not from any register.
 *
 * Reservations that nobody has bound do not count; everything bound does, until it is gone.
 */
import type { ProjectId } from '../../../lib/model/ids.ts'
import { addUsage, COUNTED_LIMITS, lessUsage, type Limits, NO_USAGE, type Usage } from '../../../lib/model/quota.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { ownedIn, type Owned } from './stored.ts'

export class AccountChecker implements Checker {
  readonly #scene: Scene
  readonly #used = new Map<ProjectId, Usage>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  usedBy(project: ProjectId): Usage {
    return this.#used.get(project) ?? NO_USAGE
  }

  onDurable(_node: SimNode, key: string, after: unknown, before: unknown): void {
    if (!key.startsWith('volume/')) return
    const was = ownedIn(before)
    const is = ownedIn(after)
    const project = (is ?? was)?.volume.project
    if (project === undefined) return
    const used = addUsage(this.usedBy(project), addUsage(usageOf(is), lessUsage(usageOf(was))))
    this.#used.set(project, used)
    // An old copy may hold what has been deleted since.
    if (this.#scene.nodes.some(({ isAmnesic }) => isAmnesic)) return
    if (exceeds(used, this.#scene.options.limits)) {
      throw new Violation('I7', 'a project has more than its limits', { project, used, limits: this.#scene.options.limits })
    }
  }
}

function usageOf(owned: Owned | null): Usage {
  if (owned === null || owned.step === 'reserved') return NO_USAGE
  const { pending, volume } = owned
  const grown = pending?.kind === 'extend' && pending.committed ? pending.sizeGiB : 0
  const taken = volume.snapshots.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
  return { volumes: 1, snapshots: volume.snapshots.length, gigabytes: Math.max(volume.sizeGiB, grown) + taken }
}

/** -1 is no limit. */
export function exceeds(used: Usage, limits: Limits): boolean {
  return COUNTED_LIMITS.some((resource) => limits[resource] >= 0 && used[resource] > limits[resource])
}
