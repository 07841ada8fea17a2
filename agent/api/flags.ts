/** Bodies that consist of switches: `{"dry_run": true}`. What is left out is off. */
import { accepted, type Parsed, refused } from '../../lib/wire/cinder/input.ts'
import { isObject } from '../../lib/wire/peer/check.ts'

export type Flags<Name extends string> = { readonly [Key in Name]: boolean }

export function parseFlags<Name extends string>(body: unknown, names: readonly Name[]): Parsed<Flags<Name>> {
  const given = body ?? {}
  if (!isObject(given)) return refused({ code: 'malformed-body' })
  const strange = Object.keys(given).filter((key) => !names.some((name) => name === key))
  if (strange.length > 0) return refused({ code: 'unknown-key', path: '', keys: strange.map((key) => key.slice(0, 80)) })
  for (const name of names) {
    const value = given[name]
    if (value !== undefined && typeof value !== 'boolean')
      return refused({ code: 'bad-value', path: name, value: String(value).slice(0, 80), rule: { kind: 'type', wanted: 'boolean' } })
  }
  return accepted(Object.fromEntries(names.map((name) => [name, given[name] === true])) as Flags<Name>)
}
