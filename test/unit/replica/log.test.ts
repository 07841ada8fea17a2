/** A copy of an owner's log: what is believed of it, when, and what is asked for anew. */
import t from 'tap'
import { newOwnerLog, type OwnerLog, positionOf, takeDelta } from '../../../lib/replica/log.ts'
import { catchUp, id, isSigned, OWNER, Owner, recordsOf, take } from './owner.ts'

/** Three of them fill a part. */
const LONG = 'x'.repeat(60_000)

function ownerOf(volumes: number): Owner {
  const owner = new Owner()
  for (let n = 1; n <= volumes; n += 1) owner.put(n)
  return owner
}

function copyOf(owner: Owner): OwnerLog {
  const replica = newOwnerLog()
  catchUp(replica, owner)
  return replica
}

function largeOwner(): Owner {
  const owner = new Owner()
  for (let n = 1; n <= 10; n += 1) owner.put(n, 'first', LONG)
  return owner
}

t.test('nothing of a log is shown until all its parts have come; then all of it is', async (t) => {
  const owner = largeOwner()
  const replica = newOwnerLog()
  const parts = owner.partsFor(replica)
  t.ok(parts.length >= 3, 'it takes several parts')
  for (const part of parts.slice(0, -1)) {
    t.same(take(replica, [part]), ['staged'])
    t.equal(replica.records.size, 0, 'nothing is shown')
    t.equal(replica.head, null, 'no head is believed')
  }
  t.same(take(replica, parts.slice(-1)), ['applied'])
  t.same(recordsOf(replica), recordsOf(owner.log))
  t.same(replica.head, owner.head)
})

t.test('after a part that was lost the rest is sent from there, and what had come is not sent again', async (t) => {
  const owner = largeOwner()
  const replica = newOwnerLog()
  const [first, , third] = owner.partsFor(replica)
  if (first === undefined || third === undefined) throw new Error('it takes three parts')
  take(replica, [first])
  t.same(take(replica, [third]), ['gap'], 'what does not follow is not taken')
  const rest = owner.partsFor(replica)
  t.equal(rest[0]?.after, first.upTo)
  t.notOk(
    rest.some(({ records }) => records.some(({ seq }) => seq <= first.upTo)),
    'nothing twice',
  )
  t.equal(take(replica, rest).at(-1), 'applied')
  t.same(recordsOf(replica), recordsOf(owner.log))
})

t.test('a transfer that the owner overtakes is gone on with, and ends at the newer head', async (t) => {
  const owner = largeOwner()
  const replica = newOwnerLog()
  take(replica, owner.partsFor(replica).slice(0, 1))
  owner.put(1, 'second')
  owner.tomb(2)
  owner.put(11)
  const rest = owner.partsFor(replica)
  t.not(rest[0]?.after, 0, 'not from the beginning')
  t.equal(take(replica, rest).at(-1), 'applied')
  t.same(recordsOf(replica), recordsOf(owner.log))
})

t.test('a transfer whose parts the floor has overtaken begins anew', async (t) => {
  const owner = largeOwner()
  const replica = newOwnerLog()
  take(replica, owner.partsFor(replica).slice(0, 1))
  owner.tomb(1)
  owner.collect(owner.state.seq)
  const rest = owner.partsFor(replica)
  t.equal(rest[0]?.after, 0, 'what has come holds a record whose tombstone is gone')
  t.equal(take(replica, rest).at(-1), 'applied')
  t.same(recordsOf(replica), recordsOf(owner.log))
})

t.test('a sender that is behind what has come already does not cost a copy what it has', async (t) => {
  const owner = new Owner()
  owner.put(1)
  const [replica, behind] = [newOwnerLog(), newOwnerLog()]
  catchUp(replica, owner)
  owner.put(2)
  catchUp(behind, owner)
  for (let n = 3; n <= 12; n += 1) owner.put(n, '', 'x'.repeat(60_000))
  take(replica, owner.partsFor(replica).slice(0, 2))
  const { staged } = positionOf(OWNER, replica)
  t.ok((staged?.upTo ?? 0) > (behind.head?.seq ?? 0), 'more is here than the other copy knows of')
  const source = new Owner()
  source.log.head = behind.head
  source.log.records = behind.records
  t.same(
    take(replica, source.partsFor(replica)).filter((kind) => kind === 'refused'),
    [],
  )
  t.equal(positionOf(OWNER, replica).whole, false, 'nothing is wrong with this copy')
  catchUp(replica, owner)
  t.same(recordsOf(replica), recordsOf(owner.log))
})

