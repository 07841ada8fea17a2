/** From a configuration file to a configuration that holds, or to every problem of it. */
import { type AgentConfig, parseAgentConfig } from '../../lib/config/agent-config.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { problemText } from '../../lib/config/problems.ts'
import { CommandProblem } from './command-problem.ts'
import { readConfigFile } from '../system/config-file.ts'

/** @throws CommandProblem with every problem of the file */
export async function loadConfig(file: string): Promise<AgentConfig> {
  const read = await readConfigFile(file)
  if (!read.ok) throw new CommandProblem(EXIT.failed, read.problem)
  const parsed = parseAgentConfig(read.json)
  if (!parsed.ok) throw new CommandProblem(EXIT.failed, `${file} is wrong:`, ...parsed.problems.map((found) => `  ${problemText(found)}`))
  return parsed.config
}
