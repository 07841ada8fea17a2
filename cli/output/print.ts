/**
 * Prints an answer in the form that was asked for.
 *
 * `json` and `yaml` are the REST body unchanged: a contract with scripts. `table` is for people and may change;
 * `name` and `value` are for shell loops.
 */
import { usage } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { type Column, fields, table } from './table.ts'
import { toYaml } from './yaml.ts'

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'name', 'value'] as const
export type Format = (typeof FORMATS)[number]

export interface Output {
  readonly format: Format
  /** Headers to show, in this order; null for the usual ones. */
  readonly columns: readonly string[] | null
  readonly headers: boolean
}

export interface ListColumn<Row> extends Column<Row> {
  /** Shown in `wide` only. */
  readonly wide?: true
}

/** @param nothing what to say on stderr instead of an empty table */
export function printList<Row>(
  terminal: Terminal,
  output: Output,
  body: unknown,
  rows: readonly Row[],
  columns: readonly ListColumn<Row>[],
  nothing: string,
): void {
  if (printBody(terminal, output.format, body)) return
  const chosen = choose(columns, output)
  if (output.format === 'name' || output.format === 'value') {
    const shown = output.format === 'name' ? columns.slice(0, 1) : chosen
    terminal.out(rows.map((row) => `${shown.map((column) => column.cell(row)).join('\t')}\n`).join(''))
    return
  }
  if (rows.length === 0) return terminal.err(`${nothing}\n`)
  const text = table(chosen, rows)
  terminal.out(output.headers ? text : text.slice(text.indexOf('\n') + 1))
}

/** @param name what `-o name` prints */
export function printOne(
  terminal: Terminal,
  output: Output,
  body: unknown,
  name: string,
  pairs: readonly (readonly [string, string])[],
): void {
  if (printBody(terminal, output.format, body)) return
  if (output.format === 'name') return terminal.out(`${name}\n`)
  const chosen = output.columns === null ? pairs : output.columns.map((column) => pairFor(pairs, column))
  terminal.out(output.format === 'value' ? chosen.map(([, value]) => `${value}\n`).join('') : fields(chosen))
}

/** False if the format is one for people; then nothing was printed. */
export function printBody(terminal: Terminal, format: Format, body: unknown): boolean {
  if (format === 'json') terminal.out(`${JSON.stringify(body, null, 2)}\n`)
  if (format === 'yaml') terminal.out(toYaml(body))
  return format === 'json' || format === 'yaml'
}

function choose<Row>(columns: readonly ListColumn<Row>[], output: Output): readonly ListColumn<Row>[] {
  if (output.columns === null) return columns.filter((column) => column.wide !== true || output.format === 'wide')
  return output.columns.map((name) => {
    const column = columns.find((item) => item.header === name.toUpperCase())
    if (column === undefined)
      throw usage(`there is no column ${name}`, `columns: ${columns.map((item) => item.header.toLowerCase()).join(', ')}`)
    return column
  })
}

function pairFor(pairs: readonly (readonly [string, string])[], name: string): readonly [string, string] {
  const pair = pairs.find(([field]) => field === name.toLowerCase())
  if (pair === undefined) throw usage(`there is no field ${name}`, `fields: ${pairs.map(([field]) => field).join(', ')}`)
  return pair
}
