/**
 * Runs every compiled test through tap and counts what happened. `npm test -- placement lvm` runs the files whose path
 * contains one of the words. Those on test hosts, which need more of the machine, run when a word begins with `hosts/`, or
 * after all the others by `--and-hosts`; three at a time, for each has a network and disks of its own and waits a lot.
 *
 * The last line is always `N passed, N failed, N skipped`. Nothing can get lost on the way there: a file that tap does
 * not report, and a run that executes no test, are failures.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { type FileResult, TapReader } from './house/tap-reader.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const TESTS = join(ROOT, 'dist', 'test')
const RAW = join('.scoria', 'test.tap')
const STDERR_LINES_SHOWN = 60

/** Whole clusters, other people's clients and swarms need the machine for themselves. */
const ALONE = ['e2e', 'clients', 'sim'].map((folder) => `${join('dist', 'test', folder)}/`)

/** Those of the hosts that take longest, and so begin first: none of them is left for the end with an idle processor beside it. */
const LONG = ['power-thin', 'lvm', 'existing', 'power-thick', 'storage-troubles', 'lvm-power', 'tgt', 'moves'].map(
  (name) => `${name}.test.js`,
)

/** Run only if a word begins so, or with the option. */
const HOSTS = 'hosts/'
const AND_HOSTS = '--and-hosts'

interface Count {
  passed: number
  failed: number
  skipped: number
}

const count: Count = { passed: 0, failed: 0, skipped: 0 }

function testFiles(words: readonly string[]): string[] {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => relative(ROOT, join(TESTS, file)))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
}

function isOnHosts(file: string): boolean {
  return file.startsWith(join('dist', 'test', HOSTS))
}

function shown(file: string): string {
  return relative(join('dist', 'test'), file).replace(/\.js$/, '.ts')
}

function report(result: FileResult): void {
  count.passed += result.passed
  count.failed += result.failed
  count.skipped += result.skipped
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
  const failed = result.failed > 0 ? `, ${result.failed} FAILED` : ''
  console.log(
    `${result.failed > 0 ? 'FAIL' : 'ok  '} ${shown(result.file)}  ${result.passed} passed${failed}${skipped}  ${result.seconds.toFixed(1)} s`,
  )
  for (const failure of result.failures) {
    console.log(`     x ${failure.path.join(' > ')}`)
    for (const line of failure.diagnostics) console.log(`         ${line}`)
  }
}

/** A tap process for each file, `jobs` at a time in the order given: tap itself would begin them by their names. */
async function runInOrder(files: readonly string[], jobs: number, raw: NodeJS.WritableStream): Promise<void> {
  const queue = [...files]
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const lines: string[] = []
      await runTap([file], 1, (line) => void lines.push(line))
      raw.write(lines.join(''))
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
}

const running = new Map<ChildProcess, Promise<string>>()

// Who ends this process by its id and not from its terminal means the taps too, which end what they have started.
for (const signal of ['SIGTERM', 'SIGHUP'] as const)
  process.once(signal, async () => {
    stopTaps()
    await Promise.all(running.values())
    process.exit(128 + constants.signals[signal])
  })
process.once('exit', stopTaps)

function stopTaps(): void {
  for (const tap of running.keys()) tap.kill('SIGTERM')
}

/** Runs `files` through one tap process. */
async function runTap(files: readonly string[], jobs: number, write: (lines: string) => void): Promise<void> {
  if (files.length === 0) return
  const waiting = new Set(files)
  let hasFailed = false
  const tell = (result: FileResult): void => {
    hasFailed ||= result.failed > 0
    report(result)
  }
  const reader = new TapReader((result) => {
    // A point that is not a file of ours (tap adds one for a time-out) repeats what its file says or leaves out.
    if (waiting.delete(result.file)) tell(result)
  })
  const tap = spawn(join(ROOT, 'node_modules', '.bin', 'tap'), ['run', `--jobs=${jobs}`, '--reporter=tap', '--no-color', ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<string>((resolve) => {
    tap.once('error', (error) => resolve(error.message))
    tap.once('close', (code, signal) => resolve(signal ?? `exit ${code}`))
  })
  running.set(tap, ended)
  const stderr: string[] = []
  const readingErrors = collect(tap.stderr, (line) => {
    write(`stderr: ${line}\n`)
    stderr.push(line)
    if (stderr.length > STDERR_LINES_SHOWN) stderr.shift()
  })
  await collect(tap.stdout, (line) => {
    write(`${line}\n`)
    reader.line(line)
  })
  reader.end()
  await readingErrors
  const outcome = await ended
  running.delete(tap)
  for (const file of waiting) {
    tell({
      file,
      passed: 0,
      failed: 1,
      skipped: 0,
      seconds: 0,
      failures: [
        { path: [`tap never reported this file (${outcome}; it loses one report for each file that timed out)`], diagnostics: [] },
      ],
    })
  }
  if (outcome !== 'exit 0' && !hasFailed) {
    tell({
      file: 'tap',
      passed: 0,
      failed: 1,
      skipped: 0,
      seconds: 0,
      failures: [{ path: [`tap itself failed (${outcome})`], diagnostics: [] }],
    })
  }
  if (hasFailed && stderr.length > 0) {
    console.log(`     the last lines on stderr of these files:\n${stderr.map((line) => `     | ${line}`).join('\n')}`)
  }
}

async function collect(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) onLine(line)
}

async function main(args: readonly string[]): Promise<void> {
  mkdirSync(join(ROOT, '.scoria'), { recursive: true })
  const raw = createWriteStream(join(ROOT, RAW))
  const words = args.filter((word) => word !== AND_HOSTS)
  const found = testFiles(words)
  const onHosts = words.some((word) => word.startsWith(HOSTS)) || args.includes(AND_HOSTS) ? found.filter(isOnHosts) : []
  const isLong = (file: string): boolean => LONG.includes(basename(file))
  const longestFirst = [
    ...onHosts.filter(isLong).toSorted((a, b) => LONG.indexOf(basename(a)) - LONG.indexOf(basename(b))),
    ...onHosts.filter((file) => !isLong(file)),
  ]
  const here = found.filter((file) => !isOnHosts(file))
  const isAlone = (file: string): boolean => ALONE.some((folder) => file.startsWith(folder))
  const together = here.filter((file) => !isAlone(file))
  const alone = here.filter(isAlone)
  console.log(`${here.length + onHosts.length} test files, ${alone.length} of them one at a time, ${onHosts.length} of them on test hosts`)
  const write = (lines: string): void => void raw.write(lines)
  await runTap(together, 2, write)
  await runTap(alone, 1, write)
  await runInOrder(longestFirst, 3, raw)
  if (count.passed + count.failed === 0) {
    console.log('FAIL no test was executed')
    count.failed = 1
  }
  await new Promise<void>((resolve) => raw.end(resolve))
  if (count.failed > 0) console.log(`the whole TAP stream: ${RAW}`)
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  process.exitCode = count.failed > 0 ? 1 : 0
}

await main(process.argv.slice(2))
