/**
 * Loaded into an agent before its own code: counts its steps, and stops it at the one where its host is to lose its power.
 *
 * A step is a batch for the journal, a command that changes something, a change of configfs. Each new text in `/run/cut` (a
 * word of its own, then the point) begins a new count by kind, and each step is a line in `/lab/steps`. At the point the thread that took the step stands
 * still for good, and `/lab/reached` tells the test. The agent's own code knows nothing of it.
 */
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Level } from 'level'

type Kind = 'journal' | 'command' | 'configfs'
type When = 'before' | 'within' | 'after'

const POINT_FILE = '/run/cut'
const CONFIGFS = '/sys/kernel/config/'
const JOURNAL = '/journal/db'
const CHANGES = /^(lvcreate|lvextend|lvremove|lvchange|lvrename|blkdiscard|dd|sync)$/
const { appendFileSync, existsSync, readFileSync, writeFileSync } = fs

let point = ''
let counts = new Map<Kind, number>()

/** @returns the number of the step among those of its kind; null while nothing is counted */
function take(kind: Kind, what: string): number | null {
  if (!existsSync(POINT_FILE)) return null
  const now = readFileSync(POINT_FILE, 'utf8').trim()
  if (now !== point) {
    point = now
    counts = new Map()
  }
  const n = (counts.get(kind) ?? 0) + 1
  counts.set(kind, n)
  appendFileSync('/lab/steps', `${kind} ${n} ${what.replaceAll(/\s+/g, ' ')}\n`)
  stopAt(kind, n, 'before')
  return n
}

function isAt(kind: Kind, n: number | null, when: When): boolean {
  return n !== null && point.endsWith(` ${kind} ${n} ${when}`)
}

function stopAt(kind: Kind, n: number | null, when: When): void {
  if (!isAt(kind, n, when)) return
  writeFileSync('/lab/reached', when)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

type Callable = (...args: unknown[]) => unknown

/** Replaces a function of a module or a prototype, for whoever imports it from now on. */
function wrap(holder: object, name: string, around: (original: () => unknown, args: readonly unknown[], self: unknown) => unknown): void {
  const original: Callable = Reflect.get(holder, name)
  Reflect.set(holder, name, function wrapped(this: unknown, ...args: unknown[]): unknown {
    return around(() => Reflect.apply(original, this, args), args, this)
  })
}

for (const name of ['mkdirSync', 'rmdirSync', 'unlinkSync', 'symlinkSync', 'openSync']) {
  wrap(fs, name, (original, args) => {
    const path = String(args[name === 'symlinkSync' ? 1 : 0])
    const isChange = name !== 'openSync' || (typeof args[1] === 'number' && (args[1] & fs.constants.O_WRONLY) !== 0)
    if (isChange && path.startsWith(CONFIGFS)) take('configfs', `${name.replace('Sync', '')} ${path.slice(CONFIGFS.length)}`)
    return original()
  })
}

wrap(childProcess, 'spawn', (original, args) => {
  const words = Array.isArray(args[1]) ? args[1].map(String) : []
  const verb = args[0] === 'lvm' ? (words[0] ?? '') : String(args[0])
  if (!CHANGES.test(verb)) return original()
  const n = take('command', verb)
  const child = original()
  if (isAt('command', n, 'within')) writeFileSync('/lab/reached', 'within')
  if (child instanceof childProcess.ChildProcess) child.once('exit', () => stopAt('command', n, 'after'))
  return child
})

wrap(Level.prototype, 'batch', (original, args, self) => {
  if (!(self instanceof Level) || !self.location.endsWith(JOURNAL) || !Array.isArray(args[0])) return original()
  const keys = args[0].map((one: unknown) => String(typeof one === 'object' && one !== null ? Reflect.get(one, 'key') : one))
  const n = take('journal', keys.filter((key) => !key.startsWith('j!')).join(','))
  const written = original()
  if (!(written instanceof Promise)) return written
  return written.then((value: unknown) => {
    stopAt('journal', n, 'after')
    return value
  })
})

syncBuiltinESMExports()
