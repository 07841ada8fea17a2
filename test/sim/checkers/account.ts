/**
 * What a project really has stays within its limits (I7): counted from the owners' disks, not from any register.
 *
 * Reservations that nobody has bound do not count; everything bound does, until it is gone.
 */
import { isGroup } from '../../../lib/model/group.ts'
import type { ProjectId } from '../../../lib/model/ids.ts'
import { addUsage, lessUsage, NO_USAGE, type Usage, usageOfType } from '../../../lib/model/quota.ts'
import { loosest } from '../default-limits.ts'
import { flatLimits } from '../flat-limits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { ownedIn, type Owned } from './stored.ts'

export class AccountChecker implements Checker {
  readonly #scene: Scene
  /** By project and host. */
  readonly #used = new Map<ProjectId, Map<SimNode, Usage>>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  usedBy(project: ProjectId): Usage {
    let used = NO_USAGE
    for (const [node, usage] of this.#used.get(project) ?? []) if (!node.isOut) used = addUsage(used, usage)
    return used
  }

  onDurable(node: SimNode, key: string, after: unknown, stored: unknown): void {
    // What a lost host had is counted by its last log, and not by what its process may still do.
    if (!key.startsWith('volume/') || node.isOut) return
    const was = ownedIn(stored)
    const is = ownedIn(after)
    if (was !== null) this.#add(node, was.volume.project, lessUsage(usageOf(was)))
    if (is !== null) this.#add(node, is.volume.project, usageOf(is))
    const project = (is ?? was)?.volume.project
    if (project === undefined) return
    const used = this.usedBy(project)
    // An old copy may hold what has been deleted since.
    if (this.#scene.nodes.some(({ isAmnesic }) => isAmnesic)) return
    const limits = loosest(this.#scene.options.limits, this.#scene.history.defaultLimits)
    if (exceeds(used, limits)) throw new Violation('I7', 'a project has more than its limits', { project, used, limits: [...limits] })
  }

  #add(node: SimNode, project: ProjectId, usage: Usage): void {
    const byNode = this.#used.get(project) ?? new Map<SimNode, Usage>()
    byNode.set(node, addUsage(byNode.get(node) ?? NO_USAGE, usage))
    this.#used.set(project, byNode)
  }
}

function usageOf(owned: Owned | null): Usage {
  if (owned === null || owned.step === 'reserved') return NO_USAGE
  const { pending, volume } = owned
  if (isGroup(volume)) return { ...NO_USAGE, groups: 1 }
  const grown = pending?.kind === 'extend' && pending.committed ? pending.sizeGiB : 0
  const taken = volume.snapshots.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
  const gigabytes = Math.max(volume.sizeGiB, grown) + taken
  return usageOfType(volume.typeId, { volumes: 1, snapshots: volume.snapshots.length, gigabytes })
}

/** -1 is no limit. @param limits as `loosest` has them */
export function exceeds(used: Usage, limits: ReadonlyMap<string, number>): boolean {
  return flatLimits({ ...used, per_volume_gigabytes: -1 }).some(([name, inUse]) => {
    const limit = limits.get(name) ?? -1
    return limit >= 0 && inUse > limit
  })
}
