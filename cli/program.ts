/**
 * The `scoria` command: puts its verbs together, and turns every end into an exit code and at most four lines.
 */
import { Command, CommanderError } from 'commander'
import { addApplicationCredential } from './commands/application-credential.ts'
import { addAttachment } from './commands/attachment.ts'
import { addCompletion } from './commands/completion.ts'
import { addGroup } from './commands/group.ts'
import { addHost } from './commands/host.ts'
import { addLeave } from './commands/host-leave.ts'
import { addInvite } from './commands/invite.ts'
import { isPassedOn, passedOnHelp, runAgentProgram } from './commands/passthrough.ts'
import { addOrphan } from './commands/orphan.ts'
import { addPeer } from './commands/peer.ts'
import { addPlacement } from './commands/placement.ts'
import { addProject } from './commands/project.ts'
import { addQos } from './commands/qos.ts'
import { addQuota } from './commands/quota.ts'
import { addRole } from './commands/role.ts'
import { addService } from './commands/service.ts'
import { addSnapshot } from './commands/snapshot.ts'
import { addStatus } from './commands/status.ts'
import { addToken } from './commands/token.ts'
import { addType } from './commands/type.ts'
import { addUser } from './commands/user.ts'
import { addVolume } from './commands/volume.ts'
import { EXIT } from '../lib/config/exit-codes.ts'
import { CliFailure } from './failure.ts'
import { installedVersion } from './version.ts'
import { oneLine } from './output/table.ts'
import type { Terminal } from './terminal.ts'

/** @param args without the program's name; resolves with the exit code and never rejects for what a user did */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    if (isPassedOn(args[0])) return await runAgentProgram(args)
    await createProgram(terminal).parseAsync([...args], { from: 'user' })
    return EXIT.done
  } catch (error) {
    return tell(error, terminal)
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('scoria')
    .description('Block storage without a control plane. Any peer answers any command.')
    .version(installedVersion(), '-V, --version')
    .addHelpText(
      'after',
      `\nOn this host:\n${passedOnHelp()}\nA first look: scoria dev, then in another terminal: scoria volume create db --size 1GiB --wait\n`,
    )
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('(see --help)')
    .exitOverride()
  addVolume(program, terminal)
  addSnapshot(program, terminal)
  addAttachment(program, terminal)
  addPlacement(program, terminal)
  addHost(program, terminal)
  addService(program, terminal)
  addOrphan(program, terminal)
  addStatus(program, terminal)
  addInvite(program, terminal)
  addLeave(program, terminal)
  addPeer(program, terminal)
  addType(program, terminal)
  addQos(program, terminal)
  addGroup(program, terminal)
  addQuota(program, terminal)
  addUser(program, terminal)
  addProject(program, terminal)
  addRole(program, terminal)
  addToken(program, terminal)
  addApplicationCredential(program, terminal)
  addCompletion(program, terminal)
  return program
}

function tell(error: unknown, terminal: Terminal): number {
  if (error instanceof CliFailure) {
    terminal.err(`${error.lines.map((line, index) => oneLine(index === 0 ? `scoria: ${line}` : line)).join('\n')}\n`)
    if (isDebugging(terminal)) terminal.err(`${error.stack ?? ''}\n`)
    return error.exitCode
  }
  // Commander has said what was wrong, or has printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  terminal.err(`scoria: a defect of this program: ${error instanceof Error ? error.message : String(error)}\nSCORIA_DEBUG=1 shows where\n`)
  if (isDebugging(terminal) && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`)
  return EXIT.failed
}

function isDebugging(terminal: Terminal): boolean {
  return terminal.env['SCORIA_DEBUG'] === '1'
}
