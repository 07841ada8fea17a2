/** The page that tells what is there of Cinder's API is true: it is compared with the routes, and each absent call is made. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { CINDER_ROUTES } from '../../../agent/api/routes.ts'
import { createVolume, PROJECT, startCluster, untilSnapshot } from './cluster.ts'

const PAGE = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'COMPATIBILITY.md')
const NOBODY = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'

interface Row {
  readonly line: string
  readonly cells: readonly string[]
  /** `METHOD /path`, as in routes.ts. */
  readonly route: string
  /** Of a call that is several in one: what its body asks for. */
  readonly action: string | null
  /** N of 3.N */
  readonly since: number
  /** Where the test is that holds it, below docs; null for what is absent. */
  readonly test: string | null
  /** What an absent call is answered with. */
  readonly status: number
}

const rows: readonly Row[] = readFileSync(PAGE, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const cells = line.split('|').slice(1, -1)
    const [call = '', since = '', state = ''] = cells.map((cell) => cell.trim())
    const [, method = '', path = '', action = null] = /^`(\w+) (\S+?)`(?: `(\S+)`)?$/.exec(call) ?? []
    return {
      line,
      cells,
      route: `${method} /${path}`,
      action: action ?? null,
      since: Number(/^3\.(\d+)$/.exec(since)?.[1] ?? Number.NaN),
      test: /\]\((\S+)\)$/.exec(state)?.[1] ?? null,
      status: Number(/^absent: (\d{3})$/.exec(state)?.[1] ?? Number.NaN),
    }
  })

t.test('every row is whole: a call, its microversion, a test or an answer, and a word on it', async (t) => {
  t.ok(rows.length > 190, `${rows.length} rows`)
  for (const { line, cells, route, since, test, status } of rows) {
    t.equal(cells.length, 4, line)
    for (const cell of cells) t.not(cell.trim(), '', line)
    t.match(route, /^(GET|POST|PUT|DELETE) \/\S+$/, line)
    t.ok(since >= 0 && since <= 71, line)
    t.not(test === null, Number.isNaN(status), `either a test or an answer: ${line}`)
  }
  const calls = rows.map(({ route, action }) => `${route} ${action}`)
  t.equal(new Set(calls).size, calls.length, 'no call has two rows')
})

t.test('every route has its row, and every row that says that a call is there has its route', async (t) => {
  const there = rows.filter(({ test }) => test !== null)
  for (const { method, path, since } of CINDER_ROUTES) {
    const of = there.filter(({ route }) => route === `${method} ${path}`)
    t.ok(of.length > 0, `${method} ${path} has no row`)
    for (const row of of) if (row.action === null) t.equal(row.since, since, row.line)
  }
  const routes = CINDER_ROUTES.map(({ method, path }) => `${method} ${path}`)
  for (const { route, line } of there) t.ok(routes.includes(route), `no such route: ${line}`)
  for (const { route, action, line } of rows)
    if (routes.includes(route) && action === null)
      t.ok(
        there.some((row) => row.line === line),
        line,
      )
})

t.test('every test that is named is there, and speaks of the call', async (t) => {
  for (const { test, route, action, line } of rows) {
    if (test === null) continue
    const path = join(dirname(PAGE), test)
    if (!existsSync(path)) {
      t.fail(`no such test: ${line}`)
      continue
    }
    const word = action ?? route.split(/[ /]/).findLast((part) => part !== '' && !part.startsWith(':')) ?? ''
    t.ok(readFileSync(path, 'utf8').includes(word), `${test} has no ${word}: ${line}`)
  }
})

t.test('what is absent is answered as the page says', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const volume = (await createVolume(first)).id
  const wanted = { snapshot: { volume_id: volume } }
  const snapshot = (await first.call(`/v3/${PROJECT}/snapshots`, { method: 'POST', body: wanted })).body.snapshot.id
  await untilSnapshot(first, snapshot, 'available')
  for (const row of rows.filter(({ test }) => test === null)) {
    const [method = '', path = ''] = row.route.split(' ')
    const url = path.replace(/:\w+/g, path.startsWith('/volumes/') ? volume : path.startsWith('/snapshots/') ? snapshot : NOBODY)
    for (const microversion of [`3.${row.since}`, '3.71'])
      for (const prefix of ['/v3', `/v3/${PROJECT}`]) {
        const answered = await first.call(prefix + url, { method, microversion, ...bodyOf(row, method) })
        t.equal(answered.status, row.status, `${prefix} at ${microversion}: ${row.line}`)
        if (row.action !== null && row.status === 400)
          t.match(JSON.stringify(answered.body), `There is no such action: ${row.action}`, row.line)
      }
  }
  t.equal((await first.call(`/v3/${PROJECT}/volumes/${volume}`)).body.volume.status, 'available', 'and nothing came of it')
})

function bodyOf({ action }: Row, method: string): { readonly body?: object } {
  if (method === 'GET' || method === 'DELETE') return {}
  return { body: action === null ? {} : { [action]: {} } }
}
