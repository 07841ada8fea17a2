/**
 * Where to ask, as whom, and how to print: flag before environment before configuration file before default.
 */
import { readFile } from 'node:fs/promises'
import { type CliConfig, isEndpoint, parseCliConfig } from '../lib/config/cli-config.ts'
import { problemText } from '../lib/config/problems.ts'
import { usage } from './failure.ts'
import type { Format, Output } from './output/print.ts'
import { fromYaml } from './output/yaml.ts'
import type { Terminal } from './terminal.ts'

/** What every command that talks to a peer takes. */
export interface CommonOptions {
  readonly endpoint?: string
  readonly project?: string
  readonly user?: string
  readonly output?: Format
  readonly columns?: string
  readonly headers?: boolean
  readonly verbose?: boolean
}

export interface Settings extends CliConfig {
  readonly isVerbose: boolean
}

export async function resolveSettings(options: CommonOptions, terminal: Terminal): Promise<Settings> {
  const { env } = terminal
  const file = await readSettingsFile(terminal)
  const written = options.endpoint ?? env['SCORIA_ENDPOINT']
  return {
    endpoints: (written === undefined ? file.endpoints : endpointsIn(written)).map((url) => url.replace(/\/$/, '')),
    project: options.project ?? env['SCORIA_PROJECT'] ?? file.project,
    user: options.user ?? env['SCORIA_USER'] ?? file.user,
    isVerbose: options.verbose ?? false,
  }
}

export function outputOf(options: CommonOptions): Output {
  return {
    format: options.output ?? 'table',
    columns: options.columns?.split(',').map((name) => name.trim()) ?? null,
    headers: options.headers ?? true,
  }
}

/** One URL, or several separated by commas. */
function endpointsIn(written: string): readonly string[] {
  const endpoints = written.split(',').map((item) => item.trim())
  const wrong = endpoints.find((item) => !isEndpoint(item))
  if (wrong !== undefined)
    throw usage(
      `${JSON.stringify(wrong)} is no endpoint`,
      'an endpoint is a URL such as http://127.0.0.1:8776; several are separated by commas',
    )
  return endpoints
}

async function readSettingsFile(terminal: Terminal): Promise<CliConfig> {
  const folder = terminal.env['XDG_CONFIG_HOME'] ?? `${terminal.home}/.config`
  const file = `${folder}/scoria/cli.yaml`
  const yaml = fromYaml(await readIfThere(file))
  if (!yaml.ok) throw usage(`${file} is no YAML: ${yaml.reason}`)
  const parsed = parseCliConfig(yaml.value)
  if (!parsed.ok) throw usage(`${file} is wrong:`, ...parsed.problems.map((found) => `  ${problemText(found)}`))
  return parsed.config
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return ''
    throw usage(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
