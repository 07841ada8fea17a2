/** Which QoS specs a list shows, and in which order: by name, if no other is asked for. */
import { compareText } from '../../model/ids.ts'
import type { QosSpecs } from '../../model/qos.ts'
import type { Filter, ListKeys, ListQuery } from './list-query.ts'

const FIELDS: Readonly<Record<string, (qos: QosSpecs) => string>> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  consumer: ({ consumer }) => consumer,
}

export const QOS_KEYS: ListKeys = { sorts: Object.keys(FIELDS), filters: Object.keys(FIELDS) }

/** Those that all filters let through. `all` come by name, and names are told apart, so that the order is total. */
export function selectQos(all: readonly QosSpecs[], { filters, sorts }: ListQuery): readonly QosSpecs[] {
  return all
    .filter((qos) => filters.every((filter) => passes(qos, filter)))
    .toSorted((a, b) => {
      for (const { key, direction } of sorts) {
        const order = compareText(textOf(a, key), textOf(b, key))
        if (order !== 0) return direction === 'asc' ? order : -order
      }
      return 0
    })
}

function passes(qos: QosSpecs, { key, match, value }: Filter): boolean {
  return match === 'like' ? textOf(qos, key).includes(value) : textOf(qos, key) === value
}

function textOf(qos: QosSpecs, key: string): string {
  return FIELDS[key]?.(qos) ?? ''
}
