/** Cuts the text of a filter or goodness function into tokens. Words have letters, `_` and dots: a digit ends them, as in Cinder. */

export interface Token {
  readonly kind: 'number' | 'word' | 'text' | 'operator'
  /** Of operators that have several spellings the one that the parser knows; of a quoted text what is between the quotes. */
  readonly text: string
}

const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<word>[A-Za-z_.]+)|(?<text>"[^"]*"|'[^']*')|(?<operator><=|>=|<>|!=|==|&&|\|\||[-+*/^()<>?:,!]))/y

const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['&&', 'and'],
  ['and', 'and'],
  ['AND', 'and'],
  ['||', 'or'],
  ['or', 'or'],
  ['OR', 'or'],
  ['!', 'not'],
  ['not', 'not'],
  ['NOT', 'not'],
])

/** null if something in it is no token. */
export function tokensOf(text: string): readonly Token[] | null {
  const tokens: Token[] = []
  const all = text.trimEnd()
  for (let at = 0; at < all.length; ) {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(all)
    if (found === null) return null
    at = TOKEN.lastIndex
    tokens.push(tokenOf(found.groups ?? {}))
  }
  return tokens
}

function tokenOf({ number, word, text, operator = '' }: Readonly<Record<string, string | undefined>>): Token {
  if (number !== undefined) return { kind: 'number', text: number }
  if (text !== undefined) return { kind: 'text', text: text.replaceAll(/["']/g, '') }
  const spelled = SPELLINGS.get(word ?? operator)
  if (spelled !== undefined) return { kind: 'operator', text: spelled }
  return word === undefined ? { kind: 'operator', text: operator } : { kind: 'word', text: word }
}
