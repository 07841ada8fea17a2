/**
 * What the demo shows, step by step: everything goes over the API and over iSCSI, as for any user.
 *
 * A step that does not show what it says throws; nothing is told before it has been seen.
 */
import { hashHex } from '../../lib/model/hash.ts'
import {
  answerText,
  at,
  attachmentIn,
  type Client,
  connectionIn,
  items,
  numberAt,
  type SeenConnection,
  type SeenVolume,
  textAt,
  volumeIn,
} from '../cluster/client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Host } from '../cluster/host.ts'
import { MIB, readPattern, writePattern } from '../cluster/initiator.ts'
import { NotYet } from '../cluster/wait-for.ts'
import type { Telling } from './telling.ts'

const PROJECT = 'demo'
const WEB_1 = 'iqn.2026-01.example:web-1'
const WEB_2 = 'iqn.2026-01.example:web-2'
const PATTERN = 0xa5
const PATTERN_BYTES = 16 * MIB
/** Moments to catch a volume while it is being made. */
const CATCHES_MAX = 8

export async function tellStory(cluster: Cluster, telling: Telling): Promise<void> {
  await formCluster(cluster, telling)
  const db = await createVolume(cluster, telling)
  await moveBetweenInitiators(cluster, telling, db)
  const logs = await killCoordinator(cluster, telling)
  await bringBack(cluster, telling, [db, logs])
}

async function formCluster(cluster: Cluster, { step }: Telling): Promise<void> {
  await cluster.form((formed) => {
    switch (formed.kind) {
      case 'tgtd':
        return step('each host has its iSCSI daemon, and a folder for the bytes')
      case 'founded':
        return step(`host ${formed.host} founds the cluster: scoria init --name ${formed.host} --expect 3`)
      case 'joined':
        return step(`hosts ${formed.hosts.join(' and ')} join it: scoria join TOKEN, each with a token of its own that works once`)
      case 'formed':
        return step('all three see each other; from now on any of them takes any request')
    }
  })
}

async function createVolume(cluster: Cluster, { step }: Telling): Promise<SeenVolume> {
  const key = 'demo-db'
  // Equal views rank equally; hosts that have just met may still doubt each other for a moment.
  const ranking = await cluster.waitFor('the hosts rank alike', async () => {
    const rankings = await Promise.all(cluster.hosts.map((_, k) => explain(cluster.client(k, PROJECT), key, 30)))
    const [first] = rankings
    const isSame = new Set(rankings.map((each) => each.lines.join())).size === 1
    return first !== undefined && isSame ? first : new NotYet(`the hosts rank differently: ${JSON.stringify(rankings)}`)
  })
  step('where will 30 GiB go, and why? scoria placement explain: the same answer from a, b and c', [
    ...ranking.lines,
    'each request draws its own order by weight, so that many at once spread and do not herd',
  ])

  const startMs = performance.now()
  const volume = await create(cluster.client(0, PROJECT), 'db', 30, key)
  const answeredMs = performance.now() - startMs
  const made = await untilAvailable(cluster, 1, volume.id)
  const totalMs = performance.now() - startMs
  if (made.pool !== ranking.first) throw new Error(`volume db went to ${made.pool} and not to ${ranking.first}`)
  step(`volume db, asked of a: promised after ${ms(answeredMs)}, available on ${hostOf(made)} after ${ms(totalMs)}`)
  return made
}

async function moveBetweenInitiators(cluster: Cluster, { step }: Telling, db: SeenVolume): Promise<void> {
  const first = await attach(cluster.client(1, PROJECT), db, WEB_1)
  step('attached to web-1, asked of b: a target and a CHAP secret of its own', [
    `${first.connection.iqn}  at ${first.connection.portal}, the disk is on ${hostOf(db)}`,
  ])
  must(await writePattern(first.connection, WEB_1, PATTERN, PATTERN_BYTES), 'web-1 writes')
  step('web-1 logs in over iSCSI (qemu-io, as Debian has it), writes 16 MiB and reads them back')

  await cluster.client(1, PROJECT).call('DELETE', `/attachments/${first.id}`, 200)
  const second = await attach(cluster.client(2, PROJECT), db, WEB_2)
  must(await readPattern(second.connection, WEB_2, PATTERN, PATTERN_BYTES), 'web-2 reads')
  step('detached, and attached to web-2, asked of c: web-2 reads the same 16 MiB')

  const old = await mustBeRefused(first.connection, WEB_1)
  const stolen = await mustBeRefused(second.connection, WEB_1)
  step("web-1 is out: refused with its old login, and refused with web-2's own secret", [`old login: ${old}`, `web-2's secret: ${stolen}`])
  await cluster.client(0, PROJECT).call('DELETE', `/attachments/${second.id}`, 200)
}

/**
 * Kills the coordinator of a create while the volume is being made elsewhere.
 *
 * Making a sparse file takes milliseconds, so the host that does it is stopped (SIGSTOP) as soon as the client has its
 * answer. If it was faster all the same, another volume is made until one was caught.
 */
async function killCoordinator(cluster: Cluster, { step }: Telling): Promise<SeenVolume> {
  const coordinator = cluster.host(0)
  const client = cluster.client(0, PROJECT)
  for (let n = 1; n <= CATCHES_MAX; n += 1) {
    const key = await keyThatGoesElsewhere(client, coordinator.name, n)
    const owner = cluster.named(key.host)
    const volume = await create(client, `logs-${n}`, 1, key.key)
    owner.freeze()
    const seen = await caughtCreating(client, volume.id)
    if (!seen) {
      owner.thaw()
      await untilAvailable(cluster, 0, volume.id)
      await client.call('DELETE', `/volumes/${volume.id}`, 202)
      continue
    }
    step(
      `volume ${volume.name}, asked of ${coordinator.name}: promised; ${owner.name} makes it, held still (SIGSTOP) so that we can look: \`creating\``,
    )
    return await finishWithout(cluster, { coordinator, owner, volume, step })
  }
  throw new Error(`in ${CATCHES_MAX} tries no volume was seen while it was being made`)
}

