/**
 * Agents of another version than this one: copies of the compiled program in which single lines were changed.
 *
 * What is changed stands in the test that needs it. A line that is not there any more fails the test, and nothing is
 * changed in the product for any of this.
 */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One line of the compiled program, and what a later version has in its place. */
export interface Change {
  /** Below `dist`. */
  readonly file: string
  readonly from: string
  readonly to: string
}

const DIST = fileURLToPath(new URL('../../', import.meta.url))
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** @returns the program of an agent with these changes, in a folder of its own below `folder` */
export function otherVersion(folder: string, name: string, changes: readonly Change[]): string {
  const root = join(folder, name)
  for (const part of ['lib', 'agent']) cpSync(join(DIST, part), join(root, 'dist', part), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }\n')
  symlinkSync(MODULES, join(root, 'node_modules'))
  for (const { file, from, to } of changes) {
    const path = join(root, 'dist', file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from)) throw new Error(`${file} has no line ${from}: this test must follow the program`)
    writeFileSync(path, text.replace(from, to))
  }
  return join(root, 'dist', 'agent', 'main.js')
}
