/**
 * What admins do to volume types: few names for many of them, so that claims meet, and changes of what is used meanwhile.
 *
 * The demands of a type change between one that every pool meets and one that none does.
 */
import type { TypeChange } from '../../lib/model/catalogue.ts'
import { effectiveTypes } from '../../lib/model/catalogue.ts'
import { CLUSTER_PROJECT, requestId } from '../../lib/model/ids.ts'
import { hashHex } from '../../lib/model/hash.ts'
import type { ClientRequest, Operation } from '../../lib/model/request.ts'
import { FOUNDING_TYPES } from './founding.ts'
import { GroupTypeClients } from './group-type-clients.ts'
import type { History, TypeBook } from './history.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'

const NAMES = ['gold', 'silver', 'bronze']

export interface WantedType {
  readonly id: string
  readonly name: string
}

export class TypeClients {
  readonly #random: Random
  readonly #founders: Random | null
  readonly #history: History
  readonly #groupTypes: GroupTypeClients

  /** @param hasLimits of the founding types there may be few volumes, and so they are asked for often */
  constructor(random: Random, ofGroupTypes: Random, history: History, hasLimits: boolean) {
    this.#random = random
    this.#founders = hasLimits ? random.split('founders') : null
    this.#history = history
    this.#groupTypes = new GroupTypeClients(ofGroupTypes, history)
  }

  /** A claim, a change, a delete or a look. Some of them are about group types, which stand in the same register. */
  draw(): ClientRequest {
    return this.#groupTypes.draw() ?? this.#draw()
  }

  #draw(): ClientRequest {
    const types = [...this.#history.types.values()]
    const known = types.length > 0 ? this.#random.pick(types) : null
    const action = this.#random.weighted({ claim: 8, repeat: 3, revise: 6, release: 5, founding: 1, read: 3 })
    if (action === 'read') return { kind: 'types', change: null }
    if (action === 'founding') return asked(this.#change(FOUNDING_TYPES[1]?.id ?? '', this.#random.chance(0.2)))
    if (known === null || action === 'claim') return asked(this.#claim())
    if (action === 'repeat') return asked(known.claim)
    return asked(this.#change(known.claim.claim.id, action === 'release'))
  }

  /** A type for a volume: mostly one that was promised. */
  pick(random = this.#random): WantedType | null {
    if (this.#founders?.chance(0.7) === true) return this.#founders.pick(FOUNDING_TYPES)
    const types = [...this.#history.types.values()]
    const promised = types.filter(({ ackedMs, releaseAskedMs }) => ackedMs !== null && releaseAskedMs === null)
    const some = promised.length > 0 && random.chance(0.8) ? promised : types
    return some.length > 0 ? random.pick(some).claim.claim : (FOUNDING_TYPES[1] ?? null)
  }

  #claim(): TypeBook['claim'] {
    const name = this.#random.pick(NAMES)
    const id = this.#random.uuid()
    const claim = { id, name, description: null, isPublic: true, extraSpecs: this.#specs(), bodyHash: hashHex(id).slice(0, 16) }
    return this.#history.openType({ kind: 'claim-type', claim })
  }

  #change(id: string, isRelease: boolean): TypeChange {
    const rid = requestId(hashHex('rid', CLUSTER_PROJECT, this.#random.hex(8)).slice(0, 32))
    if (isRelease) return { kind: 'release-type', id, rid }
    const edit = this.#random.chance(0.3) ? { name: this.#random.pick(NAMES) } : { extraSpecs: this.#specs() }
    return { kind: 'revise-type', id, rid, edit }
  }

  #specs(): Readonly<Record<string, string>> {
    return { volume_backend_name: this.#random.chance(0.8) ? 'fake' : 'another' }
  }
}

/** As the peer that is asked knows the type, like the API does; null if it has to read the types first. */
export function retypeTo({ id: typeId }: WantedType, { peer }: SimNode, mayMove: boolean): Operation | null {
  const known = effectiveTypes(FOUNDING_TYPES, peer?.catalogue.entries ?? []).find(({ id }) => id === typeId)
  return known === undefined ? null : { kind: 'retype', typeId, typeVersion: known.version, mayMove }
}

function asked(change: TypeChange): ClientRequest {
  return { kind: 'types', change }
}
