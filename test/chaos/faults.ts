/**
 * The faults, each from its begin to its end: when it resolves, the host runs again and the link is whole.
 *
 * A fault draws what it does from the stream that it is given, says it in one line when it begins, and takes the host that
 * it works on; it does nothing if all are taken.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../cluster/cluster.ts'
import type { Host } from '../cluster/host.ts'
import type { SmallDisk } from '../cluster/mounts.ts'
import type { Random } from '../sim/random.ts'
import type { Keeper, Kept } from './keeper.ts'
import { shuffled } from './shuffled.ts'

export const FAULT_KINDS = ['stop', 'cut', 'cut-one-way', 'tgtd', 'reboot', 'full-disk'] as const
/** Where nothing is exported. */
export const WITHOUT_TARGETS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== 'tgtd' && kind !== 'reboot')
export type FaultKind = (typeof FAULT_KINDS)[number]

export interface World {
  readonly cluster: Cluster
  readonly keeper: Keeper
  /** Disks of the hosts whose folder lies on one that can be filled, by name. */
  readonly disks: ReadonlyMap<string, SmallDisk>
  readonly tell: (line: string) => void
}

/** @returns false if nothing was done */
export type Fault = (world: World, random: Random) => Promise<boolean>

const STOP_MS = { from: 1000, to: 10_000 }
const CUT_MS = { from: 1000, to: 12_000 }
const DOWN_MS_MAX = 3000
const FULL_MS_MAX = 10_000
const ROOMY_BYTES = 3 * 1024 ** 3

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  stop: (world, random) => onHost(world, random, (kept) => stop(world, kept, random)),
  cut: (world, random) => cut(world, random, bothWays(names(world), random)),
  'cut-one-way': (world, random) => cut(world, random, oneWay(names(world), random)),
  tgtd: (world, random) => onHost(world, random, (kept) => killTgtd(world, kept, random)),
  reboot: (world, random) => onHost(world, random, (kept) => reboot(world, kept, random)),
  'full-disk': (world, random) => {
    const hosts = world.cluster.hosts.filter(({ name }) => world.disks.has(name))
    return onHost(world, random, (kept) => fillDisk(world, kept, random), hosts)
  },
}

async function onHost(world: World, random: Random, work: (kept: Kept) => Promise<void>, hosts?: readonly Host[]): Promise<boolean> {
  const kept = world.keeper.take(random, hosts)
  if (kept === null) return false
  await work(kept)
  world.keeper.giveBack(kept)
  return true
}

async function stop({ tell }: World, kept: Kept, random: Random): Promise<void> {
  const forMs = random.between(STOP_MS.from, STOP_MS.to)
  const isKilled = random.chance(0.2)
  tell(`stop ${kept.host.name} for ${seconds(forMs)}${isKilled ? ', then kill' : ''}`)
  kept.host.freeze()
  await pause(forMs)
  if (!isKilled) return kept.host.thaw()
  await kept.kill()
  kept.start()
  await kept.untilReady()
}

async function killTgtd({ tell }: World, { host }: Kept, random: Random): Promise<void> {
  const forMs = random.below(DOWN_MS_MAX)
  tell(`kill tgtd of ${host.name}, back after ${seconds(forMs)}`)
  await host.tgtd.kill()
  await pause(forMs)
  await host.tgtd.start()
}

/** Agent and tgtd at once, as when the power fails; what was synced is there afterwards. */
async function reboot({ tell }: World, kept: Kept, random: Random): Promise<void> {
  const forMs = random.below(DOWN_MS_MAX)
  tell(`reboot ${kept.host.name}, back after ${seconds(forMs)}`)
  await Promise.all([kept.kill(), kept.host.tgtd.kill()])
  await pause(forMs)
  await kept.host.tgtd.start()
  kept.start()
  await kept.untilReady()
}

/** Nothing can be written any more. The agent ends when it tries, and is started when there is room again. */
async function fillDisk({ tell, disks }: World, kept: Kept, random: Random): Promise<void> {
  const disk = disks.get(kept.host.name)
  if (disk === undefined) return
  const forMs = random.between(FULL_MS_MAX / 2, FULL_MS_MAX)
  tell(`fill the disk of ${kept.host.name} for ${seconds(forMs)} or until its agent ends`)
  await disk.leaveFree(0)
  const end = await kept.untilEnd(forMs)
  await disk.leaveFree(ROOMY_BYTES)
  tell(
    end === null
      ? `${kept.host.name} has outlived the full disk`
      : `${kept.host.name} ended with exit code ${end.exitCode} at the full disk`,
  )
  if (end === null) return
  kept.start()
  await kept.untilReady()
}

type Cut = readonly [from: string, to: string]

/** Some hosts are cut off from the others: one, two, or only two of each other. */
function bothWays(hosts: readonly string[], random: Random): readonly Cut[] {
  const drawn = shuffled(hosts, random)
  const aside = drawn.slice(0, random.chance(0.4) ? 1 : 2)
  const others = random.chance(0.25) ? drawn.slice(-1) : hosts.filter((name) => !aside.includes(name))
  return aside.flatMap((one) =>
    others.flatMap((other): Cut[] => [
      [one, other],
      [other, one],
    ]),
  )
}

/** One host is heard by none, hears none, or is not heard by one. */
function oneWay(hosts: readonly string[], random: Random): readonly Cut[] {
  const [one = '', ...others] = shuffled(hosts, random)
  const shape = random.weighted({ mute: 1, deaf: 1, pair: 1 })
  const reached = shape === 'pair' ? others.slice(0, 1) : others
  return reached.map((other): Cut => (shape === 'deaf' ? [other, one] : [one, other]))
}

async function cut({ cluster, tell }: World, random: Random, cuts: readonly Cut[]): Promise<boolean> {
  const forMs = random.between(CUT_MS.from, CUT_MS.to)
  tell(`cut ${cuts.map(([from, to]) => `${from}>${to}`).join(' ')} for ${seconds(forMs)}`)
  for (const [from, to] of cuts) await cluster.cut(from, to)
  await pause(forMs)
  for (const [from, to] of cuts) await cluster.mend(from, to)
  return true
}

function names({ cluster }: World): readonly string[] {
  return cluster.hosts.map(({ name }) => name)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
