/**
 * One agent's memory and time to start, in an idle cluster and in one with 10,000 volumes.
 *
 * The volumes are made through the API. Of the agents of a cluster the largest counts, once it has come to rest; for the
 * start the median of three. Agents run as the build leaves them, from many files; the targets are for a bundle in one.
 */
import { join } from 'node:path'
import { anybody } from './caller.ts'
import { Cluster } from './cluster.ts'
import { type Figure, round } from './figure.ts'
import type { World } from './world.ts'
import { settledMiB } from './process-facts.ts'
import { median } from './quantiles.ts'
import { startRival } from './rival.ts'
import { createVolumes, untilAvailable } from './volumes.ts'

const VOLUMES = 10_000
const CALLERS = Array.from({ length: 10 }, (_, n) => anybody(`bench-${n}`))
const STARTS = 3
const START_MS_MAX = 1500
const IDLE_MIB_MAX = 120
const FULL_MIB_MAX = 300
const NOT_BUNDLED = 'not bundled'

interface Rivals {
  readonly mib: number
  readonly startMs: number
}

export async function footprint({ profile }: World): Promise<readonly Figure[]> {
  const cluster = await Cluster.start({ peers: 3, profile })
  try {
    const bare = await measureRival(join(cluster.directory, 'rival'))
    const idle = await largestMiB(cluster)
    const idleStart = await startMs(cluster)
    const made = await createVolumes({ cluster, callers: CALLERS, clients: 48, goesOn: (count) => count < VOLUMES })
    await untilAvailable(cluster, made)
    const grown = await largestMiB(cluster)
    const fullStart = await startMs(cluster)
    const restarted = await settledMiB(cluster.pid(0))
    return [
      memory('memory: idle, of 3 agents', idle, bare, IDLE_MIB_MAX),
      memory(`memory: ${VOLUMES} volumes just made`, grown, bare, FULL_MIB_MAX),
      memory(`memory: ${VOLUMES} volumes, after a start`, restarted, bare, FULL_MIB_MAX),
      start('start to API ready: empty', idleStart, bare),
      start(`start to API ready: ${VOLUMES} volumes`, fullStart, bare),
    ]
  } finally {
    await cluster.stop()
  }
}

async function measureRival(directory: string): Promise<Rivals> {
  const starts: number[] = []
  let mib = 0
  for (let n = 0; n < STARTS; n += 1) {
    const rival = await startRival('agent', directory)
    starts.push(rival.startMs)
    if (n === STARTS - 1) mib = await settledMiB(rival.pid)
    await rival.stop()
  }
  return { mib, startMs: median(starts) }
}

async function largestMiB(cluster: Cluster): Promise<number> {
  return Math.max(...(await Promise.all([0, 1, 2].map((k) => settledMiB(cluster.pid(k))))))
}

async function startMs(cluster: Cluster): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < STARTS; n += 1) {
    await cluster.stopAgent(0)
    times.push(await cluster.startAgent(0))
  }
  await cluster.ready()
  return median(times)
}

function memory(what: string, mib: number, bare: Rivals, atMost: number): Figure {
  const against = `${round(mib / bare.mib)} times a process with bare libp2p, fastify and LevelDB (${round(bare.mib)} MiB); ${NOT_BUNDLED}`
  return { what, value: mib, unit: 'MiB', against, target: { atMost } }
}

function start(what: string, ms: number, bare: Rivals): Figure {
  const against = `${round(ms / bare.startMs)} times that process (${round(bare.startMs)} ms); ${NOT_BUNDLED}`
  return { what, value: ms, unit: 'ms', against, target: { atMost: START_MS_MAX } }
}
