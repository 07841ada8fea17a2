/**
 * What can be wrong with a request's text: facts, of which the REST edge makes Cinder's words.
 *
 * Every parser here returns `Parsed`: the facts that the rules need, or the first thing that is wrong.
 */
import { Compile, type Validator } from 'typebox/compile'
import type { Static, TSchema } from 'typebox'

export type InputFailure =
  | { readonly code: 'bad-microversion'; readonly version: string }
  | { readonly code: 'unsupported-microversion'; readonly version: string }
  | { readonly code: 'malformed-body' }
  /** `path`: names from the body's root, joined with dots; '' is the body itself. */
  | { readonly code: 'missing-key'; readonly path: string; readonly keys: readonly string[] }
  | { readonly code: 'unknown-key'; readonly path: string; readonly keys: readonly string[] }
  | { readonly code: 'bad-value'; readonly path: string; readonly value: string; readonly rule: ValueRule }
  /** One and only one of them has to be there. */
  | { readonly code: 'one-of'; readonly keys: readonly string[] }
  | { readonly code: 'unknown-action'; readonly action: string }
  /** Cinder has it, this program does not. */
  | { readonly code: 'not-supported'; readonly feature: string }
  | { readonly code: 'bad-query'; readonly parameter: string; readonly rule: string }
  /** Not to be filtered by, or not by this caller. */
  | { readonly code: 'unknown-filter'; readonly filters: readonly string[] }

/** What a value had to be. */
export type ValueRule =
  | { readonly kind: 'type'; readonly wanted: string }
  | { readonly kind: 'minimum'; readonly limit: number }
  | { readonly kind: 'maximum'; readonly limit: number }
  | { readonly kind: 'too-long'; readonly limit: number }
  | { readonly kind: 'too-short'; readonly limit: number }
  | { readonly kind: 'form'; readonly wanted: string }

export type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: InputFailure }

export const accepted = <Value>(value: Value): Parsed<Value> => ({ ok: true, value })
export const refused = (failure: InputFailure): { readonly ok: false; readonly failure: InputFailure } => ({ ok: false, failure })

/** A compiled schema. Compile once, at load. */
export interface Shape<Value> {
  /** As JSON Schema, for the description of the API. */
  readonly schema: object
  parse(body: unknown): Parsed<Value>
}

export function shape<Schema extends TSchema>(schema: Schema): Shape<Static<Schema>> {
  const validator = Compile(schema)
  return {
    schema,
    parse(body) {
      if (body === undefined) return refused({ code: 'malformed-body' })
      // Check is a type guard of the whole schema; Errors is slow and asked only when it said no.
      return validator.Check(body) ? accepted(body as Static<Schema>) : refused(firstFault(validator, body))
    },
  }
}

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
}

function firstFault(validator: Validator, body: unknown): InputFailure {
  const errors: readonly SchemaError[] = validator.Errors(body)
  const telling = errors.filter((error) => !['anyOf', 'boolean', 'propertyNames', 'const'].includes(error.keyword))
  // Of a value that may be of several types only one branch tells what is wrong: the one whose type fitted.
  const error = telling.find((candidate) => candidate.keyword !== 'type') ?? telling[0] ?? errors[0]
  if (error === undefined) return { code: 'malformed-body' }
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const name = path.join('.')
  const params = new Map<string, unknown>(Object.entries(error.params))
  if (error.keyword === 'required') return { code: 'missing-key', path: name, keys: textsOf(params.get('requiredProperties')) }
  if (error.keyword === 'additionalProperties')
    return { code: 'unknown-key', path: name, keys: textsOf(params.get('additionalProperties')) }
  const wanted = telling
    .filter((other) => other.keyword === 'type' && other.instancePath === error.instancePath)
    .map((other) => String(new Map<string, unknown>(Object.entries(other.params)).get('type')))
  return { code: 'bad-value', path: name, value: excerpt(valueAt(body, path)), rule: ruleOf(error.keyword, params, wanted) }
}

function ruleOf(keyword: string, params: ReadonlyMap<string, unknown>, wanted: readonly string[]): ValueRule {
  const limit = Number(params.get('limit'))
  switch (keyword) {
    case 'minimum':
      return { kind: 'minimum', limit }
    case 'maximum':
      return { kind: 'maximum', limit }
    case 'maxLength':
      return { kind: 'too-long', limit }
    case 'minLength':
    case 'minProperties':
      return { kind: 'too-short', limit }
    case 'pattern':
      return { kind: 'form', wanted: String(params.get('pattern')) }
    default:
      return { kind: 'type', wanted: wanted.join(', ') }
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((item) => excerpt(item)) : []
}

function valueAt(body: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(key) : undefined),
    body,
  )
}

/** Enough of a value to recognise it: a client may send 128 KiB of it, nested as deep as it likes. */
function excerpt(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
