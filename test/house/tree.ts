/**
 * The checkout as the house's own rules see it: its files, and what its tools say about them.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The compiled test runs in dist/test/house. */
export const ROOT = join(import.meta.dirname, '..', '..', '..')

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.tap', '.scoria'])
const TOOL_TIMEOUT_MS = 180_000

/** Paths of the checkout's files, relative to its root, sorted. Built, installed and ignored ones are left out. */
export function filesBelow(folder = '.'): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort()
}

/** Folders directly in `folder`, sorted. */
export function foldersIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_OURS.has(entry.name))
    .map((entry) => entry.name)
    .sort()
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** The code without its comments, line numbers kept. Rough on purpose: good enough to look for forbidden words. */
export function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** Every place that matches, as `file:line: text`. */
export function matches(files: readonly string[], pattern: RegExp, prepare: (text: string) => string = (text) => text): string[] {
  return files.flatMap((file) =>
    prepare(read(file))
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  )
}

export interface ToolRun {
  readonly exitCode: number | null
  readonly output: string
}

/** Runs a tool of node_modules/.bin in the checkout. */
export function runTool(name: string, ...args: readonly string[]): ToolRun {
  const run = spawnSync(join(ROOT, 'node_modules', '.bin', name), [...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: TOOL_TIMEOUT_MS,
    maxBuffer: 64 * 2 ** 20,
  })
  return { exitCode: run.status, output: `${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}` }
}
