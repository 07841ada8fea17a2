/**
 * Blanks what must never be in a log: by the key's name, at any depth.
 *
 * A last net and not the fence: whoever holds a secret does not log it in the first place.
 */
const SECRET_KEY = /pass(word|phrase)?$|secret|token|psk|private|credential|authorization|sealed|swarmkey|clusterkey/i
const DEPTH_MAX = 6
const BLANK = '[secret]'

export function redact(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return errorFields(value, depth)
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return depth >= DEPTH_MAX ? '[...]' : value.map((item) => redact(item, depth + 1))
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? value.toString() : value
  if (depth >= DEPTH_MAX) return '{...}'
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, isSecret(key, field) ? BLANK : redact(field, depth + 1)]))
}

function isSecret(key: string, field: unknown): boolean {
  return SECRET_KEY.test(key) && field !== null && field !== undefined && typeof field !== 'boolean'
}

function errorFields(error: Error, depth: number): Readonly<Record<string, unknown>> {
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined || depth >= DEPTH_MAX ? {} : { cause: redact(error.cause, depth + 1) }
  return { name: error.name, message: error.message, ...code, stack: error.stack, ...cause }
}
