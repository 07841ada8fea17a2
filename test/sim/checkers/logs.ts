/**
 * One log per owner, and no going back (I1, I2).
 *
 * No two lives of a host propose in the same epoch. An entry is shown to others only when it is on its owner's disk; a
 * place in a log has one content for ever; a replica's head only grows while its process lives, and no volume goes back to
 * an older record.
 */
import { canonicalJson } from '../../../lib/model/json.ts'
import type { PeerId } from '../../../lib/model/ids.ts'
import { comparePositions, type LogHead, type LogPosition, type PublishedRecord } from '../../../lib/model/log.ts'
import type { Ballot } from '../../../lib/model/ballot.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { hostIn } from './stored.ts'

export class LogChecker implements Checker {
  readonly #scene: Scene
  /** By owner, epoch and sequence number. */
  readonly #contents = new Map<string, string>()
  /** Which life of a host spoke in an epoch. */
  readonly #lives = new Map<string, number>()
  readonly #heads = new Map<string, LogPosition>()
  /** Records that were looked at: the same one is sent to everybody. */
  readonly #seen = new WeakSet<PublishedRecord>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  onSend(from: PeerId, _to: PeerId, message: PeerMessage): void {
    if (message.kind === 'prepare' || message.kind === 'accept') this.#checkEpoch(from, message.ballot)
    if (message.kind !== 'delta') return
    const { head, records } = message
    if (head.owner === from) this.#checkDurable(head)
    this.#checkOnce(`${head.owner}/${head.epoch}/${head.seq}`, `${head.chain} ${head.digest}`)
    for (const record of records) this.#checkContent(head, record)
  }

  onReplicate(node: SimNode, head: LogHead, records: readonly PublishedRecord[]): void {
    const name = `${node.id}/${node.incarnation}/${head.owner}`
    const before = this.#heads.get(name)
    if (before !== undefined && comparePositions(head, before) < 0)
      throw new Violation('I2', "a replica's head went back", { node: node.name, before, head })
    this.#heads.set(name, head)
    for (const record of records) {
      const recordName = `${name}/${record.id}`
      const known = this.#heads.get(recordName)
      if (known !== undefined && known.epoch === head.epoch && record.seq < known.seq)
        throw new Violation('I2', 'an older record came after a newer one', { node: node.name, head, known, record })
      this.#heads.set(recordName, { epoch: head.epoch, seq: record.seq })
    }
  }

  #node(peer: PeerId): SimNode | undefined {
    return this.#scene.nodes.find(({ id }) => id === peer)
  }

  #checkEpoch(from: PeerId, ballot: Ballot): void {
    const node = this.#node(from)
    if (node === undefined || ballot.peer !== from) return
    const name = `${from}/${ballot.epoch}`
    const life = this.#lives.get(name)
    if (life === undefined) this.#lives.set(name, node.incarnation)
    else if (life !== node.incarnation) throw new Violation('I1', 'two lives of a host speak in one epoch', { host: node.name, ballot })
  }

  #checkDurable({ owner, epoch, seq }: LogHead): void {
    const durable = hostIn(this.#node(owner)?.journal.get('host')).log
    if (comparePositions({ epoch, seq }, durable) > 0)
      throw new Violation('I1', 'an entry was shown before it was on disk', { owner, epoch, seq, durable, atMs: this.#scene.world.nowMs })
  }

  #checkContent(head: LogHead, record: PublishedRecord): void {
    if (this.#seen.has(record)) return
    this.#seen.add(record)
    this.#checkOnce(`${head.owner}/${head.epoch}/${record.seq}/record`, canonicalJson(record))
  }

  #checkOnce(name: string, content: string): void {
    const known = this.#contents.get(name)
    if (known === undefined) this.#contents.set(name, content)
    else if (known !== content) throw new Violation('I1', 'one place in a log has two contents', { name, known, content })
  }
}
