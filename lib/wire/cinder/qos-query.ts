/** Which QoS specs a list shows, and in which order: by name, if no other is asked for. */
import { compareText } from '../../model/ids.ts'
import type { QosSpecs } from '../../model/qos.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, type Selection, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'

const KIND: ItemKind<QosSpecs> = {
  fields: { id: ({ id }) => id, name: ({ name }) => name, consumer: ({ consumer }) => consumer, created_at: () => null },
  flags: [],
  times: [],
  tests: {},
  // Names are told apart.
  order: (a, b) => compareText(a.name, b.name),
}

/** The list is for admins alone, who may filter by everything. */
export const QOS_KEYS: ListKeys = {
  sorts: Object.keys(KIND.fields),
  allowed: [],
  allowedBefore: [],
  strictSince: 31,
  since: {},
  hasCount: false,
}

/** @param all by name */
export function selectQos(
  all: readonly QosSpecs[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<QosSpecs>> {
  return selectItems(all, query, KIND, microversion)
}
