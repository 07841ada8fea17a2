/**
 * The rules of the house, as tests: what the compiler cannot see and what would otherwise rot.
 *
 * Each test names every place that breaks its rule. The tools (dependency-cruiser, biome, knip) run here too, so that one
 * command checks everything; `npm run layers`, `npm run lint` and `npm run dead` run them alone.
 */
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { filesBelow, foldersIn, matches, ROOT, read, runTool, withoutComments } from './house/tree.ts'

const FILES = filesBelow()
const CODE = FILES.filter((file) => /^(lib|agent|cli|test)\/.*\.ts$/.test(file))
const PURE = CODE.filter((file) => file.startsWith('lib/'))
const TEXT = FILES.filter(
  (file) => !file.startsWith('test/fixtures/') && /(\.(ts|cjs|md|json|ya?ml|sh|service|txt)|^\.ci\/\w+|^\.[a-z]+)$/.test(file),
)

/** The map in docs: every room of lib and agent. A new one is a decision, not an accident. */
const ROOMS = {
  lib: ['config', 'flows', 'ledger', 'membership', 'model', 'placement', 'ports', 'register', 'replica', 'wire'],
  agent: ['api', 'backend', 'command', 'local', 'peer', 'run', 'store', 'system', 'target'],
}

t.test('lib knows no clock, no randomness, no locale, no timer, no process and no module of Node', async (t) => {
  const impure =
    /\bDate\.|\bnew Date\(\)|\bMath\.random\b|\blocaleCompare\b|\btoLocale\w*\(|\bIntl\.|\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bprocess\b\s*[.[]|\bconsole\.|\bperformance\.|\bcrypto\.|['"]node:/
  t.same(matches(PURE, impure, withoutComments), [], 'pure code')
})

t.test('lib is compiled without the types of Node or of a browser', async (t) => {
  const { exitCode, output } = runTool('tsc', '-p', 'lib', '--showConfig')
  t.equal(exitCode, 0, 'tsc reads the configuration', { output })
  const { compilerOptions } = JSON.parse(output)
  t.same(compilerOptions.types, [], 'types')
  t.same(compilerOptions.lib, ['es2023'], 'lib')
})

t.test('a file says what is in it: no utils, no common, no misc, no manager, no helpers, no barrel', async (t) => {
  const saysNothing = /(^|[-.])(utils?|common|misc|managers?|helpers?|index)([-.]|$)/
  t.same(
    CODE.filter((file) => saysNothing.test(basename(file))),
    [],
    'file names',
  )
  t.same(
    CODE.filter((file) => saysNothing.test(basename(dirname(file)))),
    [],
    'folder names',
  )
})

t.test('the rooms of the house are the ones on its map, and none is empty', async (t) => {
  for (const [folder, rooms] of Object.entries(ROOMS)) {
    t.same(
      foldersIn(folder).filter((room) => !rooms.includes(room)),
      [],
      `${folder} has no room that the map does not show`,
    )
    for (const room of rooms) {
      t.ok(
        CODE.some((file) => file.startsWith(`${folder}/${room}/`)),
        `${folder}/${room} holds code`,
      )
    }
  }
})

t.test('nothing is left for later without an issue', async (t) => {
  t.same(matches(TEXT, new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`)), [], 'marks')
})

t.test('no test is skipped, postponed or singled out', async (t) => {
  const tests = CODE.filter((file) => file.startsWith('test/'))
  t.same(matches(tests, /\bt\d?\.(skip|todo|only)\(|\{ *(skip|todo|only): */, withoutComments), [], 'tests')
})

t.test('tests do not wait for time to pass', async (t) => {
  const tests = CODE.filter((file) => file.startsWith('test/unit/') || file.startsWith('test/sim/'))
  t.same(matches(tests, /\bsleep\(|node:timers\/promises/, withoutComments), [], 'sleeps')
})

t.test('every relative link in the documents leads to a file', async (t) => {
  const dead = FILES.filter((file) => file.endsWith('.md')).flatMap((file) =>
    linksIn(read(file))
      .filter((link) => !existsSync(join(ROOT, link.startsWith('/') ? '.' : dirname(file), decodeURIComponent(link))))
      .map((link) => `${file}: ${link}`),
  )
  t.same(dead, [], 'dead links')
})

t.test('every package is pinned to one version, and the lockfile names no registry', async (t) => {
  const { dependencies, devDependencies, overrides } = JSON.parse(read('package.json'))
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...overrides })) {
    t.match(String(version), /^(npm:@?[\w/.-]+@)?\d+\.\d+\.\d+$/, `${name} is exact`)
  }
  t.notMatch(read('package-lock.json'), /"resolved":/, 'a lockfile with addresses would tie every checkout to one registry')
})

t.test('no file names a path of somebody’s machine', async (t) => {
  const machine = new RegExp(['work', 'farm', 'home/[a-z]+', 'Users'].map((folder) => `(^|[\\s'"\`(=:])/${folder}/`).join('|'))
  t.same(matches(TEXT, machine), [], 'paths')
})

t.test('imports point one way and every package has one home', async (t) => {
  const { exitCode, output } = runTool('depcruise', 'lib', 'agent', 'cli', 'test', '--config', '.dependency-cruiser.cjs', '--no-progress')
  t.equal(exitCode, 0, 'dependency-cruiser', { output })
})

t.test('the code is formatted and free of the mistakes that the linter knows', async (t) => {
  const { exitCode, output } = runTool('biome', 'check', '.', '--colors=off', '--max-diagnostics=50')
  t.equal(exitCode, 0, 'biome', { output })
})

t.test('nothing is dead: no file, export or dependency without a use', async (t) => {
  const { exitCode, output } = runTool('knip', '--no-progress')
  t.equal(exitCode, 0, 'knip', { output })
})

/** Targets of Markdown links that are files of the checkout. Code is not looked at. */
function linksIn(markdown: string): string[] {
  const prose = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map((match) => match[1] ?? '')
  const named = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map((match) => match[1] ?? '')
  return [...inline, ...named]
    .filter((link) => !/^([a-z][a-z+.-]*:|#)/i.test(link))
    .map((link) => link.replace(/[#?].*$/, ''))
    .filter((link) => link !== '')
}
