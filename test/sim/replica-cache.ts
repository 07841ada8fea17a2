/** What a host keeps of the other owners' logs: a cache, which may be gone at any start. */
import type { Effect } from '../../lib/flows/step.ts'
import type { StoredReplica } from '../../lib/flows/tables.ts'
import type { PeerId, VolumeId } from '../../lib/model/ids.ts'
import type { PublishedRecord } from '../../lib/model/message.ts'

interface Log {
  epoch: number
  seq: number
  readonly records: Map<VolumeId, PublishedRecord>
}

export class ReplicaCache {
  readonly #logs = new Map<PeerId, Log>()

  keep({ owner, epoch, upTo, records }: Extract<Effect, { kind: 'replicate' }>): void {
    const log = this.#logs.get(owner) ?? { epoch, seq: 0, records: new Map() }
    for (const record of records) log.records.set(record.id, record)
    log.epoch = epoch
    log.seq = Math.max(log.seq, upTo)
    this.#logs.set(owner, log)
  }

  lose(): void {
    this.#logs.clear()
  }

  stored(): StoredReplica {
    const logs = [...this.#logs]
    return {
      heads: logs.map(([owner, { epoch, seq }]) => ({ owner, epoch, seq })),
      records: logs.flatMap(([owner, { records }]) => [...records.values()].map((record) => ({ owner, record }))),
    }
  }
}
