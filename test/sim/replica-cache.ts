/** What a host keeps of the other owners' logs: a cache, which may be gone at any start. */
import type { Effect } from '../../lib/flows/step.ts'
import type { StoredReplica } from '../../lib/flows/restore.ts'
import type { PeerId, VolumeId } from '../../lib/model/ids.ts'
import type { LogHead, PublishedRecord } from '../../lib/model/log.ts'

interface Log {
  readonly head: LogHead
  readonly records: Map<VolumeId, PublishedRecord>
}

export class ReplicaCache {
  readonly #logs = new Map<PeerId, Log>()

  keep({ head, records, gone, whole }: Extract<Effect, { kind: 'replicate' }>): void {
    const kept = new Map(whole ? [] : (this.#logs.get(head.owner)?.records ?? []))
    for (const record of records) kept.set(record.id, record)
    for (const id of gone) kept.delete(id)
    this.#logs.set(head.owner, { head, records: kept })
  }

  /** How far it goes in this owner's log; null: it has nothing of it. */
  headOf(owner: PeerId): LogHead | null {
    return this.#logs.get(owner)?.head ?? null
  }

  lose(): void {
    this.#logs.clear()
  }

  stored(): StoredReplica {
    const logs = [...this.#logs]
    return {
      heads: logs.map(([, { head }]) => head),
      records: logs.flatMap(([owner, { records }]) => [...records.values()].map((record) => ({ owner, record }))),
    }
  }
}
