/** What it costs to know who calls and what it may do, beside what each request costs anyway. */
import { createServer } from 'node:http'
import type { Caller } from '../../agent/api/call.ts'
import { keystone } from '../../agent/api/identity/keystone.ts'
import { isAllowed } from '../../agent/api/policy.ts'
import { CINDER_ROUTES, OWN_ROUTES } from '../../agent/api/routes.ts'
import { projectId } from '../../lib/model/ids.ts'
import { Secret } from '../../lib/model/secret.ts'
import { type Figure, round } from './figure.ts'
import { median } from './quantiles.ts'

const ROUNDS = 200
const POLICY_TARGET_US = 20
const CACHED_TARGET_MS = 1
const TOKENS = 100

export async function callers(): Promise<readonly Figure[]> {
  return [policyFigure(), await cachedFigure()]
}

function policyFigure(): Figure {
  const actions = [...CINDER_ROUTES, ...OWN_ROUTES].map(({ action }) => action)
  const roles = ['auditor', 'reader', 'member']
  const caller: Caller = { user: 'u', project: projectId('p'), roles, isAdmin: false, isService: false }
  const times: number[] = []
  let allowed = 0
  for (let turn = -20; turn < ROUNDS; turn += 1) {
    const beganMs = performance.now()
    for (const action of actions) allowed += isAllowed(caller, action) ? 1 : 0
    if (turn >= 0) times.push(((performance.now() - beganMs) * 1000) / actions.length)
  }
  const against = `median of ${ROUNDS} rounds over ${actions.length} actions, ${Math.round(allowed / (ROUNDS + 20))} of them allowed`
  return { what: 'policy: one check', value: median(times), unit: 'us', against, target: { atMost: POLICY_TARGET_US } }
}

/** Keystone's answer is there; each look at it goes the whole way that a request goes. */
async function cachedFigure(): Promise<Figure> {
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  const body = JSON.stringify({ token: { user: { id: 'u' }, project: { id: 'p' }, roles: [{ name: 'member' }], expires_at: expires } })
  const server = createServer((request, response) => {
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'x-subject-token': 'own' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const name = { name: 'n', domain: { id: 'default' } }
  const identity = keystone({
    url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    user: name,
    project: name,
    password: new Secret('p'),
    ca: null,
    cacheMs: 60_000,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    wallMs: Date.now,
    monoMs: () => performance.now(),
  })
  const once = async (turn: number): Promise<number> => {
    const beganMs = performance.now()
    const { ok } = await identity.identify({
      token: `${'t'.repeat(200)}${turn % TOKENS}`,
      serviceToken: undefined,
      remote: '::1',
      urlProject: 'p',
    })
    if (!ok) throw new Error('a good token was refused')
    return performance.now() - beganMs
  }
  try {
    const asked: number[] = []
    for (let turn = 0; turn < TOKENS; turn += 1) asked.push(await once(turn))
    const cached: number[] = []
    for (let turn = 0; turn < TOKENS * 20; turn += 1) cached.push(await once(turn))
    const against = `median of ${cached.length}; a question to a Keystone that answers at once: ${round(median(asked))} ms`
    return { what: 'a token that was asked about before', value: median(cached), unit: 'ms', against, target: { atMost: CACHED_TARGET_MS } }
  } finally {
    identity.stop()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
