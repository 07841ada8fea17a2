/**
 * What must be true of a cluster at rest, whatever was killed before: each promise kept, nothing twice, nothing left over.
 *
 * It looks from outside: the API of each host, the folders of the volumes, what each tgtd exports.
 */
import type { SeenVolume } from '../cluster/client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { NotYet } from '../cluster/wait-for.ts'
import type { Ledger, Promised } from './load.ts'

const AT_REST_MS = 150_000
const RESTING = new Set(['available', 'attaching', 'in-use', 'reserved', 'error', 'error_extending', 'error_deleting'])

/** Waits until no volume is on its way, all hosts list the same, and every account agrees. @throws with what is stuck */
export async function untilAtRest(cluster: Cluster, project: string): Promise<readonly SeenVolume[]> {
  return await cluster.waitFor(
    'everything comes to rest',
    async () => {
      const lists = await Promise.all(cluster.hosts.map((_, k) => cluster.client(k, project).volumes()))
      const [volumes = []] = lists
      const moving = volumes.filter(({ status }) => !RESTING.has(status))
      if (moving.length > 0) return new NotYet(moving)
      const seen = lists.map((list) => JSON.stringify([...list].sort((a, b) => (a.id < b.id ? -1 : 1))))
      if (new Set(seen).size > 1) return new NotYet({ differ: lists.map((list) => list.length) })
      const used = await cluster.client(0, project).used()
      const gigabytes = volumes.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
      const wanted = { volumes: volumes.length, gigabytes }
      if (used.volumes !== wanted.volumes || used.gigabytes !== gigabytes) return new NotYet({ account: used, volumes: wanted })
      const pools = await roomWrong(cluster, project, volumes)
      return pools.length === 0 ? volumes : new NotYet(pools)
    },
    { timeoutMs: AT_REST_MS, everyMs: 500 },
  )
}

/** One line for each promise that was not kept and each thing that nobody asked for. */
export async function audit(cluster: Cluster, project: string, ledger: Ledger, volumes: readonly SeenVolume[]): Promise<readonly string[]> {
  return [
    ...promisesBroken(ledger, volumes),
    ...(await unexplained(cluster, project, volumes)),
    ...(await filesWrong(cluster, volumes)),
    ...(await targetsWrong(cluster, project)),
  ]
}

function promisesBroken(ledger: Ledger, volumes: readonly SeenVolume[]): readonly string[] {
  const seen = new Map(volumes.map((volume) => [volume.id, volume]))
  const promised = new Set(ledger.promised.map(({ id }) => id))
  const names = new Map<string, number>()
  for (const { name } of volumes) names.set(name, (names.get(name) ?? 0) + 1)
  return [
    ...ledger.surprises,
    ...ledger.promised.flatMap((each) => broken(each, seen.get(each.id)) ?? []),
    ...volumes
      .filter(({ id, name }) => !promised.has(id) && !ledger.open.has(name))
      .map(({ id, name }) => `${name} (${id}) was never promised`),
    ...[...names].filter(([, count]) => count > 1).map(([name, count]) => `${name} is there ${count} times`),
  ]
}

function broken({ id, name, sizeGiB, state, attachment }: Promised, seen: SeenVolume | undefined): string | null {
  if (state === 'deleted') return seen === undefined ? null : `${name} was deleted and is ${seen.status}`
  if (seen === undefined) return `${name} (${id}) was promised and is lost`
  if (seen.status.startsWith('error')) return null
  if (seen.sizeGiB !== sizeGiB) return `${name} has ${seen.sizeGiB} GiB and was promised ${sizeGiB}`
  return attachment !== null && seen.status !== 'attaching' ? `${name} is attached and ${seen.status}` : null
}

/** A volume in error has a message that says why. */
async function unexplained(cluster: Cluster, project: string, volumes: readonly SeenVolume[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const { id, name, status } of volumes) {
    if (status.startsWith('error') && (await cluster.client(0, project).messages(id)).length === 0)
      found.push(`${name} is in ${status} without a message`)
  }
  return found
}

/** Each host has a file for each of its volumes, and no other file. */
async function filesWrong(cluster: Cluster, volumes: readonly SeenVolume[]): Promise<readonly string[]> {
  return cluster.hosts.flatMap((host) => {
    // What is in error may have left its file or have none.
    const here = volumes.filter(({ pool }) => pool?.startsWith(`${host.name}@`) === true)
    const mayBe = new Set(here.map(({ id }) => `volume-${id}.img`))
    const mustBe = here.filter(({ status }) => status !== 'error' && status !== 'error_deleting').map(({ id }) => `volume-${id}.img`)
    const files = new Set(host.files())
    return [
      ...mustBe.filter((name) => !files.has(name)).map((name) => `${host.name} has no ${name}`),
      ...[...files].filter((name) => !mayBe.has(name)).map((name) => `${host.name} has ${name} and no such volume`),
    ]
  })
}

/** Each host exports exactly what its attachments say. */
async function targetsWrong(cluster: Cluster, project: string): Promise<readonly string[]> {
  const client = cluster.client(0, project)
  const wanted = new Map<string, Set<string>>(cluster.hosts.map(({ portal }) => [portal, new Set()]))
  for (const { id } of await client.attachments()) {
    const { portal, iqn } = await client.connection(id)
    wanted.get(portal)?.add(iqn)
  }
  const found: string[] = []
  for (const host of cluster.hosts) {
    const targets = await host.tgtd.targets()
    const here = wanted.get(host.portal) ?? new Set()
    found.push(...targets.filter((iqn) => !here.has(iqn)).map((iqn) => `${host.name} exports ${iqn} and nobody is attached`))
    found.push(...[...here].filter((iqn) => !targets.includes(iqn)).map((iqn) => `${host.name} does not export ${iqn}`))
  }
  return found
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
