/** The page of a list that was asked for, with the link to the next one; the same for every resource. */
import type { Result } from '../../lib/model/failure.ts'
import { type Link, nextLink } from '../../lib/wire/cinder/links.ts'
import type { Selection } from '../../lib/wire/cinder/item-list.ts'
import { pageOf, type PageQuery } from '../../lib/wire/cinder/list-query.ts'
import { type Answer, type Call, failed } from './call.ts'

interface Listed<Item> extends Selection<Item> {
  /** All that this caller's list has without filters. */
  readonly all: readonly Item[]
  readonly query: PageQuery
  /** As Cinder calls one of them. */
  readonly kind: string
  /** Path of the list. */
  readonly collection: string
  /**
   * Asks for an item that this peer does not list: the page before may have come from another peer, which knew of it first.
   * What is not in this caller's list does not exist.
   */
  find?(id: string): Promise<Result<Item>>
}

type Page<Item> =
  /** `next`: null on the last page. */
  | { readonly ok: true; readonly items: readonly Item[]; readonly next: readonly Link[] | null }
  /** There is no item with the marker's id, or nobody can say. */
  | { readonly ok: false; readonly answer: Answer }

export async function pageFor<Item extends { readonly id: string }>(call: Call, listed: Listed<Item>): Promise<Page<Item>> {
  const { items, query, kind, collection, all, find } = listed
  const id = query.marker
  let marker = id === null ? null : (all.find((item) => item.id === id) ?? null)
  if (id !== null && marker === null) {
    const found = await find?.(id)
    if (found?.ok !== true) return { ok: false, answer: failed(found?.failure ?? { code: 'item-not-found', kind, id: id.slice(0, 255) }) }
    marker = found.value
  }
  const page = pageOf(items, query, marker, listed.compare)
  const last = page.length === query.limit ? page.at(-1) : undefined
  return { ok: true, items: page, next: last === undefined ? null : nextLink(call.base, collection, query.raw, last.id) }
}
