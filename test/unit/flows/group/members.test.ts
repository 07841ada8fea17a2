/** Hosts that drain, leave and are lost, as the rules of the others and their own see them. */
import t from 'tap'
import { attachmentId, peerId } from '../../../../lib/model/ids.ts'
import type { Manifest, ManifestHost } from '../../../../lib/model/manifest.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, ledger, manifestOf, operate, outcomeOf, PROJECT, remove, volumeNamed } from '../requests.ts'

/** The next manifest, in which this host is something else. Votes stay as they are. */
function changed(manifest: Manifest, name: string, state: ManifestHost['state'] | 'gone'): Manifest {
  const others = manifest.hosts.filter((host) => host.name !== name || state !== 'gone')
  const hosts = others.map((host) => (host.name === name && state !== 'gone' ? { ...host, state } : host))
  const left = manifest.hosts.flatMap(({ peer, zone }) => (state === 'gone' && peer === name ? [{ peer, name, zone }] : []))
  return { ...manifest, epoch: manifest.epoch + 1, hosts, left: [...manifest.left, ...left] }
}

/** Three voters and one host more, which alone has room. */
function fleetWithSpare(): { readonly fleet: Fleet; readonly manifest: Manifest } {
  const all = manifestOf('abcd')
  const manifest = { ...all, hosts: all.hosts.map((host) => (host.name === 'd' ? { ...host, voter: false } : host)) }
  const fleet = new Fleet(manifest)
  fleet.startAll()
  return { fleet, manifest }
}

t.test('a host that drains keeps what it has and takes nothing new, also from whoever has not heard of it', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  createOn(fleet, 'd', 1, 'a')
  const refusals: string[] = []
  fleet.loses = ({ message }) => {
    if (message.kind === 'refused' && message.refusal.kind === 'not-ready') refusals.push(message.refusal.state)
    return false
  }
  fleet.spread(changed(manifest, 'd', 'draining'), 'a')
  fleet.say('a', 'd', {
    kind: 'reserve',
    rid: create(2).rid,
    pool: fleet.host('d').tables.owned.get(volumeNamed(1))?.volume.pool ?? never(),
    spec: create(2).spec,
    typeVersion: null,
  })
  fleet.settle()
  t.same(refusals, ['draining'])
  t.equal(fleet.host('d').tables.owned.size, 1)
  fleet.pass(1000)
  const said = fleet.host('b').tables.beats.get(peerId('d'))?.beat
  t.match(said, { state: 'draining', held: 1 })
  const update = fleet.ask('a', operate(3, 1, { kind: 'update', name: 'still here' }))
  fleet.pass(1000)
  t.equal(outcomeOf(update()), 'ok')
  fleet.ask('a', remove(4, 1))
  fleet.pass(5000)
  t.match(fleet.host('b').tables.beats.get(peerId('d'))?.beat, { state: 'draining', held: 0 })
})

t.test('a delete that nobody is left to do, because its host has left with nothing on it, is done', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  const intent = { kind: 'intent', volume: volumeNamed(1), rid: create(9).rid, host: peerId('d'), atMs: 0 } as const
  fleet.say('b', 'a', { kind: 'change', ref: 'x', project: PROJECT, change: { kind: 'intend', intent } })
  fleet.settle()
  t.equal(ledger(fleet, 'b').intents.length, 1)
  fleet.stop('d')
  fleet.spread(changed(manifest, 'd', 'gone'))
  fleet.pass(30_000)
  t.same(ledger(fleet, 'b').intents, [])
})

/**
 * d sets room aside for a volume and loses its journal; only then is the room granted, and no COMMIT arrives. It knows of nothing
 * that it holds, drains and leaves.
 */
