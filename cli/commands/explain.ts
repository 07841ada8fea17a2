/**
 * Prints a ranking: where a volume would go, and for every other pool the filter that refused it, with what the pool
 * reported and what the request needed.
 */
import { printList } from '../output/print.ts'
import { isItem, type Item, itemsAt, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { Context } from './context.ts'
import type { Hints } from './hint.ts'

export interface ExplainOptions {
  readonly size: number
  readonly type?: string
  readonly zone?: string
  readonly hint?: Hints
}

export async function explainPlacement(context: Context, options: ExplainOptions): Promise<void> {
  const { client, output, terminal } = context
  const request = given({ size: options.size, volume_type: options.type, availability_zone: options.zone, scheduler_hints: options.hint })
  const body = await client.call({ method: 'POST', path: '/scoria/v1/placement/explain', body: request, isRead: true })
  const ranking = isItem(body) && isItem(body['ranking']) ? body['ranking'] : body
  const ranked = itemsAt(ranking, 'candidates').map((row, index) => ({ ...row, rank: index + 1 }))
  const rows: readonly Item[] = [...ranked, ...itemsAt(ranking, 'rejected')]
  const columns = [
    { header: 'POOL', cell: (row: Item) => textOf(row, 'pool') },
    { header: 'RANK', cell: (row: Item) => textOf(row, 'rank') },
    { header: 'WEIGHT', cell: (row: Item) => textOf(row, 'weight') },
    { header: 'SCORE', cell: (row: Item) => textOf(row, 'score') },
    { header: 'REFUSED-BY', cell: (row: Item) => textOf(row, 'filter') },
    { header: 'REPORTED', cell: (row: Item) => textOf(row, 'reported') },
    { header: 'NEEDED', cell: (row: Item) => textOf(row, 'needed') },
  ]
  printList(terminal, output, body, rows, columns, 'no pool is known yet')
  if (output.format === 'table' && ranked.length === 0 && rows.length > 0) terminal.err('no pool can take it\n')
}
