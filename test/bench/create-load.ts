/**
 * Creates under load: 32 clients, each posting again when it was answered, on one project, hence one register.
 *
 * The clock stops when the last of the volumes is available at every agent; a volume that was answered and is not there
 * fails the benchmark. Once as it is on loopback, and once with a token in each request.
 */
import { AUTHS, type BenchAuth, withAuth } from './caller.ts'
import { Cluster } from './cluster.ts'
import { type Figure, round } from './figure.ts'
import type { World } from './world.ts'
import { cpuSeconds } from './process-facts.ts'
import { createVolumes, untilAvailable } from './volumes.ts'

const CLIENTS = 32
const WARM_VOLUMES = 100
const LOAD_MS = 8000
const PROJECT = 'bench'
const LEAST: Readonly<Record<BenchAuth, number>> = { none: 200, builtin: 150 }

export async function createLoad(world: World): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const auth of AUTHS) figures.push(await loadFigure(world, auth))
  return figures
}

async function loadFigure({ profile }: World, auth: BenchAuth): Promise<Figure> {
  const cluster = await Cluster.start({ peers: 3, profile, auth })
  try {
    const load = { cluster, callers: [await cluster.caller(PROJECT)], clients: CLIENTS }
    const warm = await createVolumes({ ...load, goesOn: (made) => made < WARM_VOLUMES })
    await untilAvailable(cluster, warm)
    const cpuBefore = cpuOf(cluster)
    const beganMs = performance.now()
    const made = await createVolumes({ ...load, goesOn: () => performance.now() - beganMs < LOAD_MS })
    await untilAvailable(cluster, made)
    const seconds = (performance.now() - beganMs) / 1000
    const count = [...made.values()].flat().length
    const cpuMs = ((cpuOf(cluster) - cpuBefore) * 1000) / count
    return {
      what: withAuth(`creates under load, ${CLIENTS} clients`, auth),
      value: count / seconds,
      unit: '/s',
      against: `${count} volumes in ${round(seconds)} s, all available at 3 agents; ${round(cpuMs)} ms of processor each, over the 3`,
      target: { atLeast: LEAST[auth] },
    }
  } finally {
    await cluster.stop()
  }
}

function cpuOf(cluster: Cluster): number {
  return [0, 1, 2].reduce((sum, k) => sum + cpuSeconds(cluster.pid(k)), 0)
}
