/**
 * Reads REST bodies field by field, since they come from a peer of perhaps another version.
 *
 * What a command cannot do without is demanded; what it only shows is empty when it is not there.
 */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'

export type Item = Readonly<Record<string, unknown>>

export function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws CliFailure if the answer has no such object */
export function itemAt(body: unknown, key: string): Item {
  const item = isItem(body) ? body[key] : undefined
  if (!isItem(item)) throw new CliFailure(EXIT.failed, `the peer's answer has no "${key}"`, 'is this address the API of a Scoria agent?')
  return item
}

/** @throws CliFailure if the answer has no such list */
export function itemsAt(body: unknown, key: string): readonly Item[] {
  const items = isItem(body) ? body[key] : undefined
  if (!Array.isArray(items))
    throw new CliFailure(EXIT.failed, `the peer's answer has no list "${key}"`, 'is this address the API of a Scoria agent?')
  return items.filter(isItem)
}

/** Text of a string, number or boolean field; empty for anything else. */
export function textOf(item: Item, key: string): string {
  const value = item[key]
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

export function numberOf(item: Item, key: string): number | null {
  const value = item[key]
  return typeof value === 'number' ? value : null
}

/** Entries of a list field that are objects; empty if there is none. */
export function partsOf(item: Item, key: string): readonly Item[] {
  const value = item[key]
  return Array.isArray(value) ? value.filter(isItem) : []
}

export function partOf(item: Item, key: string): Item {
  const value = item[key]
  return isItem(value) ? value : {}
}
