/** The commands of OPERATIONS, as an operator pastes them: a chapter's indented lines, with this host's names in them. */
import { read } from '../house/tree.ts'

const OPERATIONS = read('docs/OPERATIONS.md')

/**
 * @param heading of a part of "Prepare a host"
 * @param own what stands in the example, and what it is on this host
 * @throws if there is no such part, or it has no commands
 */
export function commandsOf(heading: string, own: Readonly<Record<string, string>> = {}): readonly string[] {
  const [, part] = OPERATIONS.split(`\n### ${heading}\n`)
  const lines = (part ?? '').split(/\n##/)[0]?.split('\n') ?? []
  const commands = lines.flatMap((line) => (line.startsWith('    ') ? [replaced(line.trim(), own)] : []))
  if (commands.length === 0) throw new Error(`OPERATIONS has no commands under ${heading}`)
  return commands
}

function replaced(line: string, own: Readonly<Record<string, string>>): string {
  return Object.entries(own).reduce((text, [example, here]) => text.replaceAll(example, here), line)
}
