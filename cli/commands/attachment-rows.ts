/** How an attachment looks to a person. The connection's password is shown where the connection is: it is what they came for. */
import type { Paint } from '../output/color.ts'
import type { ListColumn } from '../output/print.ts'
import { type Item, partOf, textOf } from '../rest/body.ts'
import { ageText } from './volume-rows.ts'

export function attachmentColumns(nowMs: number, paint: Paint): readonly ListColumn<Item>[] {
  return [
    { header: 'ID', cell: (row) => textOf(row, 'id') },
    { header: 'VOLUME', cell: (row) => textOf(row, 'volume_id') },
    { header: 'STATUS', cell: (row) => paint(textOf(row, 'status')) },
    { header: 'MODE', cell: (row) => textOf(row, 'attach_mode'), wide: true },
    { header: 'INSTANCE', cell: (row) => textOf(row, 'instance'), wide: true },
    { header: 'AGE', cell: (row) => ageText(row, 'attached_at', nowMs) },
  ]
}

export function attachmentFields(row: Item): readonly (readonly [string, string])[] {
  const connection = partOf(row, 'connection_info')
  const always: readonly (readonly [string, string])[] = [
    ['id', textOf(row, 'id')],
    ['volume', textOf(row, 'volume_id')],
    ['status', textOf(row, 'status')],
    ['mode', textOf(row, 'attach_mode')],
    ['instance', textOf(row, 'instance')],
    ['attached', textOf(row, 'attached_at')],
  ]
  if (textOf(connection, 'target_iqn') === '') return always
  return [
    ...always,
    ['portal', textOf(connection, 'target_portal')],
    ['iqn', textOf(connection, 'target_iqn')],
    ['lun', textOf(connection, 'target_lun')],
    ['username', textOf(connection, 'auth_username')],
    ['password', textOf(connection, 'auth_password')],
  ]
}
