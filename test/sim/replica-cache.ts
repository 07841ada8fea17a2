/**
 * What a host keeps of the other owners' logs: a cache, of which a power cut takes what was not synced, and which may be
 * damaged as a whole.
 */
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
  readonly #synced = new Map<PeerId, Log>()

  keep({ head, records, gone, whole }: Extract<Effect, { kind: 'replicate' }>): void {
    const kept = new Map(whole ? [] : (this.#logs.get(head.owner)?.records ?? []))
    for (const record of records) kept.set(record.id, record)
    for (const id of gone) kept.delete(id)
    this.#logs.set(head.owner, { head, records: kept })
  }

  /** How far this owner's log is on the disk; null: nothing of it is. */
  headOf(owner: PeerId): LogHead | null {
    return this.#synced.get(owner)?.head ?? null
  }

  /** @returns heads that are on the disk now and were not before */
  sync(): readonly LogHead[] {
    const news = [...this.#logs].filter(([owner, log]) => this.#synced.get(owner) !== log)
    for (const [owner, log] of news) this.#synced.set(owner, log)
    return news.map(([, { head }]) => head)
  }

  /** All that is on the disk. */
  heads(): readonly LogHead[] {
    return [...this.#synced.values()].map(({ head }) => head)
  }

  cutPower(): void {
    this.#logs.clear()
    for (const [owner, log] of this.#synced) this.#logs.set(owner, log)
  }

  lose(): void {
    this.#logs.clear()
    this.#synced.clear()
  }

  stored(): StoredReplica {
    const logs = [...this.#logs]
    return {
      heads: logs.map(([, { head }]) => head),
      records: logs.flatMap(([owner, { records }]) => [...records.values()].map((record) => ({ owner, record }))),
    }
  }
}
