/** The one table of errors, and the page that operators read, which is written from it (`--record`). */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ERRORS, faultOf } from '../../../agent/api/errors.ts'
import { projectId, volumeId } from '../../../lib/model/ids.ts'

const PAGE = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'errors.md')

function page(): string {
  const rows = Object.entries(ERRORS)
    .map(([code, { status, name, help, retryAfterS }]) => ({ code, status, name, help, retryAfterS }))
    .sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1))
    .map(
      ({ code, status, name, help, retryAfterS }) =>
        `| ${status} | ${name} | \`${code}\` | ${retryAfterS === undefined ? '' : `${retryAfterS} s`} | ${help} |`,
    )
  return [
    '# Errors',
    '',
    'Every error has the shape of Cinder’s: `{"<name of the code>": {"code": N, "message": "…"}}`. The message of an error that is not',
    'Cinder’s own starts with the name in the second column. The request id in `x-openstack-request-id` is in the log of the host that',
    'was asked. This page is written from the table in `agent/api/errors.ts`; a test compares the two.',
    '',
    '| HTTP | name | code | Retry-After | what it means, and what helps |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

t.test('docs/errors.md says what the table says', async (t) => {
  if (process.argv.includes('--record')) writeFileSync(PAGE, page())
  t.equal(readFileSync(PAGE, 'utf8'), page())
})

t.test('every refusal that time heals says when to come back', async (t) => {
  for (const [code, row] of Object.entries(ERRORS)) {
    // Time does not make a service of what there is none of.
    const heals = [413, 429, 503].includes(row.status) && code !== 'service-absent'
    t.equal(row.retryAfterS !== undefined, heals, `${code}: ${row.status}`)
    t.ok(row.help.length > 10, `${code} says what helps`)
  }
})

t.test('a 503 names its reason in the first word', async (t) => {
  const volume = volumeId('6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001')
  const table: ReadonlyArray<readonly [Parameters<typeof faultOf>[0], RegExp]> = [
    [
      { code: 'no-majority', project: projectId('p'), members: ['a', 'b', 'c'], answered: 1, needed: 2 },
      /QuorumUnavailable: 1 of 3 hosts .* 2 are needed \(a, b, c\)/,
    ],
    [{ code: 'owner-unreachable', host: 'alpha', sinceMs: 0 }, /OwnerUnreachable: host alpha .* since 1970-01-01T00:00:00.000Z/],
    [{ code: 'owner-unreachable', host: 'alpha', sinceMs: null }, /since this host started/],
    [{ code: 'recovering', host: 'alpha' }, /HostRecovering: host alpha/],
    [{ code: 'forming', joined: 1, expect: 3 }, /ClusterForming: 1 of 3/],
    [{ code: 'no-room', rejected: [] }, /NoValidBackend: /],
    [{ code: 'overloaded', queue: 'clients', limit: 5 }, /Overloaded: /],
  ]
  for (const [facts, expected] of table) {
    const fault = faultOf(facts)
    t.equal(fault.status, 503, facts.code)
    t.match(JSON.parse(fault.body).serviceUnavailable.message, expected, facts.code)
  }
  t.match(JSON.parse(faultOf({ code: 'export-failed', volume, tool: 'tgtadm', detail: 'no memory' }).body), {
    computeFault: { code: 500, message: /tgtadm: no memory/ },
  })
})