interface Caught {
  readonly coordinator: Host
  readonly owner: Host
  readonly volume: SeenVolume
  readonly step: Telling['step']
}

async function finishWithout(cluster: Cluster, { coordinator, owner, volume, step }: Caught): Promise<SeenVolume> {
  await coordinator.kill()
  owner.thaw()
  const startMs = performance.now()
  const witness = cluster.hosts.findIndex((host) => host !== coordinator && host !== owner)
  const made = await untilAvailable(cluster, witness, volume.id)
  step(
    `${coordinator.name}, which had promised it, is killed (kill -9), and ${owner.name} goes on: available after ${ms(performance.now() - startMs)}, says ${cluster.host(witness).name}`,
  )
  return made
}

async function bringBack(cluster: Cluster, { step }: Telling, wanted: readonly SeenVolume[]): Promise<void> {
  await cluster.start(0)
  const client = cluster.client(0, PROJECT)
  await cluster.waitFor('the host that was killed lists what it missed', async () => {
    const volumes = await client.volumes()
    const isWhole =
      volumes.length === wanted.length && wanted.every(({ id }) => volumes.some((each) => each.id === id && each.status === 'available'))
    return isWhole ? undefined : new NotYet(volumes)
  })
  await cluster.settled()
  const { volumes, gigabytes } = await client.used()
  step(`a is started again and knows all of it: ${volumes} volumes, ${gigabytes} GiB, each of them available`)
}

interface Explained {
  readonly first: string
  readonly lines: readonly string[]
}

/** The ranking of the very request that will be made with this key. */
async function explain(client: Client, key: string, sizeGiB: number): Promise<Explained> {
  const rid = hashHex(PROJECT, key).slice(0, 32)
  const body = await client.call('POST', '/scoria/v1/placement/explain', 200, { size: sizeGiB, rid })
  const candidates = items(body, 'candidates')
  const taken = candidates.map((row, index) => {
    const place = index === 0 ? '1st choice' : 'next'
    return `${place.padEnd(10)}  ${textAt(row, 'pool')}  weight ${numberAt(row, 'weight')}`
  })
  const left = items(body, 'rejected').map(
    (row) => `left out    ${textAt(row, 'pool')}  ${textAt(row, 'filter')}: ${textAt(row, 'reported')}, needed ${textAt(row, 'needed')}`,
  )
  return { first: textAt(candidates[0], 'pool'), lines: [...taken, ...left] }
}

async function keyThatGoesElsewhere(client: Client, not: string, n: number): Promise<{ readonly key: string; readonly host: string }> {
  for (let m = 0; ; m += 1) {
    const key = `demo-logs-${n}-${m}`
    const { first } = await explain(client, key, 1)
    const host = first.slice(0, first.indexOf('@'))
    if (host !== not) return { key, host }
  }
}

async function create(client: Client, name: string, sizeGiB: number, key: string): Promise<SeenVolume> {
  const body = await client.call('POST', '/volumes', 202, { volume: { name, size: sizeGiB } }, { 'idempotency-key': key })
  return volumeIn(at(body, 'volume'))
}

/** Twice, with time between for a word from the owner that was on its way. */
async function caughtCreating(client: Client, id: string): Promise<boolean> {
  const first = await client.volume(id)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const second = await client.volume(id)
  return first.status === 'creating' && second.status === 'creating'
}

function untilAvailable(cluster: Cluster, k: number, id: string): Promise<SeenVolume> {
  return cluster.waitFor(
    `volume ${id} is available`,
    async () => {
      const answer = await cluster.client(k, PROJECT).ask('GET', `/volumes/${id}`)
      if (answer.kind !== 'answer' || answer.status !== 200) return new NotYet(answerText(answer))
      const seen = volumeIn(at(answer.body, 'volume'))
      if (seen.status === 'error') throw new Error(`volume ${seen.name} is in error: ${await cluster.client(k, PROJECT).messages(id)}`)
      return seen.status === 'available' ? seen : new NotYet(seen)
    },
    { everyMs: 5, timeoutMs: 30_000 },
  )
}

async function attach(
  client: Client,
  volume: SeenVolume,
  initiator: string,
): Promise<{ readonly id: string; readonly connection: SeenConnection }> {
  const connector = { initiator, host: initiator.slice(initiator.lastIndexOf(':') + 1), multipath: false }
  const attachment = at(await client.call('POST', '/attachments', 200, { attachment: { volume_uuid: volume.id, connector } }), 'attachment')
  return { id: attachmentIn(attachment).id, connection: connectionIn(attachment) }
}

function must(end: { readonly ok: boolean; readonly text: string }, what: string): void {
  if (!end.ok) throw new Error(`${what}: ${end.text}`)
}

/** @returns the reason that the target gave */
async function mustBeRefused(connection: SeenConnection, initiator: string): Promise<string> {
  const end = await readPattern(connection, initiator, PATTERN, PATTERN_BYTES)
  if (end.ok) throw new Error(`${initiator} could log in to ${connection.iqn}, and must not`)
  const reason = /Status: (.*)/.exec(end.text)?.[1]
  if (reason === undefined) throw new Error(`${initiator} was not refused, its client failed: ${end.text}`)
  return reason
}

function hostOf({ pool }: SeenVolume): string {
  return pool?.slice(0, pool.indexOf('@')) ?? 'nobody'
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`
}
