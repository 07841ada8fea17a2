/** `scoria doctor`, as typed: one line for each thing that was looked at, and below it what to type where it is not well. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CHECKS, type Finding } from '../../lib/model/finding.ts'
import { helpText, type OptionRow, readArguments } from './arguments.ts'
import { wrongUse } from './command-problem.ts'
import { examine } from './doctor/examine.ts'
import { planOf } from './doctor/plan.ts'
import { HOST_OPTION_ROWS } from './host-options.ts'

const OWN_HELP: ReadonlyMap<string, string> = new Map([
  ['name', 'name that the host would have; nothing depends on it'],
  ['dir', 'folder of the keys and the journal of the host to look at'],
  ['config', 'configuration file of the host to look at (default DIR/agent.yaml with --dir, else /etc/scoria/agent.yaml)'],
])
/** Whatever `init` and `join` take, so that their line can be tried before it is typed. */
const ROWS: readonly OptionRow[] = [
  ...HOST_OPTION_ROWS.map((row) => ({ ...row, help: OWN_HELP.get(row.name) ?? row.help })),
  { name: 'output', short: 'o', value: 'FORMAT', help: 'table, or json for programs (default table)' },
  { name: 'help', help: 'print this' },
]
const EXAMPLES = ['scoria doctor', 'scoria doctor --vg vg0 --target lio --portal 10.0.0.1:3260   # before init', 'scoria doctor -o json']
const SUMMARY =
  'Looks whether this host has what an agent needs, and says what to type where it has not.\nChanges nothing. Exit code 0 if nothing failed, else 1. With options of init it looks at the host that they would make.'

export async function doctorCommand(args: readonly string[]): Promise<number> {
  const given = readArguments(args, ROWS, 0)
  if (given.has('help')) {
    process.stdout.write(helpText('doctor [options]', SUMMARY, ROWS, EXAMPLES))
    return EXIT.done
  }
  const format = given.text('output') ?? 'table'
  if (format !== 'table' && format !== 'json') throw wrongUse(`--output ${JSON.stringify(format)} is unknown`, 'there are: table, json')
  const findings = await examine(await planOf(given))
  process.stdout.write(format === 'json' ? `${JSON.stringify({ findings }, null, 2)}\n` : findingsText(findings))
  return findings.some(({ level }) => level === 'fail') ? EXIT.failed : EXIT.done
}

const WIDTH = Math.max(...CHECKS.map((name) => name.length))

/** The remedy has a line of its own, so that it can be copied whole. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ level, check, found, remedy }) => [
    `${level.padEnd(6)}${check.padEnd(WIDTH)}  ${oneLine(found)}`,
    ...(remedy === null ? [] : [`${' '.repeat(6)}${'do:'.padEnd(WIDTH)}  ${oneLine(remedy)}`]),
  ])
  const [failed, warned] = [count(findings, 'fail'), count(findings, 'warn')]
  const sum =
    failed > 0
      ? `${failed} failed${warned > 0 ? `, ${warned} to look at` : ''}`
      : warned > 0
        ? `nothing failed, ${warned} to look at`
        : 'all is well'
  return `${lines.join('\n')}\n${sum}\n`
}

function count(findings: readonly Finding[], level: Finding['level']): number {
  return findings.filter((finding) => finding.level === level).length
}

/** Names of volumes and what tools say come from outside. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
