/** Members that watch each other over a network which is not always fair. */
import t from 'tap'
import { type SwimChange, SwimWorld } from '../../scale/swim-world.ts'

t.test('a death is noticed by all, a return too', async (t) => {
  for (const peers of [2, 3, 5, 30]) {
    const world = new SwimWorld({ seed: `death/${peers}`, peers })
    const dead = world.id(1)
    world.run(20_000)
    t.ok(world.isAtPeace(), `${peers} members trust each other`)
    world.kill(dead)
    world.run(world.nowMs + 30_000, () => world.isSeenAs(dead, 'down'))
    t.ok(world.isSeenAs(dead, 'down'), `all of ${peers} have it as down`)
    world.restart(dead)
    world.run(world.nowMs + 15_000, () => world.isAtPeace())
    t.ok(world.isAtPeace(), `all of ${peers} have it as alive`)
  }
})

t.test('a peer that starts learns from the others who is down, long before it has probed everybody', async (t) => {
  const world = new SwimWorld({ seed: 'newcomer', peers: 60 })
  const [dead, late] = [world.id(7), world.id(8)]
  world.kill(dead)
  world.kill(late)
  world.run(300_000)
  world.restart(late)
  world.run(world.nowMs + 10_000)
  t.equal(world.stateOf(late, dead), 'down')
})

t.test('loss in one direction between two members is hidden by indirect probes', async (t) => {
  const changes: SwimChange[] = []
  const world = new SwimWorld({ seed: 'one way', peers: 8, onChanged: (change) => changes.push(change) })
  const [deaf, mute] = [world.id(0), world.id(1)]
  let lost = 0
  world.isCut = (from, to) => {
    const isLost = from === mute && to === deaf
    if (isLost) lost += 1
    return isLost
  }
  world.run(600_000)
  t.same(changes, [], 'nobody is suspected')
  t.ok(lost > 50, 'and that although much was lost', { lost })
})

t.test('a partition is noticed on both sides, and so is its end', async (t) => {
  const world = new SwimWorld({ seed: 'partition', peers: 6 })
  const left = new Set(world.ids.slice(0, 2))
  world.isCut = (from, to) => left.has(from) !== left.has(to)
  world.run(60_000)
  for (const one of world.ids)
    for (const other of world.ids) {
      t.equal(world.stateOf(one, other), left.has(one) === left.has(other) ? 'alive' : 'down', `${one} of ${other}`)
    }
  world.isCut = () => false
  world.run(world.nowMs + 10_000, () => world.isAtPeace())
  t.ok(world.isAtPeace(), 'within seconds')
})

t.test('a peer that stalls again and again declares nobody down and is not declared down', async (t) => {
  const downs: SwimChange[] = []
  const world = new SwimWorld({
    seed: 'stalls',
    peers: 10,
    onChanged(change) {
      if (change.to === 'down') downs.push(change)
    },
  })
  const slow = world.id(3)
  const again = (): void => {
    world.stall(slow, 2000)
    world.at(world.nowMs + 10_000, again)
  }
  again()
  world.run(1_800_000)
  t.same(downs, [])
})

t.test('the same seed takes the same course', async (t) => {
  const course = (): readonly SwimChange[] => {
    const changes: SwimChange[] = []
    const world = new SwimWorld({ seed: 'course', peers: 12, loss: 0.1, onChanged: (change) => changes.push(change) })
    world.run(60_000)
    world.kill(world.id(4))
    world.run(90_000)
    return changes
  }
  const first = course()
  t.ok(first.length > 10, 'something happens')
  t.same(course(), first)
})

t.test('an idle peer sends two messages a second, whatever the number of members', async (t) => {
  for (const peers of [5, 80]) {
    const world = new SwimWorld({ seed: `idle/${peers}`, peers })
    world.run(100_000)
    t.ok(Math.abs(world.messagesSent / peers / 100 - 2) < 0.1, `${peers} members`, { messages: world.messagesSent })
  }
})
