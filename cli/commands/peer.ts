/**
 * `scoria peer lost`: says that a host and its disks are gone for good.
 *
 * It cannot be undone: the host's key is worth nothing from then on and its volumes are shown as lost. So the command
 * says what is lost before it asks, and a peer refuses it for a host that answers.
 */
import type { Command } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, withCommon, withExamples } from './context.ts'
import { planText, printPlan } from './host-plan.ts'

interface LostOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly force?: boolean
}

const FATE = 'lost for ever, unless the disks are read by other means'

export function addPeer(program: Command, terminal: Terminal): void {
  const peer = program.command('peer').description('peers that will not come back')
  const command = peer
    .command('lost')
    .description('mark a host as lost for good, with all that is on it; asks the host that ran init')
    .argument('<host>', 'its name')
    .option('--dry-run', 'say what would be lost, change nothing')
    .option('--yes', 'do not ask for the name again')
    .option('--force', 'also if it was heard a moment ago')
    .action(async (name: string, options: LostOptions) => lose(name, options, terminal))
  withCommon(command)
  withExamples(command, 'scoria peer lost c --dry-run', 'scoria peer lost c')
}

async function lose(name: string, options: LostOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client } = context
  const path = `/scoria/v1/hosts/${encodeURIComponent(name)}/lost`
  const plan = await client.call({ method: 'POST', path, body: { dry_run: true }, isRead: true })
  if (options.dryRun === true) return printPlan(context, plan, FATE)
  if (options.yes !== true) {
    terminal.err(planText(plan, FATE))
    await askForName(name, terminal)
  }
  await client.call({ method: 'POST', path, body: options.force === true ? { force: true } : {} })
  terminal.err(`${name} is lost: its volumes are shown in error and can only be deleted, and its key opens nothing any more\n`)
}

/** Unlike a volume's deletion this needs a word also of a script: it says --yes. */
async function askForName(name: string, terminal: Terminal): Promise<void> {
  if (!terminal.inIsTty) throw new CliFailure(EXIT.usage, 'nothing was changed: this cannot be undone', 'say so in a script with --yes')
  const typed = (await terminal.ask(`This cannot be undone. Type ${name} to go on: `)).trim()
  if (typed !== name) throw new CliFailure(EXIT.failed, `nothing was changed: ${JSON.stringify(typed)} is not ${name}`)
}
