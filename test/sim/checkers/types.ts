/**
 * One type for a name at any time (I12), a type that was promised is there until somebody deletes it, copies only go
 * forward and are equal at rest, and no owner sets room aside by a version of a type that it never had. The first three
 * hold of group types as well.
 *
 * Reads registers and journals from outside; answers are compared with what clients were promised before they asked.
 */
import {
  type Catalogue,
  type CatalogueEntry,
  catalogueOf,
  effectiveGroupTypes,
  effectiveTypes,
  type KnownType,
} from '../../../lib/model/catalogue.ts'
import { canonicalJson } from '../../../lib/model/json.ts'
import { CLUSTER_PROJECT, type PeerId, type RequestId } from '../../../lib/model/ids.ts'
import type { LedgerEntry } from '../../../lib/model/ledger.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import { FOUNDING_TYPES } from '../founding.ts'
import type { Asked, TypeBook } from '../history.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import { catalogueIn, ownedIn } from './stored.ts'

interface Named {
  readonly id: string
  readonly name: string
}

export class TypeChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #hits: Hits
  #chosen: ReadonlyMap<string, LedgerEntry> | null = null
  /** Host, type and version, of everything that was ever on a disk. */
  readonly #had = new Set<string>()
  /** Versions that an owner was asked to reserve by. */
  readonly #askedBy = new Map<string, Set<number | null>>()

  constructor(scene: Scene, registers: RegisterChecker, hits: Hits) {
    this.#scene = scene
    this.#registers = registers
    this.#hits = hits
  }

  onEvent(node: SimNode, event: PeerEvent): void {
    if (event.kind !== 'message' || event.message.kind !== 'reserve') return
    const key = `${node.id}/${event.message.rid}`
    const versions = this.#askedBy.get(key) ?? new Set()
    this.#askedBy.set(key, versions.add(event.message.typeVersion))
  }

  onSend(from: PeerId, _to: PeerId, message: PeerMessage): void {
    if (message.kind === 'refused' && message.refusal.kind === 'other-type') {
      const { version } = message.refusal
      const asked = [...(this.#askedBy.get(`${from}/${message.rid}`) ?? [])].at(-1) ?? 0
      this.#hits.add(version < asked ? 'types: an owner is behind' : 'types: a coordinator is behind')
    }
    if (message.kind !== 'changed' || message.outcome.kind !== 'decided') return
    const { answer } = message.outcome
    if (answer.kind === 'name-taken') this.#hits.add('types: a name is taken')
    if (answer.kind === 'refused' && answer.refusal.code === 'group-type-exists') this.#hits.add('group types: a name is taken')
    if (answer.kind === 'types' && effectiveGroupTypes(answer.entries).some(({ id }) => id === answer.id))
      this.#hits.add('group types: one is made or changed')
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (key === 'types') return this.#checkCopy(node, catalogueIn(after), catalogueIn(before))
    if (!key.startsWith('volume/') || before !== undefined) return
    const owned = ownedIn(after)
    if (owned?.step === 'reserved') this.#checkReserved(node, owned.volume.rid, owned.volume.typeId)
  }

  onReply(_node: SimNode, asked: Asked, reply: ClientReply): void {
    if (reply.kind !== 'types' || !reply.result.ok) return
    const { types, groupTypes } = reply.result.value
    const { history } = this.#scene
    checkNames(types)
    checkNames(groupTypes)
    for (const [id, book] of history.types) checkBook(id, book, types, asked.askedMs)
    for (const [id, book] of history.groupTypes) checkBook(id, book, groupTypes, asked.askedMs)
  }

  afterEach(): void {
    const chosen = this.#registers.chosen(CLUSTER_PROJECT)
    if (chosen === this.#chosen) return
    this.#chosen = chosen
    checkNames(effectiveTypes(FOUNDING_TYPES, catalogueEntriesIn(chosen)))
    checkNames(effectiveGroupTypes(catalogueEntriesIn(chosen)))
  }

  unsettled(): readonly string[] {
    const wanted = textOf(catalogueEntriesIn(this.#registers.chosen(CLUSTER_PROJECT)))
    return membersIn(this.#scene)
      .filter(({ peer }) => textOf(peer?.catalogue.entries ?? []) !== wanted)
      .map(({ name }) => `${name} has other types`)
  }

  atRest(): void {
    const entries = catalogueEntriesIn(this.#registers.chosen(CLUSTER_PROJECT))
    const { history } = this.#scene
    for (const [id, book] of history.types) checkBook(id, book, effectiveTypes(FOUNDING_TYPES, entries), Number.POSITIVE_INFINITY)
    for (const [id, book] of history.groupTypes) checkBook(id, book, effectiveGroupTypes(entries), Number.POSITIVE_INFINITY)
  }

  #checkCopy(node: SimNode, after: Catalogue, before: Catalogue): void {
    if (after.version < before.version && !node.isAmnesic)
      throw new Violation('I2', 'a copy of the types went back', { host: node.name, after, before })
    checkNames(effectiveTypes(FOUNDING_TYPES, after.entries))
    checkNames(effectiveGroupTypes(after.entries))
    this.#note(
      node.id,
      after.entries.filter((entry) => entry.kind === 'type'),
    )
  }

  #checkReserved(node: SimNode, rid: RequestId, typeId: string | null): void {
    if (typeId === null || node.isAmnesic || node.hasForgotten) return
    const versions = [...(this.#askedBy.get(`${node.id}/${rid}`) ?? [])]
    const isFounding = FOUNDING_TYPES.some(({ id }) => id === typeId)
    if (!versions.some((version) => (version === 0 && isFounding) || this.#had.has(`${node.id}/${typeId}/${version}`)))
      throw new Violation('I12', 'room was set aside by a version of a type that its owner never had', {
        host: node.name,
        rid,
        typeId,
        versions,
      })
    this.#hits.add('types: a volume of a type')
  }

  #note(host: PeerId, types: readonly Pick<KnownType, 'id' | 'version'>[]): void {
    for (const { id, version } of types) this.#had.add(`${host}/${id}/${version}`)
  }
}

/** @param atMs when somebody asked: what was acknowledged before holds */
function checkBook(id: string, book: TypeBook<unknown>, types: readonly Named[], atMs: number): void {
  const { ackedMs, releaseAskedMs, releaseAckedMs } = book
  const isThere = types.some((type) => type.id === id)
  const wasPromised = ackedMs !== null && ackedMs < atMs && releaseAskedMs === null
  if (wasPromised && !isThere) throw new Violation('I6', 'a promised type is lost', { book, types })
  if (releaseAckedMs !== null && releaseAckedMs < atMs && isThere)
    throw new Violation('I6', 'a type whose delete was acknowledged is there', { book, types })
}

function checkNames(types: readonly Named[]): void {
  const names = types.map(({ name }) => name)
  if (new Set(names).size !== names.length) throw new Violation('I12', 'two types have one name', { types })
}

export function catalogueEntriesIn(chosen: ReadonlyMap<string, LedgerEntry>): readonly CatalogueEntry[] {
  return [...chosen.values()].filter(
    (entry) =>
      entry.kind === 'type' ||
      entry.kind === 'group-type' ||
      entry.kind === 'qos' ||
      entry.kind === 'default-type' ||
      entry.kind === 'service' ||
      entry.kind === 'quota-class',
  )
}

function textOf(entries: readonly CatalogueEntry[]): string {
  return canonicalJson(catalogueOf(entries).entries)
}
