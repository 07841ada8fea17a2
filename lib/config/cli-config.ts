/** The command line's own file (`~/.config/scoria/cli.yaml`): where to ask, and as whom. Everything in it is optional. */
import Type, { type Static } from 'typebox'
import { type Problem, problemsOf } from './problems.ts'

const endpoint = Type.String({ pattern: '^https?://[^/\\s]+/?$', description: 'a URL such as http://127.0.0.1:8776' })
const cliSchema = Type.Object({
  /** Tried in turn. */
  endpoints: Type.Optional(Type.Array(endpoint, { minItems: 1 })),
  project: Type.Optional(Type.String({ pattern: '^[^:\\s]{1,255}$', description: 'a project id' })),
  caFile: Type.Optional(Type.String({ minLength: 1, description: 'a file of certificates' })),
  user: Type.Optional(Type.String({ pattern: '^[^:\\s]{1,255}$', description: 'a user id' })),
})

export interface CliConfig {
  readonly endpoints: readonly string[]
  readonly project: string
  readonly user: string
  /** Who may have signed the certificates of peers, if the system does not know. */
  readonly caFile: string | null
}

/** The loopback API of an agent on this machine, and Cinder's noauth administrator. */
const CLI_DEFAULTS: CliConfig = { endpoints: ['http://127.0.0.1:8776'], project: 'admin', user: 'admin', caFile: null }

export type ParsedCliConfig =
  | { readonly ok: true; readonly config: CliConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** @param json the parsed file; null for an empty one */
export function parseCliConfig(json: unknown): ParsedCliConfig {
  const problems = problemsOf(cliSchema, json ?? {})
  if (problems.length > 0) return { ok: false, problems }
  const written = (json ?? {}) as Static<typeof cliSchema>
  return { ok: true, config: { ...CLI_DEFAULTS, ...written } }
}

/** True for text that can be used as an endpoint: scheme, host and port, no path. */
export function isEndpoint(text: string): boolean {
  return problemsOf(endpoint, text).length === 0
}
