/** What a peer's refusal means for the one who typed the command: an exit code, its own sentence, and where to read on. */
import { EXIT, type ExitCode } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { isItem } from './body.ts'

export interface RefusalFacts {
  readonly status: number
  readonly body: unknown
  readonly requestId: string | null
  readonly isVerbose: boolean
}

export function refusal(facts: RefusalFacts): CliFailure {
  const message = messageIn(facts.body) ?? `the peer answered HTTP ${facts.status}`
  const request = facts.isVerbose && facts.requestId !== null ? `, request ${facts.requestId}` : ''
  return new CliFailure(
    exitCodeFor(facts.status, message),
    message,
    ...hintsFor(facts.status, message),
    `(HTTP ${facts.status}${request}; see docs/errors.md)`,
  )
}

/** The table of exit codes, applied to HTTP. A 400 of Cinder may mean bad input or a volume in the wrong status. */
function exitCodeFor(status: number, message: string): ExitCode {
  if (status === 400) return /^Invalid (volume|attachment):/.test(message) ? EXIT.conflict : EXIT.usage
  if (status === 401 || status === 403) return EXIT.notAllowed
  if (status === 404) return EXIT.notFound
  if (status === 409 || status === 422) return EXIT.conflict
  if (status === 413) return EXIT.noRoom
  if (status === 429) return EXIT.unreachable
  if (status === 503) return message.startsWith('NoValidBackend') ? EXIT.noRoom : EXIT.unreachable
  return EXIT.failed
}

function hintsFor(status: number, message: string): readonly string[] {
  if (message.startsWith('NoValidBackend')) return ['see each pool and what refused it: scoria placement explain --size N']
  if (status === 401) return ['say who you are: OS_AUTH_URL and what belongs to it, or --os-token TOKEN']
  if (message.startsWith('IdentityUnavailable')) return []
  if (status === 503) return ['see which hosts answer: scoria status']
  if (status === 413) return ['see what the project has: scoria volume list']
  return []
}

/** Cinder's fault: one key, whose value has the message. */
function messageIn(body: unknown): string | null {
  if (!isItem(body)) return null
  const fault = Object.values(body).find((value) => isItem(value) && typeof value['message'] === 'string')
  return isItem(fault) && typeof fault['message'] === 'string' ? fault['message'] : null
}

/** Agents that keep no users have no such calls: their answer has Cinder's form, and not Keystone's. */
export function isWithoutUsers(path: string, status: number, body: unknown): boolean {
  return status === 404 && path.startsWith('/identity/') && isItem(body) && isItem(body['itemNotFound'])
}

export function withoutUsers(): CliFailure {
  return new CliFailure(
    EXIT.failed,
    'the agents of this cluster keep no users',
    'where they ask a Keystone, keep them there: openstack user …',
    'where they ask nobody, see "Who may call" in docs/OPERATIONS.md: api.auth.kind builtin',
  )
}
