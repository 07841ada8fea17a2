/**
 * What is looked at: the host as a configuration file says it is, or as the options of `init` say it would be.
 *
 * A host that is no member yet lacks its keys and its folder rightly; one that has a configuration lacks them wrongly.
 */
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AgentConfig } from '../../../lib/config/agent-config.ts'
import { type Finding, failure, fine } from '../../../lib/model/finding.ts'
import type { Arguments } from '../arguments.ts'
import { CommandProblem } from '../command-problem.ts'
import { checkedConfig, DEFAULT_CONFIG_FILE, HOST_OPTION_ROWS, hostOptions } from '../host-options.ts'
import { loadConfig } from '../load-config.ts'

export interface DoctorPlan {
  /** Null if there is one and it is wrong. */
  readonly config: AgentConfig | null
  readonly configFile: string
  /** There is a configuration: the host has been made by `init` or `join`, or should have been. */
  readonly isMade: boolean
  readonly finding: Finding
}

/** Options that say what a host would be, and not which one is looked at. */
const WOULD_BE = HOST_OPTION_ROWS.map(({ name }) => name).filter((name) => name !== 'dir' && name !== 'config')
const NAME = 'this-host'

/** @throws CommandProblem (usage) */
export async function planOf(given: Arguments): Promise<DoctorPlan> {
  const directory = given.text('dir')
  const file = resolve(given.text('config') ?? (directory === null ? DEFAULT_CONFIG_FILE : `${directory}/agent.yaml`))
  const wouldBe = WOULD_BE.some((name) => given.text(name) !== null)
  if (!wouldBe && (given.text('config') !== null || (await isThere(file)))) return await planFrom(file)
  const config = checkedConfig(hostOptions(given, NAME))
  const why = wouldBe ? 'as the options say' : 'with the defaults of init: name what it will have, such as --vg VG or --target lio'
  return { config, configFile: file, isMade: false, finding: fine('config', `no configuration is looked at; a host ${why}`) }
}

async function planFrom(file: string): Promise<DoctorPlan> {
  try {
    const config = await loadConfig(file)
    return { config, configFile: file, isMade: true, finding: fine('config', `${file}: host ${config.name}`) }
  } catch (error) {
    if (!(error instanceof CommandProblem)) throw error
    const found = error.lines.map((line) => line.trim()).join(' ')
    return {
      config: null,
      configFile: file,
      isMade: true,
      finding: failure('config', found, `editor ${file} && scoria agent --check-config --config ${file}`),
    }
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    // It is there, and reading it will say what is wrong with it.
    return true
  }
}
