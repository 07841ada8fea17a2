/**
 * Entry of the agent's program: `init`, `join`, `agent`, `dev`. Arguments, signals, exit codes; nothing else.
 */
import './peer/polyfill.ts'
import { EXIT } from '../lib/config/exit-codes.ts'
import { CommandProblem, wrongUse } from './command-problem.ts'
import { agentCommand } from './main-agent.ts'
import { devCommand } from './main-dev.ts'
import { initCommand, joinCommand } from './main-host.ts'
import { checkNode } from './system/start-checks.ts'

const COMMANDS = new Map([
  ['init', initCommand],
  ['join', joinCommand],
  ['agent', agentCommand],
  ['dev', devCommand],
])

async function main(args: readonly string[]): Promise<number> {
  const oldNode = checkNode(process.version)
  if (oldNode !== null) throw new CommandProblem(EXIT.failed, oldNode)
  const [name = '', ...rest] = args
  const command = COMMANDS.get(name)
  if (command === undefined) throw wrongUse(`${name === '' ? 'no command' : `unknown command ${JSON.stringify(name)}`}`, `commands: ${[...COMMANDS.keys()].join(', ')}`)
  return await command(rest)
}

try {
  process.exitCode = await main(process.argv.slice(2))
  // Whatever still holds the loop open has been stopped and is of no use to anybody.
  process.exit()
} catch (error) {
  if (!(error instanceof CommandProblem)) throw error
  process.stderr.write(`scoria: ${error.lines.join('\n')}\n`)
  process.exit(error.exitCode)
}
