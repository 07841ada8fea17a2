/**
 * Nobody is told anything of another project's volumes (I10), not even that there is one, and nobody changes them.
 *
 * Looks at answers alone; a change that was made all the same is what the checkers of promises find.
 */
import type { ClientReply } from '../../../lib/model/request.ts'
import { type Asked, type History, isTrespass } from '../history.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker } from './checker.ts'

/** Answers that say the same whether there is such a volume or not. */
const BLIND = ['volume-not-found', 'no-majority', 'peer-incomplete', 'overloaded', 'recovering', 'forming']

export class TrespassChecker implements Checker {
  readonly #history: History

  constructor(history: History) {
    this.#history = history
  }

  onReply(node: SimNode, { request }: Asked, reply: ClientReply): void {
    if (request.kind !== 'operate' || reply.kind !== 'operate') return
    const { operation } = request.request
    const book = this.#history.books.get(request.request.volume)
    if (book === undefined || !isTrespass(request.request, book)) return
    // Who knows a transfer's id may try a key; whether it was taken is the matter of another checker.
    if (operation.kind === 'accept') return
    if (reply.result.ok || !BLIND.includes(reply.result.failure.code)) {
      throw new Violation('I10', "a project was told of another's volume", { host: node.name, request, reply })
    }
  }
}
