/** `scoria agent`, as typed. */
import { helpText, type OptionRow, readArguments } from './arguments.ts'
import { DEFAULT_CONFIG_FILE } from './host-options.ts'
import { loadConfig } from './load-config.ts'
import { listenForSignals } from './signals.ts'

const ROWS: readonly OptionRow[] = [
  { name: 'config', value: 'FILE', help: `configuration file (default ${DEFAULT_CONFIG_FILE})` },
  { name: 'check-config', help: 'check the file, print what is wrong, start nothing: exit 0 or 1' },
  { name: 'until-stdin-ends', help: 'end also when standard input ends (for a parent process)' },
  { name: 'help', help: 'print this' },
]
const EXAMPLES = ['scoria agent --config /etc/scoria/agent.yaml', 'scoria agent --check-config --config /etc/scoria/agent.yaml']

export async function agentCommand(args: readonly string[]): Promise<number> {
  const given = readArguments(args, ROWS, 0)
  if (given.has('help')) {
    process.stdout.write(helpText('agent [options]', 'Runs the agent of this host until SIGTERM or Ctrl-C.', ROWS, EXAMPLES))
    return 0
  }
  const file = given.text('config') ?? DEFAULT_CONFIG_FILE
  if (given.has('check-config')) {
    const config = await loadConfig(file)
    process.stdout.write(
      `${file}: host ${config.name}, zone ${config.zone}, ${config.backends.length} ${config.backends.length === 1 ? 'backend' : 'backends'}: ok\n`,
    )
    return 0
  }
  const { asked } = listenForSignals()
  // Only now, and not for a look at the file: an agent takes most of a second to load.
  const { runAgent } = await import('./run-agent.ts')
  const ended = given.has('until-stdin-ends') ? Promise.race([asked, stdinEnd()]) : asked
  return await runAgent(file, { asked: ended, exit: (code) => process.exit(code) })
}

function stdinEnd(): Promise<string> {
  return new Promise((resolve) => {
    process.stdin.once('end', () => resolve('stdin ended'))
    process.stdin.once('error', () => resolve('stdin failed'))
    process.stdin.resume()
  })
}
