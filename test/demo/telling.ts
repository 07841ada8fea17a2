/** The demo's voice: one line a step with the seconds since the start, details below it, and nothing else. */
import { styleText } from 'node:util'

export interface Telling {
  /** A step that has just succeeded. */
  step(text: string, details?: readonly string[]): void
  line(text: string): void
  /** From now on nothing is told. */
  hush(): void
}

const SECONDS_WIDTH = 5
const INDENT = ' '.repeat(SECONDS_WIDTH + 4)

export function createTelling(out: NodeJS.WriteStream, nowMs: () => number): Telling {
  const startMs = nowMs()
  const isPlain = !out.isTTY || process.env['NO_COLOR'] !== undefined
  const dim = (text: string): string => (isPlain ? text : styleText('dim', text))
  let isHushed = false
  const line = (text: string): void => {
    if (!isHushed) out.write(`${text}\n`)
  }
  return {
    line,
    hush() {
      isHushed = true
    },
    step(text, details = []) {
      const seconds = ((nowMs() - startMs) / 1000).toFixed(1).padStart(SECONDS_WIDTH)
      line(`${dim(`${seconds} s`)}  ${text}`)
      for (const detail of details) line(dim(`${INDENT}${detail}`))
    },
  }
}
