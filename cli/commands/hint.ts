/** `--hint key=value`: a word on where a volume shall lie. A key that is repeated has a list of values, as with Cinder's clients. */
import { InvalidArgumentError } from 'commander'

export type Hints = Readonly<Record<string, string | readonly string[]>>

export const HINT_HELP = 'same_host or different_host and a volume’s id (repeatable), or query and a JSON list'

export function hint(text: string, before: Hints = {}): Hints {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('A hint is written key=value.')
  const [key, value] = [text.slice(0, at), text.slice(at + 1)]
  const known = Object.hasOwn(before, key) ? before[key] : undefined
  return { ...before, [key]: known === undefined ? value : [known, value].flat() }
}
