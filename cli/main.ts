#!/usr/bin/env node
/** Entry of the `scoria` command. */
import { EXIT } from '../lib/config/exit-codes.ts'
import { isPassedOn } from './commands/passthrough.ts'
import { runCli } from './program.ts'
import { processTerminal } from './terminal.ts'

const args = process.argv.slice(2)
// A command over REST holds nothing that a Ctrl-C could leave half done: what was asked goes on at the peer.
if (!isPassedOn(args[0])) {
  process.once('SIGINT', () => {
    process.stderr.write('\nscoria: interrupted; what was asked of the peer goes on\n')
    process.exit(EXIT.interrupted)
  })
}
// `scoria volume list | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? EXIT.done : EXIT.failed))
process.exitCode = await runCli(args, processTerminal())
