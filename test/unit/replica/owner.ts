/**
 * An owner of a log, as its peers know it: it appends, starts anew and collects, and every state of it is signed.
 *
 * Signatures here are hashes that name the signer: whoever did not know the name could not have made them.
 */
import { creatingVolume } from '../../../lib/flows/shape.ts'
import { hashHex } from '../../../lib/model/hash.ts'
import { type PeerId, peerId, projectId, requestId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import {
  appended,
  headText,
  type LogHead,
  type LogState,
  NEW_LOG,
  type PublishedRecord,
  recordHash,
  xorHex,
} from '../../../lib/model/log.ts'
import type { Volume } from '../../../lib/model/volume.ts'
import { type Delta, deltasFor, newOwnerLog, type OwnerLog, positionOf, takeDelta } from '../../../lib/replica/log.ts'

const CLUSTER = 'c'
const PARTS_MAX = 8

export const OWNER = peerId('owner')

export const id = (n: number): VolumeId => volumeId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)

/** `description` may be long, to fill a part. */
function volumeOf(n: number, name = '', description = ''): Volume {
  const spec = {
    id: id(n),
    project: projectId('p'),
    user: 'u',
    name,
    description,
    sizeGiB: 1,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: n,
  }
  return creatingVolume(spec, requestId('0'.repeat(32)), OWNER, null, 'nova')
}

export class Owner {
  readonly log: OwnerLog = newOwnerLog()
  readonly self: PeerId
  state: LogState = NEW_LOG

  constructor(self: PeerId = OWNER) {
    this.self = self
    this.begin(1)
  }

  get head(): LogHead {
    if (this.log.head === null) throw new Error('an owner has a head from its first epoch on')
    return this.log.head
  }

  /** A boot. */
  begin(epoch: number): void {
    this.state = { ...this.state, epoch, since: this.state.seq }
    this.#append(null)
  }

  put(n: number, name = '', description = ''): void {
    this.#append({ seq: this.state.seq + 1, id: id(n), volume: volumeOf(n, name, description) })
  }

  tomb(n: number): void {
    this.#append({ seq: this.state.seq + 1, id: id(n), volume: null })
  }

  /** Tombstones up to `floor` go. */
  collect(floor: number): void {
    const gone = [...this.log.records.values()].filter((record) => record.volume === null && record.seq <= floor)
    if (gone.length === 0) return
    let { digest } = this.state
    for (const record of gone) {
      digest = xorHex(digest, recordHash(record))
      this.log.records.delete(record.id)
    }
    this.state = { ...this.state, digest, floor }
    this.#append(null)
  }

  /** Another owner with the same past: what both append from here on is a fork. */
  twin(): Owner {
    const twin = new Owner(this.self)
    twin.state = this.state
    twin.log.head = this.log.head
    twin.log.records = new Map(this.log.records)
    return twin
  }

  /** What `replica` lacks, as the owner would send it. */
  partsFor(replica: OwnerLog, partsMax = PARTS_MAX): readonly Delta[] {
    return deltasFor(this.log, positionOf(this.self, replica), partsMax)
  }

  /** The newest entry alone, as it is pushed when it is made. */
  push(): Delta {
    const { head } = this
    const after = head.seq - 1
    const records = [...this.log.records.values()].filter(({ seq }) => seq === head.seq)
    return { kind: 'delta', head, from: after, after, upTo: head.seq, more: false, records }
  }

  sign(state: LogState): LogHead {
    return { ...state, owner: this.self, signature: signatureOf(this.self, state) }
  }

  #append(record: PublishedRecord | null): void {
    const replaced = record === null ? undefined : this.log.records.get(record.id)
    this.state = appended(this.state, record === null ? null : recordHash(record), replaced === undefined ? null : recordHash(replaced))
    if (record !== null) this.log.records.set(record.id, record)
    this.log.head = this.sign(this.state)
  }
}

export function isSigned(head: LogHead): boolean {
  return head.signature === signatureOf(head.owner, head)
}

/** Takes each part as it comes off the wire. */
export function take(replica: OwnerLog, parts: readonly Delta[]): readonly string[] {
  return parts.map((part) => takeDelta(replica, JSON.parse(JSON.stringify(part)), isSigned).kind)
}

/** Asks and takes until `owner` has nothing more to say. */
export function catchUp(replica: OwnerLog, owner: Owner): void {
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const parts = owner.partsFor(replica)
    if (parts.length === 0) return
    take(replica, parts)
  }
  throw new Error('the replica never came up')
}

export function recordsOf(log: OwnerLog): readonly PublishedRecord[] {
  return [...log.records.values()].sort((a, b) => a.seq - b.seq)
}

function signatureOf(peer: PeerId, state: LogState): string {
  return hashHex('signature', peer, headText(CLUSTER, peer, state))
}
