/** Words that the texts of errors share. */
export function orList(words: readonly string[]): string {
  return words.length === 0 ? 'another' : words.join(' or ')
}
