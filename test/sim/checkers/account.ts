/**
 * What a project really has stays within its limits (I7): counted from the owners' disks, not from any register.
 *
 * Reservations that nobody has bound do not count; everything bound does, until it is gone.
 */
import type { ProjectId } from '../../../lib/model/ids.ts'
import { addUsage, NO_USAGE, type Usage } from '../../../lib/model/quota.ts'
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
    const minus = usageOf(was)
    const used = addUsage(this.usedBy(project), addUsage(usageOf(is), { volumes: -minus.volumes, gigabytes: -minus.gigabytes }))
    this.#used.set(project, used)
    const { volumes, gigabytes } = this.#scene.options.limits
    // An old copy may hold what has been deleted since.
    if (this.#scene.nodes.some(({ isAmnesic }) => isAmnesic)) return
    if ((volumes >= 0 && used.volumes > volumes) || (gigabytes >= 0 && used.gigabytes > gigabytes)) {
      throw new Violation('I7', 'a project has more than its limits', { project, used, limits: this.#scene.options.limits })
    }
  }
}

function usageOf(owned: Owned | null): Usage {
  if (owned === null || owned.step === 'reserved') return NO_USAGE
  const grown = owned.extend?.committed === true ? owned.extend.sizeGiB : 0
  return { volumes: 1, gigabytes: Math.max(owned.volume.sizeGiB, grown) }
}
