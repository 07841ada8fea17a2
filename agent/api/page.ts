/** The page of a list that was asked for, with the link to the next one; the same for every resource. */
import { type Link, nextLink } from '../../lib/wire/cinder/links.ts'
import { type ListQuery, pageOf } from '../../lib/wire/cinder/list-query.ts'
import { type Answer, type Call, failed } from './call.ts'

interface Listed<Item> {
  /** All that were found, in order. */
  readonly items: readonly Item[]
  readonly query: ListQuery
  /** As Cinder calls one of them. */
  readonly kind: string
  /** Path of the list. */
  readonly collection: string
}

type Page<Item> =
  /** `next`: null on the last page. */
  | { readonly ok: true; readonly items: readonly Item[]; readonly next: readonly Link[] | null }
  /** There is no item with the marker's id. */
  | { readonly ok: false; readonly answer: Answer }

export function pageFor<Item extends { readonly id: string }>(call: Call, { items, query, kind, collection }: Listed<Item>): Page<Item> {
  const page = pageOf(items, query, (item) => item.id)
  if (page === null) return { ok: false, answer: failed({ code: 'item-not-found', kind, id: query.marker ?? '' }) }
  const last = page.length === query.limit ? page.at(-1) : undefined
  return { ok: true, items: page, next: last === undefined ? null : nextLink(call.base, collection, query.raw, last.id) }
}