function leftWithGrant(): Fleet {
  const { fleet, manifest } = fleetWithSpare()
  for (const name of 'abc') fleet.host(name).peer?.pools.clear()
  fleet.pass(20_000)
  fleet.loses = ({ message }) => message.kind === 'change' && message.change.kind === 'bind'
  fleet.ask('a', create(1))
  const binding = fleet.letters('change').flatMap(({ message: { change } }) => (change.kind === 'bind' ? [change.binding] : []))[0]
  if (binding === undefined) throw new Error('nobody asked the register')
  const d = fleet.host('d')
  fleet.stop('d')
  d.journal.clear()
  fleet.start('d')
  fleet.pass(10_000)
  fleet.loses = ({ message }) => message.kind === 'commit'
  fleet.say('b', 'a', { kind: 'change', ref: 'late', project: PROJECT, change: { kind: 'bind', binding } })
  const draining = changed(manifest, 'd', 'draining')
  fleet.spread(draining)
  fleet.pass(10_000)
  if (fleet.host('b').tables.beats.get(peerId('d'))?.beat.held !== 0) throw new Error('d says that it holds something')
  fleet.loses = () => false
  fleet.stop('d')
  fleet.spread(changed(draining, 'd', 'gone'))
  return fleet
}

t.test('what was granted to a host that had forgotten it and left can be deleted, and nothing else', async (t) => {
  const fleet = leftWithGrant()
  const told = fleet.letters('commit').length
  fleet.pass(60_000)
  t.equal(ledger(fleet, 'a').bound.length, 1, 'it was promised: it is there until somebody deletes it')
  t.equal(fleet.letters('commit').length, told, 'nobody waits for a host that is gone')
  t.match(fleet.ask('b', { kind: 'find', project: PROJECT, volume: volumeNamed(1), isOwn: true })(), {
    result: { ok: true, value: { owner: 'd', availabilityZone: 'z' } },
  })
  t.match(fleet.ask('c', operate(2, 1, { kind: 'update', name: 'new' }))(), { result: { failure: { code: 'host-left', host: 'd' } } })
  t.equal(outcomeOf(fleet.ask('c', remove(3, 1))()), 'ok')
  const { bound, gone, used } = ledger(fleet, 'a')
  t.same([bound, gone, used], [[], [volumeNamed(1)], { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }])
  t.equal(outcomeOf(fleet.ask('a', { kind: 'find', project: PROJECT, volume: volumeNamed(1), isOwn: true })()), 'volume-not-found')
})

t.test('a delete of it that waited for the host is done when the host has left', async (t) => {
  const fleet = leftWithGrant()
  const intent = { kind: 'intent', volume: volumeNamed(1), rid: create(9).rid, host: peerId('d'), atMs: 0 } as const
  fleet.say('b', 'a', { kind: 'change', ref: 'x', project: PROJECT, change: { kind: 'intend', intent } })
  fleet.pass(30_000)
  const { bound, intents, used } = ledger(fleet, 'a')
  t.same([bound, intents, used], [[], [], { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }])
})

t.test('what a host had let go of and forgot to tell is not counted any more when it has left', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  const used = { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }
  const totals = { kind: 'host', host: peerId('d'), epoch: 1, seq: 9, usage: used, isFinal: false } as const
  fleet.say('b', 'a', { kind: 'change', ref: 'x', project: PROJECT, change: { kind: 'fold', totals, settled: [], atMs: 0 } })
  fleet.settle()
  t.same(ledger(fleet, 'b').used, used)
  fleet.stop('d')
  fleet.spread(changed(manifest, 'd', 'gone'))
  fleet.pass(30_000)
  t.same(ledger(fleet, 'b').used, { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
})

t.test('the log of a host that has left is taken from nobody, least of all from whoever has missed its end', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  createOn(fleet, 'd', 1, 'a')
  for (const name of 'abd') fleet.cut('c', name)
  fleet.ask('a', remove(2, 1))
  fleet.pass(5000)
  fleet.stop('d')
  fleet.spread(changed(manifest, 'd', 'gone'), 'c')
  t.ok(fleet.host('c').tables.view.volumes.has(volumeNamed(1)), 'it has heard of neither end')
  for (const name of 'ab') fleet.mend('c', name)
  fleet.pass(5000)
  for (const name of 'ab') t.notOk(fleet.host(name).tables.view.volumes.has(volumeNamed(1)), name)
  fleet.spread(changed(manifest, 'd', 'gone'))
  t.notOk(fleet.host('c').tables.view.volumes.has(volumeNamed(1)))
})

