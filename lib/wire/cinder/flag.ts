/** A boolean as Cinder takes it in bodies: itself, or a word for it. A word for neither is a mistake. */
import Type from 'typebox'
import { boolWord } from './body-parts.ts'
import { accepted, type Parsed, refused } from './input.ts'

export const Flag = Type.Union([Type.Boolean(), Type.String({ maxLength: 255 }), Type.Literal(0), Type.Literal(1)])
export type Flag = boolean | string | 0 | 1

export function parseFlag(path: string, given: Flag): Parsed<boolean> {
  const flag = typeof given === 'boolean' ? given : boolWord(String(given))
  return flag === null
    ? refused({ code: 'bad-value', path, value: String(given).slice(0, 80), rule: { kind: 'type', wanted: 'boolean' } })
    : accepted(flag)
}

/** Of a key that may be left out: that is no. */
export function parseOptionalFlag(path: string, given: Flag | undefined): Parsed<boolean> {
  return given === undefined ? accepted(false) : parseFlag(path, given)
}
