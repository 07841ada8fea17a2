/**
 * One log per owner, and no going back (I1, I2).
 *
 * No two lives of a host speak in the same epoch. A record is shown to others only when it is on its owner's disk; a sequence number has one content for ever; a
 * replica's head only grows while its process lives, and no volume goes back to an older record.
 */
import { canonicalJson } from '../../../lib/model/json.ts'
import type { PeerId } from '../../../lib/model/ids.ts'
import type { PeerMessage, PublishedRecord } from '../../../lib/model/message.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { hostIn } from './stored.ts'

export class LogChecker implements Checker {
  readonly #scene: Scene
  readonly #nodes: ReadonlyMap<PeerId, SimNode>
  /** By owner and sequence number. */
  readonly #contents = new Map<string, string>()
  /** Which life of a host spoke in an epoch. */
  readonly #lives = new Map<string, number>()
  readonly #heads = new Map<string, number>()
  /** Records that were looked at: the same one is sent to everybody. */
  readonly #seen = new WeakSet<PublishedRecord>()

  constructor(scene: Scene) {
    this.#scene = scene
    this.#nodes = new Map(scene.nodes.map((node) => [node.id, node]))
  }

  onSend(from: PeerId, _to: PeerId, message: PeerMessage): void {
    this.#checkEpoch(from)
    if (message.kind !== 'delta') return
    if (message.owner === from) this.#checkDurable(from, message.upTo)
    for (const record of message.records) this.#checkContent(message.owner, record)
  }

  onReplicate(node: SimNode, owner: PeerId, upTo: number, records: readonly PublishedRecord[]): void {
    const name = `${node.id}/${node.incarnation}/${owner}`
    const head = this.#heads.get(name) ?? 0
    if (upTo < head) throw new Violation('I2', "a replica's head went back", { node: node.name, owner, head, upTo })
    this.#heads.set(name, upTo)
    for (const record of records) {
      const recordName = `${name}/${record.id}`
      const before = this.#heads.get(recordName) ?? 0
      if (record.seq < before)
        throw new Violation('I2', 'an older record came after a newer one', { node: node.name, owner, before, record })
      this.#heads.set(recordName, record.seq)
    }
  }

  #checkEpoch(from: PeerId): void {
    const node = this.#nodes.get(from)
    if (node === undefined) return
    const name = `${from}/${hostIn(node.journal.get('host')).epoch}`
    const life = this.#lives.get(name)
    if (life === undefined) this.#lives.set(name, node.incarnation)
    else if (life !== node.incarnation)
      throw new Violation('I1', 'two lives of a host speak in one epoch', { host: node.name, epoch: name })
  }

  #checkDurable(owner: PeerId, upTo: number): void {
    const durable = hostIn(this.#nodes.get(owner)?.journal.get('host')).seq
    if (upTo > durable)
      throw new Violation('I1', 'a record was shown before it was on disk', { owner, upTo, durable, atMs: this.#scene.world.nowMs })
  }

  #checkContent(owner: PeerId, record: PublishedRecord): void {
    if (this.#seen.has(record)) return
    this.#seen.add(record)
    const name = `${owner}/${record.seq}`
    const known = this.#contents.get(name)
    const content = canonicalJson(record)
    if (known === undefined) this.#contents.set(name, content)
    else if (known !== content) throw new Violation('I1', 'one sequence number has two contents', { owner, known, content })
  }
}
