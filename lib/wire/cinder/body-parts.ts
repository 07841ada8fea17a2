/**
 * Pieces of request bodies that several calls share, with Cinder's own limits.
 *
 * Names and descriptions: at most 255 characters, none of them a control character. Sizes: whole GiB, also as a
 * decimal text, 1 to 2^31 - 1. Metadata: keys of 1 to 255 plain characters, values up to 255.
 */
import Type from 'typebox'
import { accepted, type Parsed, refused } from './input.ts'

const SIZE_GIB_MAX = 2_147_483_647

/** No control, format or unassigned characters, no line breaks: Cinder's "printable". */
const PRINTABLE = '^[^\\p{C}\\p{Zl}\\p{Zp}]*$'

const PrintableText = Type.String({ maxLength: 255, pattern: PRINTABLE })
export const OptionalText = Type.Optional(Type.Union([PrintableText, Type.Null()]))
export const Size = Type.Union([Type.Integer({ minimum: 1, maximum: SIZE_GIB_MAX }), Type.String({ pattern: '^[0-9]{1,20}$' })])
export const Metadata = Type.Record(Type.String(), Type.String({ maxLength: 255 }), {
  // `__proto__` is the one key of these characters that JavaScript does not treat as data everywhere.
  propertyNames: Type.String({ pattern: '^(?!__proto__$)[a-zA-Z0-9_:. /-]{1,255}$' }),
})
/** Accepted and left alone: Cinder has it, and whether it asks for anything is decided by `demands`. */
export const Anything = Type.Optional(Type.Unknown())

/** The size as a number: a text may still be zero or too large. */
export function parseSize(path: string, size: number | string): Parsed<number> {
  const value = Number(size)
  if (value < 1) return refused({ code: 'bad-value', path, value: String(size), rule: { kind: 'minimum', limit: 1 } })
  if (value > SIZE_GIB_MAX) return refused({ code: 'bad-value', path, value: String(size), rule: { kind: 'maximum', limit: SIZE_GIB_MAX } })
  return accepted(value)
}

export function notUuid(path: string, value: string): Parsed<never> {
  return refused({ code: 'bad-value', path, value: value.slice(0, 80), rule: { kind: 'form', wanted: 'a UUID' } })
}

/** Whether the value of an optional key asks for something: not absent, null, empty or false. */
export function demands(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== '' && value !== false
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes'])

/** OpenStack's reading of a boolean: everything that is no word for true is false. */
export function isTrueWord(value: unknown): boolean {
  return value === true || (typeof value === 'string' && TRUE_WORDS.has(value.trim().toLowerCase()))
}

const FALSE_WORDS: ReadonlySet<string> = new Set(['0', 'f', 'false', 'off', 'n', 'no'])

/** The same where a word for neither is a mistake: null. */
export function boolWord(text: string): boolean | null {
  if (isTrueWord(text)) return true
  return FALSE_WORDS.has(text.trim().toLowerCase()) ? false : null
}

/** First of the texts that is given, trimmed as Cinder does; undefined if none is. */
export function firstText(...texts: readonly (string | null | undefined)[]): string | null | undefined {
  const text = texts.find((candidate) => candidate !== undefined)
  return typeof text === 'string' ? text.trim() : text
}
