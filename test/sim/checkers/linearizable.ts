/**
 * Every project's register answers as if it were one cell with one change at a time (linearizable).
 *
 * Watches the questions as they leave those who ask, and the answers as these hear them: what goes on between members
 * of a home group is of no concern here.
 */
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { PeerId, ProjectId } from '../../../lib/model/ids.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { linearize, type RegisterCall } from './linearize.ts'

export class LinearizableChecker implements Checker {
  readonly #scene: Scene
  readonly #hits: Hits
  readonly #calls = new Map<ProjectId, RegisterCall[]>()
  readonly #byName = new Map<string, RegisterCall>()
  #count = 0

  constructor(scene: Scene, hits: Hits) {
    this.#scene = scene
    this.#hits = hits
  }

  onSend(from: PeerId, _to: PeerId, message: PeerMessage): void {
    if (message.kind !== 'change') return
    const { project, ref, change } = message
    const name = `${from}/${ref}`
    if (this.#byName.has(name)) return
    this.#count += 1
    const call: RegisterCall = { change, askedAt: this.#count, answeredAt: Number.POSITIVE_INFINITY, answer: null }
    this.#byName.set(name, call)
    const calls = this.#calls.get(project)
    if (calls === undefined) this.#calls.set(project, [call])
    else calls.push(call)
  }

  onEvent(node: SimNode, event: PeerEvent): void {
    if (event.kind !== 'message' || event.message.kind !== 'changed') return
    const { ref, outcome } = event.message
    const call = this.#byName.get(`${node.id}/${ref}`)
    if (call === undefined || call.answer !== null || outcome.kind !== 'decided') return
    this.#count += 1
    call.answeredAt = this.#count
    call.answer = outcome.answer
  }

  atRest(): void {
    this.check()
  }

  /** Of all that was asked and answered up to now. */
  check(): void {
    for (const [project, calls] of this.#calls) {
      const result = linearize(calls, project, this.#scene.options.limits)
      if (result.kind === 'undecided') this.#hits.add('checker: history too dense to order')
      if (result.kind !== 'out of order') continue
      const { change, answer } = result.call
      throw new Violation('linearizable', 'a register gave an answer that no order of its changes explains', { project, change, answer })
    }
  }
}
