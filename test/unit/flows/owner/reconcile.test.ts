/** Bytes that are gone, that are back, and that nobody knows: what a running host makes of them. */
import t from 'tap'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { createOn, manifestOf, operate, outcomeOf, PROJECT, remove, volumeNamed } from '../requests.ts'
import { requestId } from '../../../../lib/model/ids.ts'

const ID = volumeNamed(1)
const GIB = 1024 ** 3

function withVolume(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  return fleet
}

const shown = (fleet: Fleet, by = 'b'): Volume | undefined => fleet.host(by).tables.view.volumes.get(ID)?.volume

function look(fleet: Fleet, times: number): void {
  for (let n = 0; n < times; n += 1) {
    fleet.list('a')
    fleet.pass(1000)
  }
}

t.test('a volume whose bytes are gone is in error for everybody after two looks, and well again when they are back', (t) => {
  const fleet = withVolume()
  const { volumes } = fleet.host('a')
  const bytes = volumes.get(ID)
  if (bytes === undefined) throw new Error('it was made')
  volumes.delete(ID)
  look(fleet, 1)
  t.match(shown(fleet), { status: 'available', failure: null }, 'one look may be older than what was done since')
  look(fleet, 1)
  t.match(shown(fleet), { status: 'error', failure: { kind: 'missing' } })
  const { seq } = fleet.host('a').tables.log
  look(fleet, 2)
  t.equal(fleet.host('a').tables.log.seq, seq, 'said once')
  volumes.set(ID, { ...bytes, sizeBytes: GIB / 2 })
  look(fleet, 2)
  t.match(shown(fleet), { status: 'error' }, 'not by bytes of another size')
  volumes.set(ID, bytes)
  look(fleet, 1)
  t.match(shown(fleet), { status: 'available', failure: null })
  t.end()
})

t.test('a message that was dismissed is told again when the same goes wrong anew', (t) => {
  const fleet = withVolume()
  const { volumes } = fleet.host('a')
  const bytes = volumes.get(ID)
  if (bytes === undefined) throw new Error('it was made')
  const dismiss = (n: number, of: 'missing' | 'backend') => {
    const answer = fleet.ask('b', operate(n, 1, { kind: 'dismiss', of }))
    fleet.pass(1000)
    return outcomeOf(answer())
  }
  volumes.delete(ID)
  look(fleet, 2)
  t.equal(dismiss(2, 'backend'), 'ok', 'of something that is over there is nothing to tell')
  t.notHas(shown(fleet)?.failure, 'isDismissed')
  t.equal(dismiss(3, 'missing'), 'ok')
  t.match(shown(fleet), { status: 'error', failure: { kind: 'missing', isDismissed: true } })
  look(fleet, 2)
  t.match(shown(fleet), { failure: { isDismissed: true } })
  volumes.set(ID, bytes)
  look(fleet, 1)
  volumes.delete(ID)
  look(fleet, 2)
  t.same(shown(fleet)?.failure, { kind: 'missing' })
  t.end()
})

t.test('a volume whose bytes are gone can be deleted, and not be given back', (t) => {
  const fleet = withVolume()
  fleet.host('a').volumes.delete(ID)
  look(fleet, 2)
  t.equal(outcomeOf(fleet.ask('b', operate(2, 1, { kind: 'unmanage' }))()), 'invalid-status')
  t.equal(outcomeOf(fleet.ask('b', remove(3, 1))()), 'ok')
  fleet.pass(2000)
  t.equal(shown(fleet), undefined)
  t.end()
})

t.test('bytes of ours that turn up without a record are set aside, after their register has been asked', (t) => {
  const fleet = withVolume()
  const { volumes } = fleet.host('a')
  const stray = { id: volumeNamed(9), pool: 'p', sizeBytes: GIB, tags: { project: PROJECT, rid: requestId('9'.repeat(32)) } }
  volumes.set(stray.id, stray)
  look(fleet, 1)
  t.ok(volumes.has(stray.id))
  look(fleet, 2)
  t.notOk(volumes.has(stray.id), 'quarantined')
  t.equal(fleet.host('a').tables.owned.has(stray.id), false)
  t.end()
})

t.test('what a delete has left and turns up again goes; what was given back is set aside', (t) => {
  for (const operation of [{ kind: 'delete', force: false }, { kind: 'unmanage' }] as const) {
    const fleet = withVolume()
    const { volumes } = fleet.host('a')
    const bytes = volumes.get(ID)
    if (bytes === undefined) throw new Error('it was made')
    t.equal(outcomeOf(fleet.ask('c', operate(2, 1, operation))()), 'ok')
    fleet.pass(500)
    volumes.set(ID, bytes)
    look(fleet, 2)
    t.notOk(volumes.has(ID))
    t.equal(fleet.host('a').notes.includes('volume-quarantined'), operation.kind === 'unmanage', operation.kind)
  }
  t.end()
})