t.test('a volume that a lost host had deleted and not reported frees its quota, though nobody asks for it', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  createOn(fleet, 'd', 1, 'a')
  t.same(ledger(fleet, 'a').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 })
  fleet.loses = ({ from, message }) => from === 'd' && message.kind === 'change'
  fleet.ask('a', remove(2, 1))
  fleet.pass(1000)
  t.same(ledger(fleet, 'a').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }, 'the register has not heard of it')
  fleet.stop('d')
  fleet.spread(changed(manifest, 'd', 'lost'))
  fleet.pass(30_000)
  t.same(ledger(fleet, 'a').used, { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
})

t.test('a register hears of a volume only when a majority of the hosts knows its record', async (t) => {
  const { fleet } = fleetWithSpare()
  fleet.loses = ({ from, message }) => from === 'd' && (message.kind === 'delta' || message.kind === 'seen')
  const before = create(1)
  // Only d has room for it.
  for (const name of 'abc') fleet.host(name).peer?.pools.clear()
  fleet.pass(20_000)
  const answer = fleet.ask('a', before)
  fleet.pass(3000)
  t.equal(outcomeOf(answer()), 'ok')
  t.equal(fleet.host('d').tables.owned.get(volumeNamed(1))?.step, 'built')
  t.equal(ledger(fleet, 'a').bound.length, 1, 'the grant stands for it')
  fleet.loses = () => false
  fleet.pass(5000)
  t.equal(ledger(fleet, 'a').bound.length, 0)
  t.same(ledger(fleet, 'a').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 })
})

t.test('the account of a lost host is closed, though nobody has the last records of its log', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  fleet.loses = ({ from, message }) => from === 'd' && (message.kind === 'delta' || message.kind === 'seen')
  createOn(fleet, 'd', 1, 'a')
  t.equal(fleet.host('d').tables.owned.get(volumeNamed(1))?.step, 'built')
  fleet.stop('d')
  fleet.loses = () => false
  fleet.spread(changed(manifest, 'd', 'lost'))
  fleet.pass(30_000)
  t.same(ledger(fleet, 'a').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }, 'it was promised, and nobody has deleted it')
  t.equal(outcomeOf(fleet.ask('a', remove(2, 1))()), 'ok')
  t.same(ledger(fleet, 'a').used, { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
})

t.test('where nobody keeps registers, whoever asks is told so', async (t) => {
  const { fleet, manifest } = fleetWithSpare()
  fleet.spread({ ...manifest, epoch: 9, hosts: manifest.hosts.map((host) => ({ ...host, voter: false })) })
  const answer = fleet.ask('a', { kind: 'ledger', project: PROJECT })
  fleet.pass(10_000)
  t.equal(outcomeOf(answer()), 'no-majority')
})

t.test('an attachment that was removed is not made again, also when the answers to its requests are forgotten', async (t) => {
  const { fleet } = fleetWithSpare()
  createOn(fleet, 'd', 1, 'a')
  const attachment = '00000000-0000-4000-8000-00000000000a' as const
  const attach = operate(2, 1, {
    kind: 'attach',
    attachment: attachmentId(attachment),
    instance: null,
    mode: 'rw',
    connector: null,
    mountpoint: null,
  })
  const asked = (request: typeof attach): string => {
    const answer = fleet.ask('a', request)
    fleet.pass(1000)
    return outcomeOf(answer())
  }
  t.equal(asked(attach), 'ok')
  t.equal(asked(operate(3, 1, { kind: 'detach', attachment: attachmentId(attachment), allowUnsafe: true })), 'ok')
  fleet.host('d').tables.results.clear()
  t.equal(asked(attach), 'attachment-not-found')
  t.same(fleet.host('d').tables.owned.get(volumeNamed(1))?.volume.attachments, [])
})

function never(): never {
  throw new Error('the volume has a pool')
}
