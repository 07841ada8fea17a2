/**
 * What the failure detector reaches with 10, 50 and 100 members, on simulated links of 5 ms. `node dist/test/scale/swim-figures.js`
 * prints a table and exits 1 if a target is missed; the same seed gives the same figures.
 */
import type { PeerId } from '../../lib/model/ids.ts'
import { Random } from '../sim/random.ts'
import { type SwimChange, SwimWorld } from './swim-world.ts'

interface Row {
  readonly what: string
  readonly figure: string
  readonly target: string
  readonly isMet: boolean
}

const DETECTION_MS_MAX = 15_000
const FALSE_DOWNS_MAX = 1
const HOUR_MS = 3_600_000

function detection(peers: number, deaths: number, setup: { readonly loss: number; readonly isRefused: boolean }): readonly Row[] {
  const firstMs: number[] = []
  const lastMs: number[] = []
  const backMs: number[] = []
  let victim: PeerId | null = null
  let diedMs = 0
  let first: number | null = null
  const onChanged = ({ peer, to, atMs }: SwimChange): void => {
    if (peer === victim && to === 'down') first ??= atMs - diedMs
  }
  const world = new SwimWorld({ seed: `detection/${peers}/${setup.loss}/${setup.isRefused}`, peers, ...setup, onChanged })
  const random = new Random('victims')
  world.run(30_000)
  for (let n = 0; n < deaths; n += 1) {
    world.run(world.nowMs + 10_000 + random.below(10_000))
    const dead = random.pick(world.ids)
    victim = dead
    first = null
    diedMs = world.nowMs
    world.kill(dead)
    world.run(diedMs + 120_000, () => first !== null && world.isSeenAs(dead, 'down'))
    firstMs.push(first ?? Number.POSITIVE_INFINITY)
    lastMs.push(world.nowMs - diedMs)
    victim = null
    const restartedMs = world.nowMs
    world.restart(dead)
    world.run(restartedMs + 120_000, () => world.isSeenAs(dead, 'alive'))
    backMs.push(world.nowMs - restartedMs)
  }
  const how = `N=${peers}, loss ${setup.loss * 100} %${setup.isRefused ? ', connection refused' : ''}`
  const p99 = quantile(lastMs, 0.99)
  return [
    { what: `${how}: first peer has a death as down`, figure: spreadOf(firstMs), target: '', isMet: true },
    { what: `${how}: last peer has it`, figure: spreadOf(lastMs), target: 'p99 <= 15 s', isMet: p99 <= DETECTION_MS_MAX },
    { what: `${how}: all have a restart as alive`, figure: spreadOf(backMs), target: '', isMet: true },
  ]
}

function falseDowns(peers: number, hostHours: number): readonly Row[] {
  const slandered = new Set<string>()
  let downs = 0
  let suspicions = 0
  const world: SwimWorld = new SwimWorld({
    seed: `false/${peers}`,
    peers,
    loss: 0.05,
    onChanged({ peer, to }) {
      if (to === 'suspect') suspicions += 1
      if (to !== 'down') return
      downs += 1
      slandered.add(`${peer}/${world.membership(peer).incarnation}`)
    },
  })
  const stalled = world.ids.slice(0, Math.round(peers * 0.05))
  const random = new Random('stalls')
  for (const peer of stalled) {
    const again = (): void => {
      world.stall(peer, 2000)
      world.at(world.nowMs + 10_000, again)
    }
    world.at(random.below(10_000), again)
  }
  world.run((hostHours / peers) * HOUR_MS)
  const rate = (slandered.size / hostHours) * 1000
  const how = `N=${peers}, 5 % lost, 5 % of the peers stalled 2 s in 10 s, ${hostHours} host-hours`
  return [
    { what: `${how}: false downs per 1,000 host-hours`, figure: rate.toFixed(2), target: '<= 1', isMet: rate <= FALSE_DOWNS_MAX },
    { what: '  as seen by single peers', figure: ((downs / hostHours) * 1000).toFixed(2), target: '', isMet: true },
    { what: '  suspicions seen by one peer per minute', figure: (suspicions / (hostHours * 60)).toFixed(2), target: '', isMet: true },
    { what: '  messages/s a peer', figure: (world.messagesSent / (hostHours * 3600)).toFixed(2), target: '', isMet: true },
  ]
}

function idle(peers: number): readonly Row[] {
  const world = new SwimWorld({ seed: `idle/${peers}`, peers })
  world.run(180_000)
  world.isWeighing = true
  const [messages, forMs] = [world.messagesSent, 60_000]
  world.run(world.nowMs + forMs)
  const perPeer = (count: number): string => (count / peers / (forMs / 1000)).toFixed(2)
  const sent = world.messagesSent - messages
  return [
    {
      what: `N=${peers}, idle: sent by a peer`,
      figure: `${perPeer(sent)} messages/s, ${perPeer(world.bytesSent)} B/s`,
      target: '',
      isMet: true,
    },
  ]
}

/** Half of the peers does not hear the other half for two minutes. */
function heal(peers: number): readonly Row[] {
  const healed: number[] = []
  let healedMs = Number.POSITIVE_INFINITY
  const onChanged = ({ atMs, to }: SwimChange): void => {
    if (to === 'alive' && atMs >= healedMs) healed.push(atMs - healedMs)
  }
  const world = new SwimWorld({ seed: `heal/${peers}`, peers, onChanged })
  const left = new Set(world.ids.slice(0, peers / 2))
  world.run(30_000)
  world.isCut = (from, to) => left.has(from) !== left.has(to)
  world.run(world.nowMs + 120_000)
  world.isCut = () => false
  healedMs = world.nowMs
  world.run(healedMs + 120_000, () => world.isAtPeace())
  const isMet = world.isAtPeace()
  return [
    { what: `N=${peers}, cut in half for 2 min: one has another as alive again`, figure: spreadOf(healed), target: 'all at peace', isMet },
  ]
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function spreadOf(values: readonly number[]): string {
  return `p50 ${seconds(quantile(values, 0.5))}, p99 ${seconds(quantile(values, 0.99))}, max ${seconds(Math.max(...values))}`
}

function main(): void {
  const begunMs = performance.now()
  let isMet = true
  const show = (rows: readonly Row[]): void => {
    for (const row of rows) {
      isMet &&= row.isMet
      const verdict = row.target === '' ? '' : `  (${row.target}: ${row.isMet ? 'met' : 'MISSED'})`
      process.stdout.write(`${row.what.padEnd(84)} ${row.figure}${verdict}\n`)
    }
  }
  for (const peers of [10, 50, 100]) show(detection(peers, 400, { loss: 0, isRefused: false }))
  show(detection(100, 400, { loss: 0.05, isRefused: false }))
  show(detection(100, 200, { loss: 0, isRefused: true }))
  for (const peers of [10, 100]) show(idle(peers))
  for (const peers of [10, 100]) show(heal(peers))
  show(falseDowns(100, 1000))
  process.stdout.write(`measured in ${seconds(performance.now() - begunMs)}\n`)
  process.exitCode = isMet ? 0 : 1
}

main()
