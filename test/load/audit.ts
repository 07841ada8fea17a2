/**
 * What must be true of a cluster at rest, whatever was done to it before: each promise kept, nothing twice, nothing left over.
 *
 * It looks from outside: the API of the hosts, the folders of the volumes, what each tgtd exports, what drills remember.
 */
import type { SeenVolume } from '../cluster/client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type Finding, finding, type Ledger, type Promised } from './ledger.ts'

const GIB = 1024 ** 3

/** What hosts keep of a volume: a file that is exported, an entry in the memory of a drill, or nothing. */
export type Storage = 'file' | 'drill' | 'none'

/** @param volumes what every host lists; see `untilAtRest` */
export async function audit(
  cluster: Cluster,
  project: string,
  ledger: Ledger,
  volumes: readonly SeenVolume[],
  storage: Storage = 'file',
): Promise<readonly Finding[]> {
  return [
    ...promisesBroken(ledger, volumes, storage),
    ...(await unexplained(cluster, project, volumes)),
    ...(storage === 'file' ? filesWrong(cluster, volumes) : []),
    ...(storage === 'file' ? await targetsWrong(cluster, project) : []),
    ...(storage === 'drill' ? memoriesWrong(cluster, volumes) : []),
  ]
}

function promisesBroken(ledger: Ledger, volumes: readonly SeenVolume[], storage: Storage): readonly Finding[] {
  const seen = new Map(volumes.map((volume) => [volume.id, volume]))
  const promised = new Set(ledger.promised.map(({ id }) => id))
  const names = new Map<string, number>()
  for (const { name } of volumes) names.set(name, (names.get(name) ?? 0) + 1)
  return [
    ...ledger.surprises,
    ...ledger.promised.flatMap((each) => broken(each, seen.get(each.id), storage) ?? []),
    ...volumes
      .filter(({ id, name }) => !promised.has(id) && !ledger.open.has(name))
      .map(({ id, name }) => finding('leaked', `${name} (${id}) was never promised`, id)),
    ...[...names].filter(([, count]) => count > 1).map(([name, count]) => finding('doubled', `${name} is there ${count} times`, name)),
  ]
}

function broken(promised: Promised, seen: SeenVolume | undefined, storage: Storage): Finding | null {
  const { id, name, sizeGiB, description, state, attachment } = promised
  // Where the backend refuses to delete, the volume stays and says so.
  if (state === 'deleted' && storage === 'drill' && seen?.status === 'error_deleting') return null
  if (state === 'deleted') return seen === undefined ? null : finding('leaked', `${name} (${id}) was deleted and is ${seen.status}`, id)
  if (seen === undefined) return finding('lost', `${name} (${id}) was promised and is not there`, id)
  if (seen.status.startsWith('error')) return null
  if (seen.sizeGiB !== sizeGiB) return finding('lost', `${name} (${id}) has ${seen.sizeGiB} GiB and was promised ${sizeGiB}`, id)
  if (seen.description !== description)
    return finding('lost', `${name} (${id}) is described as "${seen.description}" and was promised "${description}"`, id)
  const isHeld = seen.status === 'attaching' || seen.status === 'reserved'
  if (attachment !== null && !isHeld) return finding('lost', `${name} (${id}) is attached and ${seen.status}`, id, attachment)
  if (attachment === null && seen.status !== 'available') return finding('leaked', `${name} (${id}) is nobody's and ${seen.status}`, id)
  return null
}

/** A volume in error has a message that says why. */
async function unexplained(cluster: Cluster, project: string, volumes: readonly SeenVolume[]): Promise<readonly Finding[]> {
  const found: Finding[] = []
  for (const { id, name, status } of volumes) {
    if (status.startsWith('error') && (await cluster.client(0, project).messages(id)).length === 0)
      found.push(finding('wrong', `${name} (${id}) is in ${status} without a message`, id))
  }
  return found
}

/** Each host has a file for each of its volumes, its tags beside it, and no other file. */
function filesWrong(cluster: Cluster, volumes: readonly SeenVolume[]): readonly Finding[] {
  return cluster.hosts.flatMap((host) => {
    // What is in error may have left its file or have none.
    const here = volumes.filter(({ pool }) => pool?.startsWith(`${host.name}@`) === true)
    const filesOf = (id: string): readonly string[] => [`volume-${id}.img`, `volume-${id}.json`]
    const mayBe = new Set(here.flatMap(({ id }) => filesOf(id)))
    const mustBe = here.filter(({ status }) => status !== 'error' && status !== 'error_deleting')
    const files = new Set(host.files())
    return [
      ...mustBe
        .flatMap(({ id }) => filesOf(id).map((file) => ({ id, file })))
        .filter(({ file }) => !files.has(file))
        .map(({ id, file }) => finding('lost', `${host.name} has no ${file}`, id)),
      ...[...files]
        .filter((name) => !mayBe.has(name))
        .map((name) =>
          finding('leaked', `${host.name} has ${name} and no such volume`, name.slice('volume-'.length, 'volume-'.length + 36)),
        ),
    ]
  })
}

/** The memory of each host has each of its volumes at its size, no other, and nothing in quarantine. */
function memoriesWrong(cluster: Cluster, volumes: readonly SeenVolume[]): readonly Finding[] {
  return cluster.hosts.flatMap((host) => {
    const here = new Map(volumes.filter(({ pool }) => pool?.startsWith(`${host.name}@`) === true).map((volume) => [volume.id, volume]))
    const kept = host.kept()
    const sizes = new Map([...kept.volumes.values()].map(({ id, sizeBytes }) => [id.toString(), sizeBytes / GIB]))
    return [
      ...[...here.values()]
        .filter(({ id, status, sizeGiB }) => !status.startsWith('error') && sizes.get(id) !== sizeGiB)
        .map(({ id, sizeGiB }) => finding('lost', `${host.name} has ${sizes.get(id) ?? 'none'} of the ${sizeGiB} GiB of ${id}`, id)),
      ...[...sizes.keys()].filter((id) => !here.has(id)).map((id) => finding('leaked', `${host.name} keeps ${id} and no such volume`, id)),
      ...[...kept.existing.values()].flatMap(({ former }) =>
        former === null ? [] : [finding('leaked', `${host.name} has ${former.volume} in quarantine`, former.volume)],
      ),
    ]
  })
}

/** Each host exports exactly what its attachments say. */
async function targetsWrong(cluster: Cluster, project: string): Promise<readonly Finding[]> {
  const client = cluster.client(0, project)
  const wanted = new Map<string, Set<string>>(cluster.hosts.map(({ portal }) => [portal, new Set()]))
  for (const { id } of await client.attachments()) {
    const { portal, iqn } = await client.connection(id)
    wanted.get(portal)?.add(iqn)
  }
  const found: Finding[] = []
  for (const host of cluster.hosts) {
    const targets = await host.tgtd.targets()
    const here = wanted.get(host.portal) ?? new Set()
    for (const iqn of targets.filter((one) => !here.has(one)))
      found.push(finding('leaked', `${host.name} exports ${iqn} and nobody is attached`, iqn, volumeOf(iqn)))
    for (const iqn of [...here].filter((one) => !targets.includes(one)))
      found.push(finding('lost', `${host.name} does not export ${iqn}`, iqn, volumeOf(iqn)))
  }
  return found
}

function volumeOf(iqn: string): string {
  return /:volume-(.{36})-/.exec(iqn)?.[1] ?? iqn
}
