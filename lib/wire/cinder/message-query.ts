/** Which messages a list shows, and in which order. */
import type { Parsed } from './input.ts'
import { type ItemKind, newestFirst, type Selection, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'
import { type Message, messageRequestId } from './message.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'

const FIELDS: ItemKind<Message>['fields'] = {
  id: (message) => message.id,
  event_id: (message) => message.eventId,
  resource_type: () => 'VOLUME',
  resource_uuid: (message) => message.volume.id,
  message_level: () => 'ERROR',
  request_id: (message) => messageRequestId(message.volume),
  project_id: (message) => message.volume.project,
  created_at: (message) => message.createdAtMs,
}

const KIND: ItemKind<Message> = { fields: FIELDS, flags: [], times: ['created_at'], tests: {}, order: newestFirst }

export const MESSAGE_KEYS: ListKeys = {
  sorts: Object.keys(FIELDS),
  allowed: RESOURCE_FILTERS.message,
  allowedBefore: RESOURCE_FILTERS.message,
  strictSince: 31,
  since: {},
  hasCount: false,
}

/** `messages` come newest first. Whatever the case of a filter: clients write `volume` and `error`. */
export function selectMessages(
  messages: readonly Message[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<Message>> {
  const upper = new Set(['event_id', 'resource_type', 'message_level'])
  const filters = query.filters.map((filter) => (upper.has(filter.key) ? { ...filter, value: filter.value.toUpperCase() } : filter))
  return selectItems(messages, { ...query, filters }, KIND, microversion)
}
