/** What each command has in common: its options, its arguments' forms, and what it works with once they are known. */
import { randomUUID } from 'node:crypto'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Paint, paintFor } from '../output/color.ts'
import { FORMATS, type Output } from '../output/print.ts'
import { type Client, createClient } from '../rest/client.ts'
import { type CommonOptions, outputOf, resolveSettings, type Settings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { parseDurationMs, parseSizeGiB } from '../units.ts'

export interface Context {
  readonly terminal: Terminal
  readonly settings: Settings
  readonly client: Client
  readonly output: Output
  readonly paint: Paint
}

export interface WaitOptions {
  readonly wait?: boolean
  readonly timeout: number
}

export async function contextOf(options: CommonOptions, terminal: Terminal): Promise<Context> {
  const settings = await resolveSettings(options, terminal)
  const output = outputOf(options)
  // What a program reads is never coloured, whatever the environment says.
  const isForPeople = output.format === 'table' || output.format === 'wide'
  const paint: Paint = isForPeople ? paintFor(terminal) : (status) => status
  return { terminal, settings, client: createClient(settings, terminal), output, paint }
}

/** Where to ask, as whom, and how to print. */
export function withCommon(command: Command): Command {
  return command
    .option('--endpoint <url>', 'peer to ask, several separated by commas (SCORIA_ENDPOINT; default http://127.0.0.1:8776)')
    .option('--ca-file <file>', 'who may have signed the certificate of a https:// peer (SCORIA_CA_FILE)')
    .option('--os-token <token>', 'token of Keystone (OS_TOKEN; or a login by OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME)')
    .option('--project <id>', 'without authentication: project to act for (SCORIA_PROJECT; default admin)')
    .option('--user <id>', 'without authentication: user to act as (SCORIA_USER; default admin)')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(FORMATS))
    .option('--columns <names>', 'columns or fields to print, separated by commas')
    .option('--no-headers', 'tables without their first line')
    .option('-v, --verbose', 'say on stderr which peer answered what')
}

export function withWait(command: Command, until: string): Command {
  const timeout = new Option('--timeout <duration>', 'how long to wait at most').argParser(durationMs).default(5 * 60_000, '5m')
  return command.option('--wait', `wait until ${until}`).addOption(timeout)
}

export function withExamples(command: Command, ...examples: readonly [string, string, ...string[]]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`)
}

export function sizeGiB(text: string): number {
  const size = parseSizeGiB(text)
  if (size === null) throw new InvalidArgumentError('A size is a whole number of GiB, such as 10, 10GiB or 1.5T.')
  return size
}

export function durationMs(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === null) throw new InvalidArgumentError('A duration is a number with a unit, such as 90s, 15m or 2h.')
  return ms
}

/** Collects repeated `key=value`. */
export function property(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('A property is written key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

export const newKey = (): string => randomUUID()
