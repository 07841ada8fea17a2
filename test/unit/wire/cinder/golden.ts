/**
 * Bodies as they were agreed on, kept in test/fixtures/golden. `node dist/test/…/<file>.test.js --record` writes them
 * anew; the difference is then reviewed like code.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', '..', 'test', 'fixtures', 'golden')
const IS_RECORDING = process.argv.includes('--record')

export function golden(t: Test, name: string, body: unknown): void {
  const file = join(FOLDER, `${name}.json`)
  const text = `${JSON.stringify(body, null, 2)}\n`
  if (IS_RECORDING) {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, text)
  }
  t.equal(text, readFileSync(file, 'utf8'), `the body is the one in ${name}.json`)
}
