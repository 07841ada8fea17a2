/**
 * One measured figure: a number, what it is held against, and the target.
 *
 * Absolute times mean little on a machine whose other users nobody knows, so whatever can be is a ratio to something
 * measured in the same run; `against` says to what, with the raw numbers.
 */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly against: string
  readonly target: Target | null
}

export type Target = { readonly atMost: number } | { readonly atLeast: number }

export function isMet({ value, target }: Figure): boolean | null {
  if (target === null) return null
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}

export function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    targetText(figure),
    VERDICTS[String(isMet(figure))] ?? '',
    figure.against,
  ])
  const all = [['figure', 'measured', 'target', '', 'against'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function figuresJson(figures: readonly Figure[]): string {
  return JSON.stringify(
    figures.map((figure) => ({ ...figure, met: isMet(figure) })),
    null,
    2,
  )
}

const VERDICTS: Readonly<Record<string, string>> = { true: 'met', false: 'MISSED', null: '' }

function targetText({ target, unit }: Figure): string {
  if (target === null) return ''
  return 'atMost' in target ? `<= ${target.atMost} ${unit}` : `>= ${target.atLeast} ${unit}`
}

/** Three digits that mean something. */
export function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
