/**
 * `scoria leave`: takes a host out of the cluster that holds no volume any more.
 *
 * A voter gives up its votes first; when its share of the accounts has moved, the same request takes it out. The command
 * waits for that; cut off and repeated, it goes on where it was.
 */
import { type Command, Option } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { isItem, textOf } from '../rest/body.ts'
import { waitFor } from '../rest/wait.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, durationMs, withCommon, withExamples } from './context.ts'
import { printPlan } from './host-plan.ts'

interface LeaveOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly timeout: number
}

export function addLeave(program: Command, terminal: Terminal): void {
  const command = program
    .command('leave')
    .description('take a host without volumes out of the cluster; asks the host that ran init')
    .argument('<host>', 'its name')
    .option('--dry-run', 'say what would become of accounts and volumes, change nothing')
    .addOption(new Option('--timeout <duration>', 'how long to wait at most').argParser(durationMs).default(5 * 60_000, '5m'))
    .action(async (name: string, options: LeaveOptions) => leave(name, options, terminal))
  withCommon(command)
  withExamples(command, 'scoria leave c --dry-run', 'scoria leave c')
}

async function leave(name: string, options: LeaveOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const path = `/scoria/v1/hosts/${encodeURIComponent(name)}/leave`
  if (options.dryRun === true) {
    const plan = await context.client.call({ method: 'POST', path, body: { dry_run: true }, isRead: true })
    return printPlan(context, plan, 'a host leaves when nothing is on it: delete these first')
  }
  let state = await askToGo(context, path, null)
  if (state === 'leaving' || state === 'waiting') {
    terminal.err(
      state === 'leaving'
        ? `${name} votes no more; it stays until its share of the accounts has moved. Keep its agent running.\n`
        : 'the accounts still move after the change before this one\n',
    )
    await waitFor<null>(terminal, `host ${name}`, options.timeout, async () => {
      if (!(await isStepPending(context))) state = await askToGo(context, path, state === 'leaving' ? 'left' : null)
      return state === 'left' ? { kind: 'ended', value: null } : { kind: 'going', status: state }
    })
  }
  terminal.err(`${name} has left the cluster; its agent can be stopped and its folder removed\n`)
}

/**
 * The next step. One that is under way has to end before it.
 *
 * @param ifUnknown what it means that nobody knows the host: the request that took it out may have been answered to nobody
 */
async function askToGo({ client }: Context, path: string, ifUnknown: 'left' | null): Promise<string> {
  try {
    const change = await client.call({ method: 'POST', path, body: {} })
    return isItem(change) ? textOf(change, 'state') : ''
  } catch (error) {
    if (error instanceof CliFailure && error.message.startsWith('StepPending')) return 'waiting'
    if (error instanceof CliFailure && error.exitCode === EXIT.notFound && ifUnknown !== null) return ifUnknown
    throw error
  }
}

async function isStepPending({ client }: Context): Promise<boolean> {
  const status: unknown = await client.call({ method: 'GET', path: '/scoria/v1/status' })
  return isItem(status) && status['stepPending'] === true
}
