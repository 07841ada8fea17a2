/**
 * What admins do to group types: few names for many of them, and each claim, change and delete at times once more, late and
 * through another peer.
 */
import type { GroupTypeChange } from '../../lib/model/group-type.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { CLUSTER_PROJECT, requestId } from '../../lib/model/ids.ts'
import type { ClientRequest } from '../../lib/model/request.ts'
import type { GroupTypeBook, History } from './history.ts'
import type { Random } from './random.ts'

const NAMES = ['consistent', 'plain', '__DEFAULT__']
/** Of the requests that are about types. */
const PART = 0.25
/** What was asked lately may be asked once more. */
const KEPT_MAX = 8

export class GroupTypeClients {
  readonly #random: Random
  readonly #history: History
  readonly #asked: GroupTypeChange[] = []

  constructor(random: Random, history: History) {
    this.#random = random
    this.#history = history
  }

  /** Null: this time it is about something else. */
  draw(): ClientRequest | null {
    if (!this.#random.chance(PART)) return null
    const isRepeat = this.#asked.length > 0 && this.#random.chance(0.2)
    const change = isRepeat ? this.#random.pick(this.#asked) : this.#newChange()
    if (!isRepeat) this.#asked.push(change)
    if (this.#asked.length > KEPT_MAX) this.#asked.shift()
    return { kind: 'types', change }
  }

  #newChange(): GroupTypeChange {
    const known = [...this.#history.groupTypes.values()]
    const action = this.#random.weighted({ claim: 5, revise: 4, release: 3 })
    if (known.length === 0 || action === 'claim') return this.#claim()
    const { id } = this.#random.pick(known).claim.claim
    const rid = requestId(hashHex('rid', CLUSTER_PROJECT, this.#random.hex(8)).slice(0, 32))
    if (action === 'release') return { kind: 'release-group-type', id, rid }
    const groupSpecs = { consistent_group_snapshot_enabled: this.#random.chance(0.7) ? '<is> True' : null }
    return { kind: 'revise-group-type', id, rid, edit: this.#random.chance(0.4) ? { name: this.#random.pick(NAMES) } : { groupSpecs } }
  }

  #claim(): GroupTypeBook['claim'] {
    const id = this.#random.uuid()
    const name = this.#random.pick(NAMES)
    const claim = { id, name, description: null, isPublic: this.#random.chance(0.5), groupSpecs: {}, bodyHash: hashHex(id).slice(0, 16) }
    return this.#history.openGroupType({ kind: 'claim-group-type', claim })
  }
}
