/**
 * Walks a value beside its schema and says in one line each what is wrong, with what was found and what is expected.
 *
 * Every problem is reported, not the first few: the schema library stops counting at eight and reports each branch of
 * a union, so objects, lists and unions are walked here and the library judges the leaves. A union is a choice by `kind`.
 */
import Type, { type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { Secret } from '../model/secret.ts'

export interface Problem {
  /** Path of the key, such as `backends[0].path`; empty for the whole. */
  readonly path: string
  readonly expected: string
  /** What is there, as JSON of at most 60 characters; `nothing` if it is missing. */
  readonly got: string
}

/** Every problem of `value` under `schema`, in the schema's order; empty if it fits. */
export function problemsOf(schema: TSchema, value: unknown, path = ''): readonly Problem[] {
  if (Type.IsObject(schema)) return objectProblems(schema.properties, value, path)
  if (Type.IsArray(schema)) return listProblems(schema, value, path)
  if (Type.IsUnion(schema)) return unionProblems(schema.anyOf, value, path)
  const [error] = Value.Errors(schema, value)
  return error === undefined ? [] : [problem(path, expectedOf(schema, error.message), isSecret(schema) ? new Secret('') : value)]
}

/** One line for a person: `backends[0].path: expected an absolute path, got 3`. */
export function problemText(found: Problem): string {
  return `${found.path === '' ? 'the file' : found.path}: expected ${found.expected}, got ${found.got}`
}

export function problem(path: string, expected: string, value: unknown): Problem {
  return { path, expected, got: show(value) }
}

function objectProblems(properties: Readonly<Record<string, TSchema>>, value: unknown, path: string): readonly Problem[] {
  if (!isRecord(value)) return [problem(path, 'a map of keys', value)]
  const inside = Object.entries(properties).flatMap(([key, property]) => {
    if (value[key] === undefined && (Type.IsOptional(property) || hasDefault(property))) return []
    return problemsOf(property, value[key], join(path, key))
  })
  const unknownKeys = Object.keys(value)
    .filter((key) => !Object.hasOwn(properties, key))
    .map((key) => problem(join(path, key), `one of the keys ${Object.keys(properties).join(', ')}`, key))
  return [...inside, ...unknownKeys]
}

function listProblems(schema: Type.TArray, value: unknown, path: string): readonly Problem[] {
  if (!Array.isArray(value)) return [problem(path, 'a list', value)]
  const least = Value.Check(schema, []) ? 0 : 1
  if (value.length < least) return [problem(path, 'at least one entry', value)]
  return value.flatMap((item, index) => problemsOf(schema.items, item, `${path}[${index}]`))
}

function unionProblems(branches: readonly TSchema[], value: unknown, path: string): readonly Problem[] {
  if (!isRecord(value)) return [problem(path, 'a map of keys', value)]
  const chosen = branches.find((branch) => kindOf(branch) === value['kind'])
  if (chosen !== undefined) return problemsOf(chosen, value, path)
  return [problem(join(path, 'kind'), `one of ${branches.map(kindOf).join(', ')}`, value['kind'])]
}

/** The library fills in no default inside a union that is wrong elsewhere; a default that will come is not missing. */
function hasDefault(schema: TSchema): boolean {
  return 'default' in schema
}

function kindOf(branch: TSchema): unknown {
  const kind = Type.IsObject(branch) ? branch.properties['kind'] : undefined
  return kind !== undefined && Type.IsLiteral(kind) ? kind.const : undefined
}

/** JSON Schema's own word for what is never shown. */
function isSecret(schema: TSchema): boolean {
  return 'writeOnly' in schema && schema.writeOnly === true
}

/** A schema's description is written for this sentence; the library's own message serves where there is none. */
function expectedOf(schema: TSchema, message: string): string {
  const { description } = schema as { description?: unknown }
  return typeof description === 'string' ? description : message.replace(/^must (be |match )?/, '')
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
