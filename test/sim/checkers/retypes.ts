/**
 * A volume is given only types that its pool is one for, by some version that its host has had; and nobody whose type was
 * promised before he asked is told that there is none.
 */
import { effectiveTypes, type KnownType } from '../../../lib/model/catalogue.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import { FOUNDING_TYPES } from '../founding.ts'
import type { Asked } from '../history.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { catalogueIn, ownedIn } from './stored.ts'

const BACKEND = 'volume_backend_name'

export class RetypeChecker implements Checker {
  readonly #scene: Scene
  readonly #hits: Hits
  /** Host and type, of all whose demands the host's pools met at some time. */
  readonly #met = new Set<string>()

  constructor(scene: Scene, hits: Hits) {
    this.#scene = scene
    this.#hits = hits
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (key === 'types') return this.#note(node, effectiveTypes(FOUNDING_TYPES, catalogueIn(after).entries))
    if (!key.startsWith('volume/') || node.isAmnesic || node.hasForgotten) return
    const is = ownedIn(after)
    const was = ownedIn(before)
    if (is === null || was === null) return
    if (is.volume.failure?.kind === 'retype-refused' && was.volume.failure !== is.volume.failure)
      this.#hits.add('types: a retype came to nothing')
    if (is.volume.typeId === was.volume.typeId) return
    const { typeId } = is.volume
    this.#hits.add('types: a volume of another type')
    if (is.step !== 'built' || typeId === null || !this.#fits(node, typeId))
      throw new Violation('I12', 'a volume has a type that its pool never fitted', { host: node.name, was, is })
  }

  onReply(_node: SimNode, { request, askedMs }: Asked, reply: ClientReply): void {
    if (request.kind !== 'operate' || reply.kind !== 'operate' || reply.result.ok) return
    const { operation } = request.request
    const { failure } = reply.result
    if (operation.kind !== 'retype' || failure.code !== 'type-not-found') return
    const book = this.#scene.history.types.get(operation.typeId)
    const wasPromised = book?.ackedMs != null && book.ackedMs < askedMs && book.releaseAskedMs === null
    if (wasPromised) throw new Violation('I6', 'a promised type is said not to be there', { book, request })
  }

  #fits(node: SimNode, typeId: string): boolean {
    return this.#met.has(`${node.id}/${typeId}`) || isMet(FOUNDING_TYPES.find(({ id }) => id === typeId))
  }

  #note(node: SimNode, types: readonly KnownType[]): void {
    for (const type of types) if (isMet(type)) this.#met.add(`${node.id}/${type.id}`)
  }
}

/** Pools are alike. */
function isMet(type: Pick<KnownType, 'extraSpecs'> | undefined): boolean {
  return type !== undefined && (type.extraSpecs[BACKEND] ?? 'fake') === 'fake'
}
