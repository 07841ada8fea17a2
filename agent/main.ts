/**
 * Entry of the agent's program: `init`, `join`, `agent`, `doctor`, `dev`. Arguments, signals, exit codes; nothing else.
 */
import './peer/polyfill.ts'
import { EXIT } from '../lib/config/exit-codes.ts'
import { firstFailure } from '../lib/model/finding.ts'
import { CommandProblem, wrongUse } from './command/command-problem.ts'
import { nodeFinding } from './system/start-checks.ts'

type Command = (args: readonly string[]) => Promise<number>

/** Loaded when asked for: `init` needs little of what an agent needs, and an old Node is told so before it reads any of it. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['init', async () => (await import('./command/main-host.ts')).initCommand],
  ['join', async () => (await import('./command/main-host.ts')).joinCommand],
  ['agent', async () => (await import('./command/main-agent.ts')).agentCommand],
  ['doctor', async () => (await import('./command/main-doctor.ts')).doctorCommand],
  [
    'dev',
    async () => {
      const { devCommand } = await import('./command/main-dev.ts')
      return (args) => devCommand(args, process.env)
    },
  ],
])

async function main(args: readonly string[]): Promise<number> {
  const oldNode = firstFailure([nodeFinding(process.version)])
  if (oldNode !== null) throw new CommandProblem(EXIT.failed, oldNode)
  const [name = '', ...rest] = args
  const load = COMMANDS.get(name)
  if (load === undefined)
    throw wrongUse(
      `${name === '' ? 'no command' : `unknown command ${JSON.stringify(name)}`}`,
      `commands: ${[...COMMANDS.keys()].join(', ')}`,
    )
  const run = await load()
  return await run(rest)
}

/** One line for what a person can mend; a stack only for what is a defect of ours. */
function linesOf(error: unknown): readonly string[] {
  if (error instanceof CommandProblem) return error.lines
  if (!(error instanceof Error)) return [String(error)]
  const isOfTheSystem = 'syscall' in error
  if (isOfTheSystem) return [error.message, 'run it as a user who may do that, or choose another folder']
  return [`a defect of this program: ${error.stack ?? error.message}`]
}

try {
  // Whatever still holds the loop open has been stopped and is of no use to anybody.
  process.exit(await main(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`scoria: ${linesOf(error).join('\n')}\n`)
  process.exit(error instanceof CommandProblem ? error.exitCode : EXIT.failed)
}
