/**
 * One line on stderr that says what is waited for: a spinner on a terminal, a plain line for each change elsewhere.
 *
 * stdout stays clean, so that `--wait -o json | jq` works.
 */
import type { Terminal } from '../terminal.ts'

export interface Progress {
  /** Called at each look; prints when there is something new to say. */
  tell(text: string): void
  end(): void
}

const FRAMES = ['|', '/', '-', '\\'] as const
const CLEAR_LINE = '\r\u001b[K'

export function startProgress(terminal: Terminal): Progress {
  const spins = terminal.errIsTty && terminal.env['TERM'] !== 'dumb'
  return spins ? spinner(terminal) : plain(terminal)
}

function plain(terminal: Terminal): Progress {
  let said = ''
  return {
    tell(text) {
      if (text !== said) terminal.err(`${text}\n`)
      said = text
    },
    end: () => undefined,
  }
}

function spinner(terminal: Terminal): Progress {
  let frame = 0
  return {
    tell(text) {
      terminal.err(`${CLEAR_LINE}${FRAMES[frame % FRAMES.length] ?? ''} ${text}`)
      frame += 1
    },
    end: () => terminal.err(CLEAR_LINE),
  }
}
