/** `scoria init` and `scoria join`, as typed: options in, one line a step out. */
import { setTimeout as pause } from 'node:timers/promises'
import { hostNamed, isForming } from '../../lib/model/manifest.ts'
import { parseJoinToken } from '../../lib/wire/join.ts'
import { type Arguments, countOption, helpText, type OptionRow, quotaOption, readArguments } from './arguments.ts'
import { wrongUse } from './command-problem.ts'
import { HOST_OPTION_ROWS, type HostOptions, hostOptions } from './host-options.ts'
import type { StepReport } from './host-steps.ts'
import { initHost } from './init.ts'
import { joinHost } from './join.ts'
import { readVolumeTypes } from './volume-types-file.ts'

const DRY_RUN: OptionRow = { name: 'dry-run', help: 'say what would be made, make nothing' }
const HELP: OptionRow = { name: 'help', help: 'print this' }
const INIT_ROWS: readonly OptionRow[] = [
  ...HOST_OPTION_ROWS,
  {
    name: 'expect',
    value: 'N',
    help: 'founding hosts, this one included: no volume is made before all have joined (default 1)',
  },
  { name: 'types', value: 'FILE', help: 'YAML list of volume types: {name, description, extra_specs}' },
  { name: 'quota', value: 'LIMITS', help: 'limits of each project (default volumes=10,snapshots=10,gigabytes=1000); -1 means none' },
  DRY_RUN,
  HELP,
]
const JOIN_ROWS: readonly OptionRow[] = [...HOST_OPTION_ROWS, DRY_RUN, HELP]
const INIT_EXAMPLES = [
  'scoria init --name a --path /srv/volumes --portal 10.0.0.1:3260',
  'scoria init --name a --vg vg0 --thin-pool pool0 --portal 10.0.0.1:3260',
  'scoria init --name a --expect 3 --listen 10.0.0.1:8777 --join-listen 10.0.0.1:8778 --path /srv/volumes --portal 10.0.0.1:3260',
]
const JOIN_EXAMPLES = [
  'scoria join TOKEN --name b --listen 10.0.0.2:8777 --path /srv/volumes --portal 10.0.0.2:3260',
  'scoria join TOKEN --name b --listen 10.0.0.2:8777 --backend none --dry-run',
]

export async function initCommand(args: readonly string[]): Promise<number> {
  const given = readArguments(args, INIT_ROWS, 0)
  if (given.has('help'))
    return help('init --name HOST [options]', 'Makes this host the first of a new cluster. Safe to repeat.', INIT_ROWS, INIT_EXAMPLES)
  const host = hostOptions(given)
  const types = given.text('types')
  const expect = countOption(given, 'expect', 1, 1000) ?? 1
  const options = {
    host,
    expect,
    types: types === null ? [] : await readVolumeTypes(types),
    limits: quotaOption(given, 'quota'),
    isDryRun: given.has('dry-run'),
  }
  const signed = await initHost(options, tell)
  if (options.isDryRun || signed === null) return 0
  const { manifest } = signed
  say(`cluster ${manifest.cluster}, ${manifest.hosts.length} of ${manifest.expect} founding hosts`)
  say(`run it:        scoria agent --config ${host.configFile}`)
  if (host.joinListen !== null) say('invite others: scoria invite   (while the agent runs)')
  return 0
}

export async function joinCommand(args: readonly string[]): Promise<number> {
  const given = readArguments(args, JOIN_ROWS, 1)
  if (given.has('help'))
    return help('join TOKEN --name HOST [options]', 'Makes this host a member of a cluster. Safe to repeat.', JOIN_ROWS, JOIN_EXAMPLES)
  const token = tokenFrom(given)
  const host: HostOptions = hostOptions(given)
  const joined = await joinHost({ host, token, isDryRun: given.has('dry-run') }, { tell, say, sleep: (ms) => pause(ms), nowMs: Date.now })
  if (joined === null) return 0
  const { manifest } = joined.signedManifest
  say(`${host.name} is a member of cluster ${manifest.cluster} (${manifest.hosts.length} hosts)`)
  if (isForming(manifest)) say(`the cluster takes volumes when ${manifest.expect - manifest.hosts.length} more founding hosts have joined`)
  else if (manifest.voting.former !== null) say('it takes its share of the accounts as soon as its agent runs: see scoria host list')
  say(`run it: scoria agent --config ${host.configFile}`)
  return hostNamed(manifest, host.name) === null ? 1 : 0
}

function tokenFrom(given: Arguments): ReturnType<typeof parseJoinToken> & object {
  const [text] = given.words
  if (text === undefined) throw wrongUse('the token is missing', 'on a host of the cluster: scoria invite')
  const token = parseJoinToken(text)
  if (token === null) throw wrongUse('this is no token of scoria invite', 'copy it whole: scoria1:…@host:port')
  return token
}

function help(usage: string, summary: string, rows: readonly OptionRow[], examples: readonly string[]): number {
  process.stdout.write(helpText(usage, summary, rows, examples))
  return 0
}

function tell(report: StepReport): void {
  const state = report.state === 'made' ? 'made ' : report.state === 'there' ? 'there' : 'would make'
  say(`${state}  ${report.what.padEnd(20)}  ${report.where}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
