/** When a cluster is at rest: nothing on its way, all hosts list the same, every account and every pool agrees. */
import { type SeenVolume, Unexpected } from '../cluster/client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { NotYet } from '../cluster/wait-for.ts'

const AT_REST_MS = 150_000
const RESTING = new Set(['available', 'attaching', 'in-use', 'reserved', 'error', 'error_extending', 'error_deleting'])

/** @returns the project's volumes, as every host lists them. @throws with what is stuck */
export function untilAtRest(cluster: Cluster, project: string, timeoutMs = AT_REST_MS): Promise<readonly SeenVolume[]> {
  const look = async (): Promise<readonly SeenVolume[] | NotYet> => {
    try {
      return await restOf(cluster, project)
    } catch (error) {
      // A host that has just come back may refuse for a while.
      if (error instanceof Unexpected) return new NotYet(error.message)
      throw error
    }
  }
  return cluster.waitFor('everything comes to rest', look, { timeoutMs, everyMs: 500 })
}

async function restOf(cluster: Cluster, project: string): Promise<readonly SeenVolume[] | NotYet> {
  const lists = await Promise.all(cluster.hosts.map((_, k) => cluster.client(k, project).volumes()))
  const [volumes = []] = lists
  const moving = volumes.filter(({ status }) => !RESTING.has(status))
  if (moving.length > 0) return new NotYet(moving)
  const seen = lists.map((list) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1)).map((volume) => JSON.stringify(volume)))
  if (new Set(seen.map((list) => list.join())).size > 1) return new NotYet({ differ: differences(seen, cluster) })
  const used = await cluster.client(0, project).used()
  const gigabytes = volumes.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
  const wanted = { volumes: volumes.length, gigabytes }
  if (used.volumes !== wanted.volumes || used.gigabytes !== gigabytes) return new NotYet({ account: used, volumes: wanted })
  const pools = await roomWrong(cluster, project, volumes)
  return pools.length === 0 ? volumes : new NotYet(pools)
}

/** Of each host, what it lists and the first does not, and the other way round. */
function differences(lists: readonly (readonly string[])[], cluster: Cluster): readonly unknown[] {
  const [first = []] = lists
  return lists.flatMap((list, k) => {
    const only = list.filter((line) => !first.includes(line))
    const missing = first.filter((line) => !list.includes(line))
    return only.length + missing.length === 0 ? [] : [{ host: cluster.hosts[k]?.name, only, missing }]
  })
}

/** What each pool has given out is what its volumes take: no reservation was forgotten. */
async function roomWrong(cluster: Cluster, project: string, volumes: readonly SeenVolume[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const [k, host] of cluster.hosts.entries()) {
    const given = await cluster.client(k, project).allocatedGiB(host.name)
    const here = volumes.filter(({ pool }) => pool?.startsWith(`${host.name}@`) === true)
    const taken = here.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
    if (given !== taken) found.push(`the pool of ${host.name} has given out ${given} GiB, its volumes take ${taken}`)
  }
  return found
}
