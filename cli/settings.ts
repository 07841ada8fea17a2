/**
 * Where to ask, as whom, and how to print: flag before environment before configuration file before default.
 */
import { readFile } from 'node:fs/promises'
import { type CliConfig, isEndpoint, parseCliConfig } from '../lib/config/cli-config.ts'
import { problemText } from '../lib/config/problems.ts'
import { assertNever } from '../lib/model/invariant.ts'
import { Secret } from '../lib/model/secret.ts'
import { usage } from './failure.ts'
import type { Format, Output } from './output/print.ts'
import { fromYaml } from './output/yaml.ts'
import { login } from './rest/login.ts'
import type { Terminal } from './terminal.ts'
import { type Who, whoOf } from './who.ts'

/** What every command that talks to a peer takes. */
export interface CommonOptions {
  readonly endpoint?: string
  readonly project?: string
  readonly user?: string
  readonly osToken?: string
  readonly caFile?: string
  readonly output?: Format
  readonly columns?: string
  readonly headers?: boolean
  readonly verbose?: boolean
}

export interface Settings {
  /** Tried in turn. */
  readonly endpoints: readonly string[]
  readonly token: Secret
  /** That the token is for; null if only the token says so. */
  readonly project: string | null
  /** PEM of the authorities to believe, or null for those of the system. */
  readonly ca: string | null
  readonly isVerbose: boolean
}

/** Logs in, if that is how a token is to be had. */
export async function resolveSettings(options: CommonOptions, terminal: Terminal): Promise<Settings> {
  const { env } = terminal
  const file = await readSettingsFile(terminal)
  const written = options.endpoint ?? env['SCORIA_ENDPOINT']
  const caFile = options.caFile ?? env['SCORIA_CA_FILE'] ?? file.caFile
  const ca = caFile === null ? null : await readCa(caFile)
  return {
    endpoints: (written === undefined ? file.endpoints : endpointsIn(written)).map((url) => url.replace(/\/$/, '')),
    ...(await sessionOf(whoOf(options, env, file), ca)),
    ca,
    isVerbose: options.verbose ?? false,
  }
}

async function sessionOf(who: Who, ca: string | null): Promise<Pick<Settings, 'token' | 'project'>> {
  switch (who.kind) {
    case 'said':
      return { token: new Secret(`${who.user}:${who.project}`), project: who.project }
    case 'token':
      return { token: who.token, project: null }
    case 'password':
    case 'credential':
      return await login(who, who.caFile === null ? ca : await readCa(who.caFile))
    default:
      return assertNever(who)
  }
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw usage(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'it has to hold certificates: --ca-file FILE',
    )
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
