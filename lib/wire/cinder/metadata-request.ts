/** Bodies of the metadata calls: all of it, or one item whose key the URL repeats. */
import Type from 'typebox'
import { Metadata } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

const all = shape(Type.Object({ metadata: Metadata }, { additionalProperties: false }))
const one = shape(Type.Object({ meta: Metadata }, { additionalProperties: false }))

/** For the description of the API. */
export const METADATA_BODIES = { all, one }

export function parseMetadata(body: unknown): Parsed<Readonly<Record<string, string>>> {
  const parsed = all.parse(body)
  return parsed.ok ? accepted(parsed.value.metadata) : parsed
}

/** @param key as named by the URL */
export function parseMetadataItem(body: unknown, key: string): Parsed<string> {
  const parsed = one.parse(body)
  if (!parsed.ok) return parsed
  const items = Object.entries(parsed.value.meta)
  const [item] = items
  if (item === undefined || items.length > 1)
    return refused({ code: 'bad-value', path: 'meta', value: `${items.length} items`, rule: { kind: 'form', wanted: 'exactly one item' } })
  if (item[0] !== key)
    return refused({
      code: 'bad-value',
      path: 'meta',
      value: item[0],
      rule: { kind: 'form', wanted: `the key that the URL names, ${key}` },
    })
  return accepted(item[1])
}
