/**
 * The lines that tell an operator who was not let in, and who asked for more than a role allows: without any secret, and
 * so few that a flood of refusals is no flood of lines.
 */
import type { Log } from '../../lib/ports/log.ts'
import type { Caller } from './call.ts'
import { rateLimit } from './rate-limit.ts'

/** What was asked, and from where. */
export interface Asked {
  readonly requestId: string
  readonly method: string
  /** With the names of its parameters in place of their values. */
  readonly route: string
  readonly remote: string
}

export interface Audit {
  notLetIn(asked: Asked, reason: string): void
  denied(asked: Asked, caller: Caller, reason: string): void
}

const LINES_PER_SECOND = 10
const LINES_BURST = 100

export function auditOf(log: Log, monoMs: () => number): Audit {
  const limit = rateLimit({ perSecond: LINES_PER_SECOND, burst: LINES_BURST, keysMax: 1, monoMs })
  let suppressed = 0
  const write = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    if (!limit.take('')) {
      suppressed += 1
      return
    }
    log.warn(event, suppressed === 0 ? fields : { ...fields, suppressed })
    suppressed = 0
  }
  return {
    notLetIn: (asked, reason) => write('audit-not-let-in', { ...asked, reason }),
    denied: (asked, { user, project, roles }, reason) => write('audit-denied', { ...asked, user, project, roles, reason }),
  }
}
