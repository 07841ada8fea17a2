/**
 * Three agents on LVM that export through the kernel, and a compute host that goes on writing to a volume of the second one
 * while that host loses its journal: first with its kernel and its exports up, then together with its power.
 *
 * What it owned comes back from the tags of its logical volumes and from its peers, the same to the last letter.
 */
import t from 'tap'
import { at, attachmentIn, connectionIn, items, numberAt, textAt, Unexpected, volumeIn } from '../cluster/client.ts'
import { persist } from '../cluster/retry.ts'
import { untilSettled } from '../cluster/settled.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { untilAgreed, type Wanted } from './agreement.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'
import type { StorageHost } from './storage-host.ts'

t.setTimeout(1_800_000)

const WITHIN_MS = { timeoutMs: 240_000, everyMs: 500 }
const KEPT_MIB = 32
const WRITER_MS = 1_500_000
const CREATES_MAX = 3

const lab = await startLab({ storage: 3, compute: 1, memoryMiB: 448 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const [coordinator, owner, compute] = [lab.storage(0), lab.storage(1), lab.compute(0)]
const client = coordinator.client()
const there = {
  volumes: new Map<string, number>(),
  snapshots: new Map<string, string>(),
  attachments: new Map<string, string>(),
} satisfies Wanted
const keys = new Map<string, string>()
const seen = { attachment: '', device: '', sum: '', shown: '' }

const asked = async (method: 'POST' | 'DELETE', path: string, body: unknown, key: string, status: number): Promise<unknown> => {
  const end = await persist([client], { method, path, body, key }, { first: 0, timeoutMs: WITHIN_MS.timeoutMs })
  if (end.kind === 'answer' && end.answer.status === status) return end.answer.body
  throw new Error(`${method} ${path}: ${JSON.stringify(end)}`)
}
const reaches = (path: string, what: string): Promise<void> =>
  waitFor(
    `${path} is available`,
    async () => {
      const status = textAt(at(await client.call('GET', path, 200), what), 'status')
      if (status === 'error') throw new Error(`${path}: ${(await client.messages(path.split('/').at(-1) ?? '')).join('; ')}`)
      return status === 'available' ? undefined : new NotYet(status)
    },
    WITHIN_MS,
  )
/** A host that was away is asked for new volumes again when it has been back for a while. */
const takesVolumes = (): Promise<void> =>
  waitFor(
    `${owner.name} takes new volumes`,
    async () => {
      const pools = items(await client.call('GET', '/scheduler-stats/get_pools?detail=true', 200), 'pools')
      const pool = pools.find((one) => textAt(one, 'name').startsWith(`${owner.name}@`))
      return pool !== undefined && textAt(at(pool, 'capabilities'), 'backend_state') === 'up' ? undefined : new NotYet(pools)
    },
    WITHIN_MS,
  )
/** Asks again under another key where it ends in `error`: on a busy machine the one host that will do may be late. */
const create = async (name: string, more: object = {}): Promise<string> => {
  const body = { volume: { name, size: 1, availability_zone: owner.name, metadata: { for: name }, ...more } }
  for (let tries = 1; ; tries += 1) {
    await takesVolumes()
    const { id } = volumeIn(at(await asked('POST', '/volumes', body, `${name} ${tries}`, 202), 'volume'))
    const status = await waitFor(
      `volume ${name} is made`,
      async () => {
        const now = await client.volume(id)
        return now.status === 'creating' ? new NotYet(now) : now.status
      },
      WITHIN_MS,
    )
    if (status !== 'error') {
      there.volumes.set(id, numberAt(body.volume, 'size'))
      keys.set(name, `${name} ${tries}`)
      return id
    }
    if (tries === CREATES_MAX) throw new Error(`${name}: ${(await client.messages(id)).join('; ')}`)
    await asked('DELETE', `/volumes/${id}`, undefined, `delete ${id}`, 202)
  }
}
/** All that a client sees of it, without when and how it was looked at. */
const shown = async (host = coordinator): Promise<string> => {
  const from = host.client()
  const lists = await Promise.all(['volumes', 'snapshots'].map(async (what) => items(await from.call('GET', `/${what}/detail`, 200), what)))
  const connections = await Promise.all([...there.attachments.keys()].map((id) => from.connection(id)))
  return JSON.stringify([
    lists.map((rows) => rows.toSorted((a, b) => (textAt(a, 'id') < textAt(b, 'id') ? -1 : 1))),
    connections,
  ]).replaceAll(host.endpoint, '')
}
const agree = (): Promise<void> => untilAgreed({ host: owner, client, vg: 'vg' }, there)
const showsTheSame = (host: StorageHost): Promise<void> =>
  waitFor(
    `${host.name} shows what was there before`,
    async () => {
      const now = await shown(host).catch(refusedWith)
      return now === seen.shown ? undefined : new NotYet(`${now} instead of ${seen.shown}`)
    },
    WITHIN_MS,
  )
const countOf = (text: string): number => owner.agentLog().split(text).length - 1
const written = async (): Promise<number> => Number(await compute.must('cat /lab/written 2> /dev/null || echo 0'))
const writesMore = async (what: string): Promise<void> => {
  const before = await written()
  await waitFor(
    what,
    async () => {
      const now = await written()
      return now > before + 2 ? undefined : new NotYet(`${before} ${now}`)
    },
    WITHIN_MS,
  )
}

t.test('a host has volumes, a snapshot, a clone and an export that a compute host writes to', async () => {
  await Promise.all(lab.storageHosts.map((host) => host.must('vgcreate -q vg /dev/ubda')))
  await formCluster(lab.storageHosts, { storage: ['--vg', 'vg', '--thin-pool', 'pool', '--capacity', '6', '--target', 'lio'] })
  const db = await create('db')
  const body = { attachment: { volume_uuid: db, connector: { initiator: compute.initiator, host: compute.name } } }
  const attachment = at(await asked('POST', '/attachments', body, 'attach', 200), 'attachment')
  const { id } = attachmentIn(attachment)
  there.attachments.set(id, db)
  seen.attachment = id
  seen.device = await compute.login(connectionIn(attachment))
  await client.call('POST', `/attachments/${id}/action`, 204, { 'os-complete': null })
  await compute.write(seen.device, 'kept', KEPT_MIB)
  seen.sum = await compute.sha256(seen.device, KEPT_MIB)
  const taken = await asked('POST', '/snapshots', { snapshot: { volume_id: db, name: 'before', force: true } }, 'snapshot', 202)
  const snapshot = textAt(at(taken, 'snapshot'), 'id')
  await reaches(`/snapshots/${snapshot}`, 'snapshot')
  there.snapshots.set(snapshot, db)
  await create('copy', { snapshot_id: snapshot })
  await create('plain', { size: 2 })
  await agree()
  await waitFor(
    'it is shown',
    async () => {
      const now = await shown().catch(refusedWith)
      seen.shown = now
      return now.startsWith('[') ? undefined : new NotYet(now)
    },
    WITHIN_MS,
  )
})

t.test('its journal is deleted, with the agent’s process: the export stays, and everything comes back', async (t) => {
  const writer = `while [ ! -e /run/stop ]; do n=$((n + 1)); echo "$n" | dd of=${seen.device} bs=512 conv=sync,fsync seek=$((131072 + n % 1000)) oflag=direct status=none || exit 1; echo $n > /lab/written; done`
  const writing = compute.run(writer, { timeoutMs: WRITER_MS })
  await writesMore('it writes')
  await owner.stopAgent('KILL')
  await owner.must('rm -rf /var/lib/scoria/journal /var/lib/scoria/replica')
  await writesMore('it writes without an agent')
  await owner.startAgent()
  await waitFor('it takes part', async () => (countOf('"agent-ready"') >= 2 ? undefined : new NotYet('recovering')), WITHIN_MS)
  t.match(owner.agentLog(), '"memory-lost"', 'it knows that it had forgotten')
  await untilSettled(lab.storageHosts, 3)
  await agree()
  for (const host of lab.storageHosts) await showsTheSame(host)
  t.pass('every host shows what was there before')
  await writesMore('it goes on writing')

  await owner.powerCut()
  await owner.boot()
  await owner.must('rm -rf /var/lib/scoria/journal /var/lib/scoria/replica')
  await owner.startAgent()
  await waitFor('it takes part again', async () => (countOf('"agent-ready"') >= 3 ? undefined : new NotYet('recovering')), WITHIN_MS)
  await agree()
  await showsTheSame(owner)
  t.pass('after a power cut too')
  await writesMore('it goes on when the export is back')
  await compute.must('touch /run/stop')
  t.match(await writing, { code: 0 }, 'no write failed')
  t.equal(await compute.sha256(seen.device, KEPT_MIB), seen.sum, 'the bytes of before')
  const last = await written()
  t.equal(
    await compute.must(`dd if=${seen.device} bs=512 count=1 skip=$((131072 + ${last} % 1000)) iflag=direct status=none | tr -d '\\0'`),
    `${last}\n`,
    'and of the last write',
  )
})

t.test('a request is not done twice, and room is not given out twice', async (t) => {
  const before = new Map(there.volumes)
  const body = { volume: { name: 'plain', size: 2, availability_zone: owner.name, metadata: { for: 'plain' } } }
  const again = volumeIn(at(await asked('POST', '/volumes', body, keys.get('plain') ?? '', 202), 'volume'))
  t.ok(before.has(again.id), 'a repeat of a create finds the volume')
  const more = await create('more')
  t.notOk(before.has(more))
  await agree()
  const blocks = await owner.must('lvs --noheadings -o lv_name,thin_id --select \'lv_name=~"volume|snapshot"\' vg')
  const devices = blocks
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[1])
  t.equal(new Set(devices).size, devices.length, 'each has blocks of its own')
})

t.test('what came back can be detached and deleted, and leaves nothing', async (t) => {
  await compute.logout(await client.connection(seen.attachment))
  await asked('DELETE', `/attachments/${seen.attachment}`, undefined, 'detach', 200)
  there.attachments.clear()
  const gone = async (path: string): Promise<void> => {
    await asked('DELETE', path, undefined, `delete ${path}`, 202)
    await waitFor(
      `${path} is gone`,
      async () => {
        const answer = await client.ask('GET', path)
        return answer.kind === 'answer' && answer.status === 404 ? undefined : new NotYet(answer)
      },
      WITHIN_MS,
    )
  }
  for (const id of there.snapshots.keys()) await gone(`/snapshots/${id}`)
  there.snapshots.clear()
  for (const id of there.volumes.keys()) await gone(`/volumes/${id}`)
  there.volumes.clear()
  await agree()
  t.match(await owner.must('lvs --noheadings -o data_percent vg/pool'), /^\s*0\.00\s*$/, 'every block is back in the pool')
})

/** A host that has just begun, or whose owner has, says so. */
function refusedWith(error: unknown): string {
  if (error instanceof Unexpected) return error.message
  throw error
}
