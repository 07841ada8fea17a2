/** Hosts that start again while registers move, and after they have. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { peerId } from '../../../../lib/model/ids.ts'
import { joining, leaving, stepDone } from '../../../../lib/model/manifest-steps.ts'
import { Fleet, type Letter } from '../fleet.ts'
import { groupOf, ledger, manifestOf, PROJECT } from '../requests.ts'

t.test('a former member that starts again in the middle of a step goes on telling the new group, and the step ends', async (t) => {
  const manifest = manifestOf('abc')
  const fleet = new Fleet(manifest)
  fleet.startAll()
  fleet.ask('a', { kind: 'limits', project: PROJECT, limits: { volumes: 7 } })
  const next = joining(manifest, { peer: peerId('d'), name: 'd', addrs: [], zone: 'z' }, '')
  if (!next.ok) throw new Error('refused')
  fleet.add('d', next.manifest)
  fleet.start('d')
  fleet.settle()
  fleet.loses = ({ message }) => message.kind === 'install' || message.kind === 'fetch'
  fleet.spread(next.manifest)
  for (const name of 'abc') {
    fleet.stop(name)
    fleet.start(name)
    fleet.pass(2 * TIMINGS.recallMs)
  }
  fleet.loses = () => false
  fleet.pass(60_000)
  for (const name of 'abc') t.equal(fleet.host(name).tables.beats.get(peerId(name))?.beat.pending, 0, `pending at ${name}`)
  t.equal(ledger(fleet, 'd').limits.volumes, 7)
  fleet.pass(60_000)
  for (const name of 'abc') t.equal(fleet.host(name).tables.beats.get(peerId(name))?.beat.pending, 0, `pending at ${name}, after a read`)
})

t.test('a host that has left a group has forgotten nothing, also if the last value there was its own proposal', async (t) => {
  const manifest = manifestOf('abc')
  const fleet = new Fleet(manifest)
  fleet.startAll()
  const [first, second, third] = groupOf(manifest)
  if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three')
  // With the first away the second proposes.
  fleet.stop(first)
  fleet.ask(second, { kind: 'limits', project: PROJECT, limits: { volumes: 7 } })
  fleet.pass(5000)
  fleet.start(first)
  fleet.pass(5000)
  const next = leaving(manifest, third, '')
  if (!next.ok) throw new Error('refused')
  const kept = manifest.hosts.filter(({ peer }) => peer === third).map((host) => ({ ...host, voter: false }))
  const moving = { ...next.manifest, hosts: [...next.manifest.hosts, ...kept] }
  fleet.spread(moving)
  fleet.pass(5 * TIMINGS.recallMs)
  const done = stepDone(moving, '')
  fleet.spread(done)
  t.notOk(groupOf(done).includes(second), 'one host keeps the register now')
  fleet.stop(second)
  fleet.host(second).notes.length = 0
  fleet.start(second)
  fleet.pass(5000)
  t.notOk(fleet.host(second).notes.includes('memory-lost'))
  t.notOk(fleet.host(second).tables.isLost)
})

t.test('a ballot stands for one value, also when a step ends between two of a proposer', async (t) => {
  const manifest = manifestOf('abc')
  const fleet = new Fleet(manifest)
  fleet.startAll()
  const next = joining(manifest, { peer: peerId('d'), name: 'd', addrs: [], zone: 'z' }, '')
  if (!next.ok) throw new Error('refused')
  fleet.add('d', next.manifest)
  fleet.start('d')
  fleet.spread(next.manifest)
  fleet.pass(5000)
  const limit = (volumes: number): void => {
    for (const name of 'abcd') fleet.ask(name, { kind: 'limits', project: PROJECT, limits: { volumes } })
    fleet.pass(5000)
  }
  limit(7)
  fleet.spread(stepDone(next.manifest, ''))
  limit(8)
  const values = new Map<string, Set<string>>()
  for (const { message } of fleet.letters('accept')) {
    if (message.project !== PROJECT || message.change.kind !== 'difference') continue
    const key = JSON.stringify(message.ballot)
    values.set(key, (values.get(key) ?? new Set()).add(JSON.stringify(message.change)))
  }
  t.ok(values.size > 1)
  for (const [ballot, changes] of values) t.equal(changes.size, 1, ballot)
  const prepared = fleet.letters('prepare').filter(({ message }) => message.project === PROJECT)
  const questions = prepared.map(({ to, message }) => JSON.stringify([to, message.ballot]))
  t.same(questions, [...new Set(questions)], 'no proposer begins to count anew')
})

t.test(
  'a former member that has lost its votes in the middle of a step neither gives an empty register out nor takes one over',
  async (t) => {
    const manifest = manifestOf('abc')
    const fleet = new Fleet(manifest)
    fleet.startAll()
    const [first, second, third] = groupOf(manifest)
    if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three')
    fleet.stop(third)
    fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 7 } })
    fleet.start(third)
    fleet.pass(5000)
    // The step begins, and nothing has moved yet: two of the former three know of the limit.
    const isMove = ({ message }: Letter): boolean => message.kind === 'install' || message.kind === 'fetch'
    fleet.loses = isMove
    const next = joining(manifest, { peer: peerId('d'), name: 'd', addrs: [], zone: 'z' }, '')
    if (!next.ok) throw new Error('refused')
    fleet.add('d', next.manifest)
    fleet.start('d')
    fleet.spread(next.manifest)
    fleet.stop(second)
    fleet.host(second).journal.clear()
    fleet.start(second)
    fleet.pass(2 * TIMINGS.recallMs)
    t.ok(fleet.host(second).tables.isLost, 'now one of them does')
    fleet.loses = ({ from, message }) => from === first && message.kind === 'fetched'
    for (const name of 'abcd') fleet.ask(name, { kind: 'ledger', project: PROJECT })
    fleet.pass(5 * TIMINGS.recallMs)
    for (const name of [second, 'd']) t.notOk(fleet.host(name).tables.acceptors.has(PROJECT), `${name} has taken nothing over`)
    fleet.loses = () => false
    fleet.pass(5 * TIMINGS.recallMs)
    t.equal(ledger(fleet, 'd').limits.volumes, 7)
  },
)
