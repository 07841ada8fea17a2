/** What keeps one project from taking a host for itself, and what the operator is told of those who are turned away. */
import t from 'tap'
import type { Identity } from '../../../agent/api/identity/identity.ts'
import { rateLimit } from '../../../agent/api/rate-limit.ts'
import { projectId } from '../../../lib/model/ids.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { startCluster } from './cluster.ts'

/** Tokens that say what they are: `role:project`. */
const spoken: Identity = {
  identify: async ({ token }) => {
    const [role = '', project] = token?.split(':') ?? []
    if (project === undefined)
      return { ok: false, failure: { code: 'unauthorized', challenge: null }, reason: token === undefined ? 'no token' : 'unknown' }
    const caller = { user: `${role}-id`, project: projectId(project), roles: [role], isAdmin: role === 'admin', isService: false }
    return { ok: true, caller }
  },
  tellsApart: true,
  api: null,
  stop() {},
}

interface Line {
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

function lineLog(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = []
  const keep = (event: string, fields = {}): void => void (event.startsWith('audit-') && lines.push({ event, fields }))
  return { lines, log: { debug: keep, info: keep, warn: keep, error: keep } }
}

t.test('a bucket fills at its rate up to its burst, and one project empties none but its own', async (t) => {
  let nowMs = 0
  const limit = rateLimit({ perSecond: 10, burst: 20, keysMax: 3, monoMs: () => nowMs })
  const takenBy = (key: string, tries = 100) => Array.from({ length: tries }, () => limit.take(key)).filter(Boolean).length
  t.equal(takenBy('a'), 20)
  t.equal(takenBy('b'), 20)
  nowMs += 500
  t.equal(takenBy('a'), 5)
  nowMs += 3_600_000
  t.equal(takenBy('a'), 20, 'never more than the burst')
  takenBy('b', 1)
  takenBy('c', 1)
  t.equal(takenBy('a'), 0)
  takenBy('d', 1)
  t.equal(takenBy('a'), 0, 'who asks is remembered')
  t.equal(takenBy('b'), 20, 'who has not asked for longest is not')
})

t.test('a project that asks too often is told when to come back, and others do not notice', async (t) => {
  let nowMs = 0
  const cluster = await startCluster({ edge: { identity: spoken, requestsPerSecond: 2, monoMs: () => nowMs } })
  t.teardown(() => cluster.stop())
  const ask = (token: string) => cluster.first.call('/v3/volumes', { token })
  const codes = []
  for (let n = 0; n < 6; n += 1) codes.push((await ask('member:greedy')).status)
  t.same(codes, [200, 200, 200, 200, 429, 429])
  const refused = await ask('member:greedy')
  t.match(refused.body, { computeFault: { code: 429, message: /^TooManyRequests: project greedy/ } })
  t.equal(refused.headers.get('retry-after'), '1')
  t.equal((await ask('member:modest')).status, 200)
  nowMs += 1000
  t.equal((await ask('member:greedy')).status, 200)
})

t.test('who was not let in and who asked for too much is told, without the token, in few lines', async (t) => {
  const { log, lines } = lineLog()
  let nowMs = 0
  const cluster = await startCluster({ edge: { identity: spoken, log, monoMs: () => nowMs } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const id = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'
  await first.call('/v3/volumes', { token: null })
  await first.call('/v3/volumes?name=canary', { token: 'canary-token' })
  await first.call(`/v3/volumes/${id}`, { token: 'reader:demo', method: 'DELETE' })
  await first.call(`/v3/volumes/${id}?force=true`, { token: 'member:demo', method: 'DELETE' })
  await first.call('/v3/volumes', { token: 'reader:demo' })
  const requestId = /^req-/
  t.match(lines, [
    { event: 'audit-not-let-in', fields: { requestId, method: 'GET', route: '/volumes', remote: '127.0.0.1', reason: 'no token' } },
    { event: 'audit-not-let-in', fields: { reason: 'unknown' } },
    {
      event: 'audit-denied',
      fields: { requestId, user: 'reader-id', project: 'demo', route: '/volumes/:id', reason: 'volume:delete' },
    },
    { event: 'audit-denied', fields: { user: 'member-id', method: 'DELETE', reason: 'volume:force_delete' } },
  ])
  t.equal(lines.length, 4, 'what was allowed is no line')
  t.notMatch(JSON.stringify(lines), 'canary')
  for (let n = 0; n < 200; n += 1) await first.call('/v3/volumes', { token: null })
  t.equal(lines.length, 100)
  nowMs += 1000
  await first.call('/v3/volumes', { token: null })
  t.match(lines.at(-1), { fields: { suppressed: 104 } }, 'how many were left out is told')
})

t.test('no answer is kept, guessed at or run by a browser', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  for (const [path, status] of [
    ['/', 300],
    ['/healthcheck', 200],
    ['/v3/volumes', 200],
    ['/v3/nothing', 404],
  ] as const) {
    const response = await fetch(cluster.first.url + path, { headers: { 'x-auth-token': 'u:p' } })
    t.equal(response.status, status, path)
    t.equal(response.headers.get('cache-control'), 'no-store', path)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff', path)
    t.match(response.headers.get('content-security-policy'), /default-src 'none'/, path)
  }
})
