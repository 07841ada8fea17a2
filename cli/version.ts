/** Version of this installation, as package.json says it. */
import { readFileSync } from 'node:fs'
import { isItem, textOf } from './rest/body.ts'

export function installedVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return isItem(json) ? textOf(json, 'version') : ''
}
