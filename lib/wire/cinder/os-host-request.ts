/** Body of `PUT os-hosts/{host}`: `{"status": "enable"}` or `disable`, in whatever case, as Cinder reads it. */
import { accepted, type Parsed, refused } from './input.ts'
import { isObject } from '../peer/check.ts'

const WORDS = ['enable', 'disable']

/** The status that was asked for; null where the body asks for nothing. */
export function parseHostUpdate(body: unknown): Parsed<string | null> {
  if (!isObject(body)) return refused({ code: 'malformed-body' })
  let status: string | null = null
  for (const [key, given] of Object.entries(body)) {
    if (key.toLowerCase().trim() !== 'status') return refused({ code: 'unknown-key', path: '', keys: [key.slice(0, 80)] })
    status = typeof given === 'string' ? given.toLowerCase().trim() : ''
    if (WORDS.includes(status)) continue
    const value = typeof given === 'object' ? 'an object' : String(given).slice(0, 80)
    return refused({ code: 'bad-value', path: 'status', value, rule: { kind: 'form', wanted: WORDS.join('|') } })
  }
  return accepted(status)
}
