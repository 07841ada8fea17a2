/** Colour for status words on a terminal. The word always stays: nothing is told by colour alone. */
import picocolors from 'picocolors'
import type { Terminal } from '../terminal.ts'

export type Paint = (status: string) => string

const GOOD = new Set(['available', 'in-use', 'attached', 'up', 'ready', 'ok'])
const BAD = /^error|^down$|^lost$/

export function paintFor(terminal: Terminal): Paint {
  const colors = picocolors.createColors(wantsColor(terminal))
  return (status) => {
    if (GOOD.has(status)) return colors.green(status)
    return BAD.test(status) ? colors.red(status) : colors.yellow(status)
  }
}

/** https://no-color.org; FORCE_COLOR wins, a dumb terminal and a pipe get none. */
function wantsColor({ env, outIsTty }: Terminal): boolean {
  const forced = env['FORCE_COLOR'] ?? ''
  if (forced !== '') return forced !== '0'
  return outIsTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
}
