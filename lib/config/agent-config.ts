/**
 * What an operator may say about one agent: one schema, every default once, all mistakes reported together.
 *
 * Units stand in the names of keys. The result is frozen: nothing changes its mind while the agent runs. Identity and
 * keys are no part of it; they lie as files in `directory` (see directory.ts).
 */
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { invariant } from '../model/invariant.ts'
import type { PlacementOptions } from '../model/placement.ts'
import { type HostPort, isWildcard, parseHostPort } from './address.ts'
import { apiContradictions, type ApiConfig, apiOf, apiSchema } from './api-config.ts'
import { backendContradictions, type BackendConfig, backendOf, backendSchema } from './backend-config.ts'
import { type Problem, problem, problemsOf } from './problems.ts'

const PORT = '(\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])'
const HOST_PORT = `^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):${PORT}$`
const address = (example: string) => Type.String({ pattern: HOST_PORT, description: `host:port such as ${example}` })
const absolutePath = Type.String({ pattern: '^/', description: 'an absolute path' })
const hostName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'a host name of letters, digits, dot and dash' })
const multiaddr = Type.String({
  pattern: `^/(ip4|ip6|dns|dns4|dns6)/[^/]+/tcp/${PORT}$`,
  description: 'a multiaddr such as /ip4/10.0.0.1/tcp/8777',
})
const percent = (byDefault: number) =>
  Type.Integer({ minimum: 0, maximum: 100, default: byDefault, description: 'a whole percentage from 0 to 100' })

const tgtTarget = Type.Object({
  kind: Type.Literal('tgt'),
  /** Number of tgtd's control socket (`tgtd -C N`); 0 is the system's own tgtd. */
  controlPort: Type.Integer({ minimum: 0, maximum: 32_767, default: 0, description: 'the N of tgtd -C N, 0 to 32767' }),
  portal: address('10.0.0.1:3260'),
  /** How long exports may be missing after a restart of tgtd, which forgets them, before the agent makes them again. */
  lookIntervalMs: Type.Integer({ minimum: 100, maximum: 3_600_000, default: 3000, description: 'a whole number from 100 to 3600000' }),
})
const lioTarget = Type.Object({
  kind: Type.Literal('lio'),
  portal: address('10.0.0.1:3260'),
  /** How long an export may lack what somebody took out of configfs by hand, before the agent mends it. */
  lookIntervalMs: Type.Integer({ minimum: 100, maximum: 3_600_000, default: 5000, description: 'a whole number from 100 to 3600000' }),
})
const noneTarget = Type.Object({
  kind: Type.Literal('none'),
  portal: Type.String({ pattern: HOST_PORT, default: '127.0.0.1:3260', description: 'host:port such as 127.0.0.1:3260' }),
})

const agentSchema = Type.Object({
  name: hostName,
  zone: Type.String({ minLength: 1, maxLength: 255, default: 'nova', description: 'a zone name of 1 to 255 characters' }),
  directory: absolutePath,
  peer: Type.Object(
    {
      listen: Type.Array(multiaddr, { minItems: 1, default: ['/ip4/0.0.0.0/tcp/8777'] }),
      /** What other hosts dial, where that differs from `listen` (NAT, several networks). */
      announce: Type.Array(multiaddr, { default: [] }),
    },
    { default: {} },
  ),
  api: apiSchema,
  join: Type.Object(
    {
      /** Where new hosts knock. Absent: this host invites nobody. */
      listen: Type.Optional(address('10.0.0.1:8778')),
      announce: Type.Optional(address('10.0.0.1:8778')),
    },
    { default: {} },
  ),
  backends: Type.Array(backendSchema, { minItems: 1 }),
  target: Type.Union([tgtTarget, lioTarget, noneTarget]),
  placement: Type.Object(
    {
      order: Type.Enum(['spread', 'best'], { default: 'spread', description: 'spread or best' }),
      weighers: Type.Object(
        {
          CapacityWeigher: Type.Number({ default: 1, description: 'a number' }),
          AllocatedCapacityWeigher: Type.Number({ default: 0, description: 'a number' }),
          GoodnessWeigher: Type.Number({ default: 0, description: 'a number' }),
          VolumeNumberWeigher: Type.Number({ default: 0, description: 'a number' }),
        },
        { default: {} },
      ),
      thinDataPercentMax: percent(95),
      thinMetadataPercentMax: percent(90),
    },
    { default: {} },
  ),
  limits: Type.Object(
    {
      /** Client connections at once; one more is turned away. */
      maxClients: Type.Integer({ minimum: 1, maximum: 65_535, default: 1000, description: 'a whole number from 1 to 65535' }),
      /** Of one project, on average; twice as many in a burst. Without authentication nobody is told apart, and nothing is limited. */
      requestsPerSecond: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 500, description: 'a whole number from 1 to 1000000' }),
      /** Of a call to a backend or a target; after it nobody waits, and how it ended has to be looked at. */
      callTimeoutMs: Type.Integer({ minimum: 100, maximum: 3_600_000, default: 60_000, description: 'a whole number from 100 to 3600000' }),
    },
    { default: {} },
  ),
  log: Type.Object(
    { level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'debug, info, warn or error' }) },
    { default: {} },
  ),
})

