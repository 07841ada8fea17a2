/** Which transfers a list shows, and in which order. Pages by marker and orders came with 3.59; before it their parameters are passed over. */
import type { Parsed } from './input.ts'
import { type ItemKind, newestFirst, type Selection, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'
import type { ListedTransfer } from './transfer.ts'

const PAGES_SINCE = 59
const LATER: readonly string[] = ['marker', 'sort', 'sort_key', 'sort_dir']

const KIND: ItemKind<ListedTransfer> = {
  fields: {
    id: ({ id }) => id,
    name: ({ transfer }) => transfer.name,
    display_name: ({ transfer }) => transfer.name,
    volume_id: ({ volume }) => volume,
    created_at: ({ createdAtMs }) => createdAtMs,
    project_id: ({ transfer }) => transfer.source,
    source_project_id: ({ transfer }) => transfer.source,
  },
  flags: [],
  times: ['created_at'],
  tests: {},
  order: newestFirst,
}

export const TRANSFER_KEYS: ListKeys = {
  sorts: Object.keys(KIND.fields),
  allowed: ['id', 'name', 'volume_id'],
  allowedBefore: ['id', 'name', 'volume_id'],
  strictSince: 31,
  since: {},
  hasCount: false,
}

/** The parameters that count at this version. */
export function transferParameters(raw: Readonly<Record<string, string>>, microversion: number): Readonly<Record<string, string>> {
  if (microversion >= PAGES_SINCE) return raw
  return Object.fromEntries(Object.entries(raw).filter(([name]) => !LATER.includes(name)))
}

/** `transfers` come newest first. */
export function selectTransfers(
  transfers: readonly ListedTransfer[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<ListedTransfer>> {
  return selectItems(transfers, query, KIND, microversion)
}
