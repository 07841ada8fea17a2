/** What a command needs of the process around it: handed in, so that a test can be the terminal. */
import { homedir } from 'node:os'
import { createInterface } from 'node:readline/promises'

export interface Terminal {
  out(text: string): void
  err(text: string): void
  readonly outIsTty: boolean
  readonly errIsTty: boolean
  readonly inIsTty: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  nowMs(): number
  sleep(ms: number): Promise<void>
  /** One line typed by a person. */
  ask(question: string): Promise<string>
}

export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
    inIsTty: process.stdin.isTTY === true,
    env: process.env,
    home: homedir(),
    nowMs: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    ask: async (question) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr })
      try {
        return await lines.question(question)
      } finally {
        lines.close()
      }
    },
  }
}
