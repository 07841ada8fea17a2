/**
 * `scoria agent`: the daemon, from its configuration file to its exit code.
 *
 * It ends on SIGTERM and SIGINT in order, and at once when its journal fails: what is not written down must not be said.
 */
import { parseMultiaddr } from '../../lib/config/address.ts'
import type { AgentConfig } from '../../lib/config/agent-config.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { firstFailure } from '../../lib/model/finding.ts'
import { startAgent } from '../agent.ts'
import { CommandProblem } from './command-problem.ts'
import { loadConfig } from './load-config.ts'
import { StartProblem } from '../start-problem.ts'
import { createLog } from '../system/log.ts'
import { checkPortFree, directoryFinding } from '../system/start-checks.ts'
import { VERSION } from '../version.ts'

export interface AgentWorld {
  /** Resolves when the process is asked to end; with what asked. */
  readonly asked: Promise<string>
  /** Ends the process at once. */
  readonly exit: (code: number) => never
}

/** Runs until it is asked to end. Resolves with the exit code. @throws CommandProblem if it cannot start */
export async function runAgent(file: string, world: AgentWorld): Promise<number> {
  const config = await loadConfig(file)
  const log = createLog({ level: config.log.level, base: { agent: config.name } })
  const onFatal = (error: unknown): never => {
    log.error('agent-failed', { error })
    return world.exit(EXIT.failed)
  }
  process.on('uncaughtException', onFatal)
  process.on('unhandledRejection', onFatal)
  log.info('agent-starting', { version: VERSION, config: file, directory: config.directory })
  const agent = await start(config, { log, onFatal })
  const why = await world.asked
  log.info('agent-stopping', { why })
  await agent.stop()
  log.info('agent-stopped')
  return EXIT.done
}

async function start(config: AgentConfig, deps: Parameters<typeof startAgent>[1]): ReturnType<typeof startAgent> {
  const problem = firstFailure([await directoryFinding(config.directory)]) ?? (await checkPorts(config))
  if (problem !== null) throw refused(deps, problem)
  try {
    return await startAgent(config, deps)
  } catch (error) {
    if (error instanceof StartProblem) throw refused(deps, error.message)
    throw error
  }
}

/** What the parts that listen would find out one after the other, each in words of its own. */
async function checkPorts({ api, peer, join }: AgentConfig): Promise<string | null> {
  const peers = peer.listen.map((text) => ({ key: 'peer.listen', address: parseMultiaddr(text) }))
  for (const { key, address } of [
    { key: 'api.listen', address: api.listen },
    ...peers,
    { key: 'join.listen', address: join?.listen ?? null },
  ]) {
    if (address === null) continue
    const problem = await checkPortFree(address, `change ${key} in the configuration, or stop what listens there`)
    if (problem !== null) return problem
  }
  return null
}

/** Both where a person looks: in the log and on the terminal. */
function refused({ log }: Parameters<typeof startAgent>[1], problem: string): CommandProblem {
  log.error('agent-not-started', { problem })
  return new CommandProblem(EXIT.failed, problem)
}
