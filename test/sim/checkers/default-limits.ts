/**
 * What registers of projects are told of the default limits is what the register of the cluster has decided, and what was
 * acknowledged last is what it holds in the end.
 */
import { effectiveDefaultLimits } from '../../../lib/model/catalogue.ts'
import { CLUSTER_PROJECT, type PeerId } from '../../../lib/model/ids.ts'
import { canonicalJson } from '../../../lib/model/json.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { flatLimits } from '../flat-limits.ts'
import { possible } from '../history.ts'
import type { Hits } from '../hits.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import { catalogueEntriesIn } from './types.ts'

export class DefaultLimitsChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #hits: Hits
  readonly #decided = new Set<string>()

  constructor(scene: Scene, registers: RegisterChecker, hits: Hits) {
    this.#scene = scene
    this.#registers = registers
    this.#hits = hits
  }

  onSend(from: PeerId, _to: PeerId, message: PeerMessage): void {
    // Of several changes in one round each is answered with what it made, and only the last of them is on a disk.
    if (message.kind === 'changed' && message.outcome.kind === 'decided' && message.outcome.answer.kind === 'types') {
      const answered = effectiveDefaultLimits(message.outcome.answer.entries)
      if (answered !== null) this.#decided.add(canonicalJson({ ...answered }))
    }
    if (message.kind !== 'change' || !('defaults' in message.change) || message.change.defaults === undefined) return
    this.#hits.add('limits: a register is told of the defaults')
    if (!this.#decided.has(canonicalJson({ ...message.change.defaults })))
      throw new Violation('I7', 'a register is told of default limits that nobody has decided', { from, message })
  }

  atRest(): void {
    const now = effectiveDefaultLimits(catalogueEntriesIn(this.#registers.chosen(CLUSTER_PROJECT)))
    const held = new Map(flatLimits(now?.limits ?? {}))
    for (const [name, wishes] of this.#scene.history.defaultLimits) {
      const values = possible<number | undefined>(undefined, wishes)
      if (!values.includes(held.get(name))) throw new Violation('I6', 'an acknowledged default limit is lost', { name, wishes, now })
    }
  }
}
