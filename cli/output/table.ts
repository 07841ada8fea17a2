/**
 * Columns without borders, as kubectl prints them: two spaces between, headers in capitals without spaces, so that awk
 * and cut work on them.
 */
import { stripVTControlCharacters } from 'node:util'

export interface Column<Row> {
  /** One word in capitals. */
  readonly header: string
  readonly cell: (row: Row) => string
}

const GAP = '  '

/** Lines with a newline at each end; cells that are empty print as `-`. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map((column) => column.header), ...rows.map((row) => columns.map((column) => cellText(column.cell(row))))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => width(line[index] ?? ''))))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, index) => pad(cell, widths[index] ?? 0))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('')
}

/** One object, a field a line. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const widest = Math.max(...pairs.map(([name]) => name.length))
  return pairs
    .map(([name, value]) => `${pad(name, widest)}${GAP}${cellText(value)}`.trimEnd())
    .join('\n')
    .concat('\n')
}

/** Text from outside may hold line breaks and terminal codes; none gets through but colour. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]+|\u001b(?!\[[\d;]*m)/g, ' ')
}

function cellText(cell: string): string {
  return oneLine(cell) || '-'
}

function pad(cell: string, columns: number): string {
  return cell + ' '.repeat(Math.max(0, columns - width(cell)))
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}