t.test('no more parts than asked for are sent at once, and the last one says that there is more', async (t) => {
  const owner = largeOwner()
  const replica = newOwnerLog()
  const parts = owner.partsFor(replica, 2)
  t.same(
    parts.map(({ more }) => more),
    [false, true],
  )
  take(replica, parts)
  catchUp(replica, owner)
  t.same(recordsOf(replica), recordsOf(owner.log))
})

t.test('records that do not add up are refused, the log is doubted, and then taken whole', async (t) => {
  const owner = ownerOf(3)
  const replica = copyOf(owner)
  const rotten = replica.records.get(id(1))
  if (rotten === undefined || rotten.volume === null) throw new Error('it was copied')
  owner.put(1, 'newer')
  replica.records.set(id(1), { ...rotten, volume: { ...rotten.volume, name: 'rot' } })
  const taken = takeDelta(replica, owner.push(), isSigned)
  t.match(taken, { kind: 'refused', why: 'digest' })
  t.equal(positionOf(OWNER, replica).whole, true, 'wanted from its beginning')
  t.same(take(replica, [owner.push()]), ['gap'], 'no difference is taken on what is in doubt')
  const parts = owner.partsFor(replica)
  t.equal(parts[0]?.from, 0)
  t.same(take(replica, parts), ['applied'])
  t.same(recordsOf(replica), recordsOf(owner.log))
  t.equal(positionOf(OWNER, replica).whole, false)
})

t.test('a part that leaves a record out, or puts another one in, is refused', async (t) => {
  const owner = ownerOf(2)
  const [part] = owner.partsFor(newOwnerLog())
  if (part === undefined) throw new Error('there is something to send')
  const [kept] = part.records
  if (kept === undefined || kept.volume === null) throw new Error('it has records')
  const lies = {
    'a record left out': [kept],
    'a record changed': [{ ...kept, volume: { ...kept.volume, sizeGiB: 9 } }, ...part.records.slice(1)],
  }
  for (const [title, records] of Object.entries(lies)) {
    const replica = newOwnerLog()
    t.match(takeDelta(replica, { ...part, records }, isSigned), { kind: 'refused', why: 'digest' }, title)
    t.equal(replica.records.size, 0, title)
  }
})

t.test('a head that the owner did not sign is refused, whatever it says', async (t) => {
  const owner = ownerOf(2)
  const replica = copyOf(owner)
  owner.put(3)
  const { head } = owner
  const push = owner.push()
  const forged = {
    'another signature': { ...head, signature: 'AAAA' },
    'a later place in the log': { ...head, seq: head.seq + 5 },
    'another epoch': { ...head, epoch: head.epoch + 1, since: head.seq - 1 },
    'a floor that was raised': { ...head, floor: 2 },
  }
  for (const [title, bad] of Object.entries(forged)) {
    t.match(takeDelta(replica, { ...push, head: bad, upTo: bad.seq }, isSigned), { kind: 'refused', why: 'signature' }, title)
  }
  const mine = replica.head
  t.match(
    takeDelta(replica, { ...push, head: { ...head, seq: head.seq - 1, chain: 'f'.repeat(64) } }, isSigned),
    { kind: 'refused', why: 'signature' },
    'a forged fork is no fork',
  )
  t.equal(replica.fork, null)
  t.equal(replica.head, mine)
})

t.test('a copy that stands below the floor takes the log whole, and keeps nothing that was collected', async (t) => {
  const owner = ownerOf(3)
  const replica = copyOf(owner)
  owner.tomb(2)
  owner.put(4)
  owner.collect(owner.state.seq)
  t.same(take(replica, [owner.push()]), ['gap'], 'the tombstone that it lacks is not there any more')
  const { seq } = replica.head ?? { seq: 0 }
  t.same(take(replica, [{ ...owner.push(), from: seq, after: seq }]), ['gap'], 'no difference can make up for it')
  const parts = owner.partsFor(replica)
  t.equal(parts[0]?.from, 0, 'from the beginning')
  const taken = parts.map((part) => takeDelta(replica, part, isSigned)).at(-1)
  t.match(taken, { kind: 'applied', whole: true })
  t.same([...replica.records.keys()].sort(), [id(1), id(3), id(4)])
})

