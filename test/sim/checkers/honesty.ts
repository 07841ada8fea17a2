/**
 * No error without a cause: a volume is in error only because a tool refused, never because one was slow.
 *
 * Compares what the tools really said with what the owners' journals make of it.
 */
import { FORGOTTEN } from '../../../lib/flows/owner/snapshot.ts'
import { isGroup } from '../../../lib/model/group.ts'
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker } from './checker.ts'
import { ownedIn } from './stored.ts'

/** Silences in a row that a fence may give up after. */
const SILENCES_MAX = 3

export class HonestyChecker implements Checker {
  readonly #refusals = new Map<string, number>()
  readonly #silences = new Map<string, number>()

  onOutcome(_node: SimNode, event: Extract<PeerEvent, { kind: 'backend' | 'target' }>): void {
    const name = `${event.kind}/${event.volume}`
    if (event.outcome.kind === 'failed') this.#refusals.set(name, (this.#refusals.get(name) ?? 0) + 1)
    if (event.outcome.kind === 'unknown') this.#silences.set(name, (this.#silences.get(name) ?? 0) + 1)
  }

  onDurable(node: SimNode, key: string, after: unknown): void {
    const owned = key.startsWith('volume/') ? ownedIn(after) : null
    // A group is in error if a volume of it is, which answers for itself.
    if (owned === null || isGroup(owned.volume)) return
    const { id, failure, attachments, snapshots } = owned.volume
    // A host that had forgotten a promise answers for itself.
    const tools = [failure?.kind === 'backend' ? failure.tool : FORGOTTEN, ...snapshots.map((one) => one.failure?.tool ?? FORGOTTEN)]
    if (tools.some((tool) => tool !== FORGOTTEN) && !this.#refusals.has(`backend/${id}`)) {
      throw new Violation('honesty', 'something is in error though no tool refused anything', { host: node.name, failure, snapshots, id })
    }
    const isStuck = attachments.some(({ status }) => status === 'error_detaching')
    const mayBeStuck = this.#refusals.has(`target/${id}`) || (this.#silences.get(`target/${id}`) ?? 0) >= SILENCES_MAX
    if (isStuck && !mayBeStuck)
      throw new Violation('honesty', 'a detach is in error though the target refused nothing', { host: node.name, attachments })
  }
}
