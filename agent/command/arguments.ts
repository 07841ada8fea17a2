/**
 * Reads the arguments of `init`, `join`, `agent`, `doctor` and `dev`.
 *
 * A table of options gives the parser, the help and the checks; every mistake is told before anything is done.
 */
import { parseArgs } from 'node:util'
import { parseHostPort, type HostPort } from '../../lib/config/address.ts'
import { DEFAULT_LIMITS, type Limits } from '../../lib/model/quota.ts'
import { wrongUse } from './command-problem.ts'

export interface OptionRow {
  /** Name without dashes. */
  readonly name: string
  /** One letter, for `-o`. */
  readonly short?: string
  /** Placeholder of its value; absent for a switch. */
  readonly value?: string
  readonly help: string
}

export interface Arguments {
  readonly words: readonly string[]
  /** Value of an option, or null if it was not given. */
  text(name: string): string | null
  has(name: string): boolean
}

/** @throws CommandProblem (usage) for an unknown option or a missing value */
export function readArguments(args: readonly string[], rows: readonly OptionRow[], wordsMax: number): Arguments {
  const options = Object.fromEntries(
    rows.map(({ name, value, short }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short === undefined ? {} : { short }) },
    ]),
  )
  const { values, positionals } = parse(args, options)
  const tooMany = positionals[wordsMax]
  if (tooMany !== undefined) throw wrongUse(`${JSON.stringify(tooMany)} is one word too many`, 'see --help')
  return {
    words: positionals,
    text: (name) => {
      const value = values[name]
      return typeof value === 'string' ? value : null
    },
    has: (name) => values[name] === true,
  }
}

/** Help of one command; the options' table is the one that is parsed by. */
export function helpText(usage: string, summary: string, rows: readonly OptionRow[], examples: readonly string[]): string {
  const left = rows.map(
    (row) => `  ${row.short === undefined ? '' : `-${row.short}, `}--${row.name}${row.value === undefined ? '' : ` ${row.value}`}`,
  )
  const width = Math.max(...left.map((text) => text.length))
  const lines = rows.map((row, index) => `${(left[index] ?? '').padEnd(width)}  ${row.help}`)
  return [
    `Usage: scoria ${usage}`,
    '',
    summary,
    '',
    'Options:',
    ...lines,
    '',
    'Examples:',
    ...examples.map((line) => `  $ ${line}`),
    '',
  ].join('\n')
}

export function addressOption(args: Arguments, name: string): HostPort | null {
  const written = args.text(name)
  if (written === null) return null
  const address = parseHostPort(written)
  if (address === null) throw wrongUse(`--${name} ${JSON.stringify(written)} is no address`, 'write it as host:port, such as 10.0.0.1:8777')
  return address
}

export function countOption(args: Arguments, name: string, least: number, most: number): number | null {
  const written = args.text(name)
  if (written === null) return null
  const count = /^\d+$/.test(written) ? Number(written) : Number.NaN
  if (!(count >= least && count <= most))
    throw wrongUse(`--${name} takes a whole number from ${least} to ${most}, not ${JSON.stringify(written)}`)
  return count
}

/** `volumes=20,gigabytes=500`; -1 means no limit; what is not named keeps Cinder's default. */
export function quotaOption(args: Arguments, name: string): Limits {
  const limits = { ...DEFAULT_LIMITS }
  for (const part of args.text(name)?.split(',') ?? []) {
    const [, key, count] = /^\s*(volumes|snapshots|gigabytes|per_volume_gigabytes|groups)=(-1|\d+)\s*$/.exec(part) ?? []
    if (key !== 'volumes' && key !== 'snapshots' && key !== 'gigabytes' && key !== 'per_volume_gigabytes' && key !== 'groups') {
      throw wrongUse(
        `--${name} ${JSON.stringify(part)} is no limit`,
        'write it as volumes=N,snapshots=N,gigabytes=N,per_volume_gigabytes=N,groups=N; -1 means no limit',
      )
    }
    limits[key] = Number(count)
  }
  return limits
}

function parse(
  args: readonly string[],
  options: Readonly<Record<string, { readonly type: 'boolean' | 'string'; readonly short?: string }>>,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // parseArgs throws for what the user wrote, with a sentence that is fit to print.
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
      throw wrongUse(error.message.split('. ')[0] ?? error.message, 'see --help')
    }
    throw error
  }
}