t.test('a copy that has the tombstones lets them go when the floor rises, without being sent anything', async (t) => {
  const owner = ownerOf(2)
  owner.tomb(1)
  const replica = copyOf(owner)
  t.equal(replica.records.get(id(1))?.volume, null, 'a tombstone')
  owner.collect(owner.state.seq)
  t.match(takeDelta(replica, owner.push(), isSigned), { kind: 'applied', news: [], gone: [id(1)], whole: false })
  t.same([...replica.records.keys()], [id(2)])
})

t.test('an epoch that began before what a copy holds takes the place of it all', async (t) => {
  const owner = ownerOf(2)
  const restored = owner.twin()
  owner.put(3, 'was never there')
  owner.put(4, 'nor was this')
  const replica = copyOf(owner)
  restored.begin(2)
  restored.put(5)
  t.same(take(replica, [restored.push()]), ['gap'])
  catchUp(replica, restored)
  t.same([...replica.records.keys()].sort(), [id(1), id(2), id(5)])
  t.equal(replica.head?.epoch, 2)
  t.same(take(replica, [owner.push()]), ['old'], 'what the epoch before had beyond it is no part of the log any more')
})

t.test('an epoch that goes on where a copy stands is a difference like any other', async (t) => {
  const owner = ownerOf(2)
  const replica = copyOf(owner)
  owner.begin(2)
  owner.put(3)
  const parts = owner.partsFor(replica)
  t.equal(parts[0]?.from, replica.head?.seq)
  t.same(take(replica, parts), ['applied'])
})

t.test('two heads of one place are a fork: both are kept, and nothing of that epoch is taken any more', async (t) => {
  const owner = ownerOf(1)
  const twin = owner.twin()
  owner.put(2, 'one')
  twin.put(2, 'other')
  const replica = copyOf(owner)
  const shown = recordsOf(replica)
  const [evidence] = twin.partsFor(replica)
  if (evidence === undefined) throw new Error('another history is shown')
  t.match(takeDelta(replica, evidence, isSigned), { kind: 'forked', fork: [owner.head, twin.head] })
  for (const one of [owner, twin]) {
    one.put(3)
    t.match(takeDelta(replica, one.push(), isSigned), { kind: 'refused', why: 'forked' })
    for (const part of one.partsFor(replica)) t.match(takeDelta(replica, part, isSigned), { kind: 'refused', why: 'forked' })
  }
  t.same(recordsOf(replica), shown, 'what was known stays')
  t.same(
    replica.fork?.map(({ chain }) => chain),
    [replica.head?.chain, evidence.head.chain],
    'the evidence stays',
  )
})

t.test('a fork ends with a later epoch, taken whole', async (t) => {
  const owner = ownerOf(1)
  const twin = owner.twin()
  owner.put(2, 'one')
  twin.put(2, 'other')
  const replica = copyOf(owner)
  take(replica, twin.partsFor(replica))
  t.not(replica.fork, null)
  twin.begin(2)
  t.match(takeDelta(replica, twin.push(), isSigned), { kind: 'refused', why: 'forked' }, 'no difference on what is in dispute')
  catchUp(replica, twin)
  t.equal(replica.fork, null)
  t.same(recordsOf(replica), recordsOf(twin.log))
})

t.test('entries without a gap between them must link to the chain, even where the records add up', async (t) => {
  const owner = ownerOf(2)
  const replica = copyOf(owner)
  owner.put(3)
  const head = owner.sign({ ...owner.state, chain: 'a'.repeat(64) })
  t.match(takeDelta(replica, { ...owner.push(), head }, isSigned), { kind: 'refused', why: 'digest' })
  t.same(take(replica, owner.partsFor(replica)), ['applied'], 'and the log is taken whole')
})
