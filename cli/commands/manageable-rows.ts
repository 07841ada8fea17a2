/** What lies in a pool, as a person reads it. */
import type { ListColumn } from '../output/print.ts'
import { type Item, numberOf, partOf, textOf } from '../rest/body.ts'
import { showSize } from '../units.ts'

export const MANAGEABLE_COLUMNS: readonly ListColumn<Item>[] = [
  { header: 'NAME', cell: (row) => textOf(partOf(row, 'reference'), 'source-name') },
  { header: 'SIZE', cell: (row) => showSize(numberOf(row, 'size') ?? 0) },
  { header: 'MANAGEABLE', cell: (row) => (row['safe_to_manage'] === true ? 'yes' : `no: ${textOf(row, 'reason_not_safe')}`) },
]
