/**
 * Bodies of `os-services/set-log` and `get-log` (3.32): whose logs, by binary and server, and which loggers, by the beginning
 * of their names. What is left out, empty or null means all; `*` is all binaries.
 */
import Type from 'typebox'
import { accepted, type Parsed, refused, shape } from './input.ts'

export type LogLevelName = 'debug' | 'info' | 'warn' | 'error'

export interface WantedLogs {
  /** Null: any. */
  readonly binary: string | null
  /** `host` or `host@backend`; null: any. */
  readonly server: string | null
  readonly prefix: string
}

const Name = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const Binary = Type.Optional(
  Type.Union([Type.Enum(['*', '', 'cinder-api', 'cinder-scheduler', 'cinder-volume', 'cinder-backup']), Type.Null()]),
)
const which = { binary: Binary, server: Name, prefix: Name }
const get = shape(Type.Object(which, { additionalProperties: false }))
const set = shape(Type.Object({ ...which, level: Type.String({ maxLength: 16 }) }, { additionalProperties: false }))

/** As JSON Schema, for the description of the API. */
export const LOG_BODIES = { get, set }

const LEVELS: Readonly<Record<string, LogLevelName>> = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' }

/** Cinder's name of a level. */
export function levelText(level: LogLevelName): string {
  return level === 'warn' ? 'WARNING' : level.toUpperCase()
}

export function parseGetLog(body: unknown): Parsed<WantedLogs> {
  const parsed = get.parse(body ?? {})
  return parsed.ok ? accepted(wanted(parsed.value)) : parsed
}

export function parseSetLog(body: unknown): Parsed<WantedLogs & { readonly level: LogLevelName }> {
  const parsed = set.parse(body)
  if (!parsed.ok) return parsed
  const { level: text } = parsed.value
  const level = Object.hasOwn(LEVELS, text.toUpperCase()) ? LEVELS[text.toUpperCase()] : undefined
  if (level !== undefined) return accepted({ ...wanted(parsed.value), level })
  const rule = { kind: 'form', wanted: Object.keys(LEVELS).join(', ') } as const
  return refused({ code: 'bad-value', path: 'level', value: text, rule })
}

interface Written {
  readonly binary?: string | null
  readonly server?: string | null
  readonly prefix?: string | null
}

function wanted({ binary, server, prefix }: Written): WantedLogs {
  return { binary: binary === '*' ? null : binary || null, server: server || null, prefix: prefix ?? '' }
}
