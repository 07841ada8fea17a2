/**
 * Reads the TAP stream of `tap run --reporter=tap` line by line and reports each test file as it ends. (tap prints every
 * subtest before its own point, buffered or not; that is what makes reading it this simple.)
 *
 * A file's tests are its outermost points: a subtest counts once, whatever it asserts. Skips count at every depth, since a
 * skip inside a passing subtest is still something that nobody checked. A file that failed without a failing point (it
 * crashed, it was killed) counts as one failure, and so does a file that ran no test at all: silence is not success.
 */

export interface FailedPoint {
  /** Titles from the outermost subtest down to the point. */
  readonly path: readonly string[]
  /** The point's diagnostics as tap printed them, without their common indent. */
  readonly diagnostics: readonly string[]
}

export interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
  readonly failures: readonly FailedPoint[]
}

interface Point {
  readonly depth: number
  readonly isOk: boolean
  readonly isSkip: boolean
  readonly title: string
  readonly remark: string
  readonly path: readonly string[]
  readonly diagnostics: string[]
}

const POINT = /^( *)(not ok|ok)(?: \d+)?(?: - (.*))?$/
const SUBTEST = /^( *)# Subtest: (.*)$/
const DIRECTIVE = /^(.*?)\s*# (skip|todo|time=[\d.]+m?s)\b\s*(.*)$/i
const INDENT = 4

export class TapReader {
  readonly #onFile: (result: FileResult) => void
  #points: Point[] = []
  #titles: string[] = []
  /** The file's own point, held back until its diagnostics are read. */
  #ended: Point | null = null
  #block: { readonly end: string; readonly into: string[] | null; readonly indent: number } | null = null
  #last: Point | null = null

  constructor(onFile: (result: FileResult) => void) {
    this.#onFile = onFile
  }

  line(text: string): void {
    if (this.#block !== null) return this.#blockLine(text, this.#block)
    const indent = text.length - text.trimStart().length
    if (text.trim() === '---') {
      const into = this.#last !== null && indent === this.#last.depth * INDENT + 2 ? this.#last.diagnostics : null
      this.#block = { end: `${' '.repeat(indent)}...`, into, indent }
      return
    }
    const subtest = SUBTEST.exec(text)
    if (subtest !== null) this.#open((subtest[1] ?? '').length / INDENT, subtest[2] ?? '')
    const point = POINT.exec(text)
    if (point !== null) this.#point((point[1] ?? '').length / INDENT, point[2] === 'ok', point[3] ?? '')
  }

  /** Call when the stream has ended. */
  end(): void {
    this.#flush()
  }

  #blockLine(text: string, block: { readonly end: string; readonly into: string[] | null; readonly indent: number }): void {
    if (text === block.end) this.#block = null
    else block.into?.push(text.slice(block.indent))
  }

  #open(depth: number, title: string): void {
    if (depth === 0) this.#flush()
    this.#titles = [...this.#titles.slice(0, depth), title]
  }

  #point(depth: number, isOk: boolean, rest: string): void {
    if (!Number.isInteger(depth)) return
    if (depth === 0) this.#flush()
    const { title, isSkip, remark } = parseTitle(rest)
    const path = [...this.#titles.slice(1, depth), ...(depth > 0 ? [title] : [])]
    const point: Point = { depth, isOk, isSkip, title, remark, path, diagnostics: [] }
    this.#last = point
    if (depth === 0) this.#ended = point
    else this.#points.push(point)
  }

  #flush(): void {
    const ended = this.#ended
    if (ended === null) return
    const points = this.#points
    this.#ended = null
    this.#points = []
    this.#titles = []
    this.#onFile(summary(ended, points))
  }
}

/** True if a deeper point failed: then that one explains, and this one only repeats it. */
function isEcho(point: Point, points: readonly Point[]): boolean {
  return points.some((other) => !other.isOk && other.depth > point.depth && point.path.every((title, index) => other.path[index] === title))
}

function parseTitle(rest: string): { readonly title: string; readonly isSkip: boolean; readonly remark: string } {
  const directive = DIRECTIVE.exec(rest)
  if (directive === null) return { title: rest, isSkip: false, remark: '' }
  const [, title = '', kind = '', remark = ''] = directive
  return kind.startsWith('time') ? { title, isSkip: false, remark: kind } : { title, isSkip: true, remark }
}

function summary(ended: Point, points: readonly Point[]): FileResult {
  const tests = points.filter((point) => point.depth === 1)
  const leafSkips = points.filter((point) => point.isSkip).length
  const failures = points
    .filter((point) => !point.isOk && !point.isSkip && !isEcho(point, points))
    .map(({ path, diagnostics }) => ({ path, diagnostics }))
  const passed = tests.filter((point) => point.isOk && !point.isSkip).length
  const failed = tests.filter((point) => !point.isOk && !point.isSkip).length
  const seconds = Number(/time=([\d.]+)ms/.exec(ended.remark)?.[1] ?? 0) / 1000
  const base = { file: ended.title, seconds, passed, skipped: leafSkips }
  if (ended.isSkip && ended.remark !== 'no tests found') return { ...base, skipped: Math.max(1, leafSkips), failed, failures }
  if (tests.length === 0 && ended.isOk) return { ...base, failed: 1, failures: [{ path: ['ran no test'], diagnostics: [] }] }
  if (!ended.isOk && failed === 0) {
    return { ...base, failed: 1, failures: [...failures, { path: ['the file itself failed'], diagnostics: ended.diagnostics }] }
  }
  return { ...base, failed, failures }
}
