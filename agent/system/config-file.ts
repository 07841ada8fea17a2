/** Reads and writes YAML (and therefore JSON) files for people; what they mean is for lib/config to say. */
import { readFile } from 'node:fs/promises'
import { parseDocument, stringify } from 'yaml'

export type ReadConfig = { readonly ok: true; readonly json: unknown } | { readonly ok: false; readonly problem: string }

/** @returns the value, or one line that names the file, the place and the remedy; never rejects */
export async function readConfigFile(file: string): Promise<ReadConfig> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    return { ok: false, problem: `${file}: ${readFailure(error)}` }
  }
  return parseYaml(text, file)
}

export function parseYaml(text: string, file: string): ReadConfig {
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  // A YAML error is several lines with a drawing; its first line has the place.
  if (error !== undefined) return { ok: false, problem: `${file}: ${error.message.split('\n')[0]?.replace(/:$/, '') ?? 'no YAML'}` }
  const json: unknown = document.toJS({ maxAliasCount: 10 })
  return { ok: true, json }
}

function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'no such file; `scoria init --name HOST` or `scoria join TOKEN --name HOST` writes one'
  if (code === 'EACCES') return 'not readable by this user'
  if (code === 'EISDIR') return 'a folder, not a file'
  return error instanceof Error ? error.message : String(error)
}

export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 })
}