type Written = Static<typeof agentSchema>

export type TargetConfig =
  | { readonly kind: 'tgt'; readonly controlPort: number; readonly portal: string; readonly lookIntervalMs: number }
  | { readonly kind: 'lio'; readonly portal: string; readonly lookIntervalMs: number }
  | { readonly kind: 'none'; readonly portal: string }

export interface AgentConfig {
  readonly name: string
  readonly zone: string
  readonly directory: string
  readonly peer: { readonly listen: readonly string[]; readonly announce: readonly string[] }
  readonly api: ApiConfig
  /** Where this host admits new ones, and what it writes into invitations; null: it invites nobody. */
  readonly join: { readonly listen: HostPort; readonly announce: HostPort } | null
  readonly backends: readonly BackendConfig[]
  readonly target: TargetConfig
  readonly placement: PlacementOptions
  readonly limits: { readonly maxClients: number; readonly requestsPerSecond: number; readonly callTimeoutMs: number }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}

export type ParsedAgentConfig =
  | { readonly ok: true; readonly config: AgentConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Checks, fills in defaults, freezes. Pure: nothing is opened and no name is resolved. */
export function parseAgentConfig(json: unknown): ParsedAgentConfig {
  const filled = Value.Default(agentSchema, withoutNulls(json))
  const problems = problemsOf(agentSchema, filled)
  if (problems.length > 0) return { ok: false, problems }
  const written = filled as Written
  const contradictions = contradictionsIn(written)
  return contradictions.length > 0 ? { ok: false, problems: contradictions } : { ok: true, config: freeze(configOf(written)) }
}

/** What no single key shows. */
function contradictionsIn(written: Written): readonly Problem[] {
  const problems: Problem[] = [...apiContradictions(written.api)]
  if (written.target.kind === 'none' && written.backends.some((backend) => backend.kind !== 'none')) {
    problems.push(
      problem('target.kind', 'tgt or lio, because a backend that stores bytes needs somebody to export them', written.target.kind),
    )
  }
  problems.push(...backendContradictions(written.backends))
  const door = written.join.announce ?? written.join.listen
  if (door !== undefined && isWildcard(mustParse(door).host)) {
    problems.push(
      problem('join.announce', 'the address that new hosts can reach, because join.listen is every interface', written.join.announce),
    )
  }
  if (written.join.listen === undefined && written.join.announce !== undefined) {
    problems.push(problem('join.listen', 'an address, because join.announce is set', undefined))
  }
  return problems
}

function configOf(written: Written): AgentConfig {
  const listen = written.join.listen === undefined ? null : mustParse(written.join.listen)
  return {
    ...written,
    api: apiOf(written.api),
    join: listen === null ? null : { listen, announce: written.join.announce === undefined ? listen : mustParse(written.join.announce) },
    backends: written.backends.map(backendOf),
  }
}

function mustParse(text: string): HostPort {
  const parsed = parseHostPort(text)
  invariant(parsed !== null, 'what the schema passes as an address can be parsed as one')
  return parsed
}

/** In YAML a key whose lines below are all commented out reads as null: the same as not written. */
function withoutNulls(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutNulls)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).flatMap(([key, value]) => (value === null ? [] : [[key, withoutNulls(value)]])))
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const inside of Object.values(value)) freeze(inside)
    Object.freeze(value)
  }
  return value
}
