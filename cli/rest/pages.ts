/** Every page of a list with detail, in the server's order. */
import { type Item, itemsAt, textOf } from './body.ts'
import type { Client } from './client.ts'

const PAGE = 1000

type Collection = 'volumes' | 'snapshots' | 'volume-transfers' | 'groups' | 'group_snapshots'

export async function listAll(client: Client, collection: Collection, filters: URLSearchParams): Promise<readonly Item[]> {
  const key = collection === 'volume-transfers' ? 'transfers' : collection
  const query = new URLSearchParams([['limit', String(PAGE)], ...filters])
  const items: Item[] = []
  for (;;) {
    const page = itemsAt(await client.call({ method: 'GET', path: client.cinder(`/${collection}/detail?${query}`) }), key)
    items.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return items
    query.set('marker', textOf(last, 'id'))
  }
}
