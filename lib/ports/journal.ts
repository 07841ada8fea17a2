/**
 * What a peer must not forget: a set of keys with JSON values, changed by atomic, synced batches.
 *
 * Batches are applied in the order of their calls. `write` resolves when the batch is on stable storage. After the
 * first error nothing may be written any more: the process ends (a later write could be lost without a word).
 */
import type { Json } from '../model/json.ts'

export type JournalOp = { readonly key: string; readonly value: Json } | { readonly key: string; readonly value: undefined }

export interface Journal {
  /** Everything that is there, sorted by key; read once at start. */
  entries(): ReadonlyArray<readonly [string, Json]>
  write(batch: readonly JournalOp[]): Promise<void>
  close(): Promise<void>
}
