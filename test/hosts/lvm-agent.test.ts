/** An agent on LVM: from the API to the LVs and back, over a power cut. */
import t from 'tap'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { textAt, at } from '../cluster/client.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'

t.setTimeout(900_000)

const lab = await startLab({ storage: 1, dataGiB: 12, memoryMiB: 512 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
const host = lab.storage(0)
const client = host.client()
const lvs = async (): Promise<string> => await host.must('lvs --noheadings -o lv_name,lv_tags vg')

async function reaches(volume: string, status: string): Promise<void> {
  const look = async (): Promise<undefined | NotYet> => {
    const seen = await client.volume(volume)
    return seen.status === status ? undefined : new NotYet(seen)
  }
  await waitFor(`volume ${volume} is ${status}`, look, { timeoutMs: 120_000, everyMs: 500, logs: [host.logFile] })
}

/** Repeated with its key while the host is not ready yet. @returns the body of the 202 */
async function taken(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
  let answered: unknown
  const ask = async (): Promise<undefined | NotYet> => {
    const answer = await client.ask(method, path, body, { 'idempotency-key': `${method} ${path} ${JSON.stringify(body)}` })
    if (answer.kind !== 'answer' || answer.status !== 202) return new NotYet(answer)
    answered = answer.body
    return undefined
  }
  await waitFor(`${method} ${path} is taken`, ask, { timeoutMs: 120_000, everyMs: 500, logs: [host.logFile] })
  return answered
}

async function create(name: string): Promise<string> {
  return textAt(at(await taken('POST', '/volumes', { volume: { name, size: 1 } }), 'volume'), 'id')
}

async function start(): Promise<void> {
  await host.startTgtd()
  await host.startAgent()
}

t.test('a volume from the API is an LV that says whose it is, and outlives a power cut', async (t) => {
  await host.must('vgcreate -q vg /dev/ubda')
  await host.startTgtd()
  await formCluster([host], { storage: ['--vg', 'vg', '--thin-pool', 'pool', '--capacity', '4'] })
  const id = await create('first')
  await reaches(id, 'available')
  const tags = new RegExp(`volume-${id} .*scoria\\.project\\.0=demo,scoria\\.request=[0-9a-f]+,scoria\\.volume=${id}`)
  t.match(await lvs(), tags)

  await host.powerCut()
  await host.boot()
  await start()
  await reaches(id, 'available')
  t.match(await host.must(`lvs --noheadings -o lv_active vg/volume-${id}`), /active/, 'it has its device')

  await taken('DELETE', `/volumes/${id}`)
  const second = await create('second')
  await reaches(second, 'available')
  await waitFor('the first is gone', async () => ((await lvs()).includes(id) ? new NotYet('there') : undefined), {
    timeoutMs: 60_000,
    everyMs: 500,
  })
  const pools = await client.call('GET', '/scheduler-stats/get_pools?detail=true', 200)
  t.match(pools, {
    pools: [{ name: 's1@lvm#pool', capabilities: { total_capacity_gb: 4, thin_provisioning_support: true, backend_state: 'up' } }],
  })
})
