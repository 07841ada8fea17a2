/**
 * Creates under load: 32 clients, each posting again when it was answered, on one project, hence one register.
 *
 * The clock stops when the last of the volumes is available at every agent; a volume that was answered and is not there
 * fails the benchmark.
 */
import { Cluster } from './cluster.ts'
import { type Figure, round } from './figure.ts'
import type { World } from './world.ts'
import { cpuSeconds } from './process-facts.ts'
import { createVolumes, untilAvailable } from './volumes.ts'

const CLIENTS = 32
const WARM_VOLUMES = 100
const LOAD_MS = 8000
const PROJECTS = ['bench']

export async function createLoad({ profile }: World): Promise<readonly Figure[]> {
  const cluster = await Cluster.start({ peers: 3, profile })
  try {
    const warm = await createVolumes({ cluster, projects: PROJECTS, clients: CLIENTS, goesOn: (made) => made < WARM_VOLUMES })
    await untilAvailable(cluster, warm)
    const cpuBefore = cpuOf(cluster)
    const beganMs = performance.now()
    const made = await createVolumes({ cluster, projects: PROJECTS, clients: CLIENTS, goesOn: () => performance.now() - beganMs < LOAD_MS })
    await untilAvailable(cluster, made)
    const seconds = (performance.now() - beganMs) / 1000
    const count = [...made.values()].flat().length
    const cpuMs = ((cpuOf(cluster) - cpuBefore) * 1000) / count
    return [
      {
        what: `creates under load, ${CLIENTS} clients`,
        value: count / seconds,
        unit: '/s',
        against: `${count} volumes in ${round(seconds)} s, all available at 3 agents; ${round(cpuMs)} ms of processor each, over the 3`,
        target: { atLeast: 200 },
      },
    ]
  } finally {
    await cluster.stop()
  }
}

function cpuOf(cluster: Cluster): number {
  return [0, 1, 2].reduce((sum, k) => sum + cpuSeconds(cluster.pid(k)), 0)
}
