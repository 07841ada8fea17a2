/**
 * A map of texts as clients write it into a query: Cinder's clients are Python and send `{'key': 'value'}`, the
 * printed form of a dictionary; others send JSON.
 */

const STRING = /^\s*u?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*/

/** The pairs, or null if the text is no map of texts. */
export function parseTextMap(text: string): ReadonlyArray<readonly [string, string]> | null {
  const trimmed = text.trim()
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) return null
  let rest = trimmed.slice(1, -1)
  const pairs: [string, string][] = []
  while (rest.trim() !== '') {
    const key = STRING.exec(rest)
    if (key === null || rest[key[0].length] !== ':') return null
    rest = rest.slice(key[0].length + 1)
    const value = STRING.exec(rest)
    if (value === null) return null
    rest = rest.slice(value[0].length)
    if (rest !== '' && rest[0] !== ',') return null
    rest = rest.slice(1)
    pairs.push([unescaped(key), unescaped(value)])
  }
  return pairs
}

function unescaped(match: RegExpExecArray): string {
  return (match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1')
}
