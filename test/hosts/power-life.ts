/**
 * The life of a volume in calls of the API, from its create to its delete, each of which may be repeated with its key.
 *
 * A call says what there is when it has ended, so that whoever cuts the power in it can tell what became of it.
 */
import { at, type Client, textAt } from '../cluster/client.ts'
import type { Wish } from '../cluster/retry.ts'
import { persist } from '../cluster/retry.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { StorageHost } from './storage-host.ts'

export interface There {
  readonly volumes: Map<string, number>
  readonly snapshots: Map<string, string>
  readonly attachments: Map<string, string>
}

export interface Act {
  readonly name: string
  /** Sends it until it is answered, and waits until what it began has ended. Any number of times, with one result. */
  run(): Promise<void>
  /** It has ended: what there is now. */
  note(there: There): void
}

export interface LifeOptions {
  readonly host: StorageHost
  readonly client: Client
  /** Goes into the keys. */
  readonly name: string
  /** A copy of a snapshot may be larger than it, in GiB. */
  readonly copyGiB: number
  readonly withExport: boolean
}

const END_MS = 300_000
const INITIATOR = 'iqn.2026-01.io.scoria.test:nobody'

export interface Life {
  readonly acts: readonly Act[]
  /** Volumes that hold what was written to the first one, by what made them; of those that there are. */
  volume(made: 'create' | 'clone' | 'copy'): string
}

export function lifeOf({ host, client, name, copyGiB, withExport }: LifeOptions): Life {
  const ids = new Map<string, string>()
  const id = (made: string): string => ids.get(made) ?? ''
  const asked = new Set<string>()

  const answered = async (wish: Wish, ...statuses: readonly number[]): Promise<unknown> => {
    const end = await persist([client], wish, { first: 0, timeoutMs: END_MS })
    if (end.kind === 'answer' && statuses.includes(end.answer.status)) return end.answer.body
    throw new Error(`${wish.method} ${wish.path}: ${JSON.stringify(end)}`)
  }
  const reaches = (path: string, what: string, status: string): Promise<void> =>
    waitFor(
      `${path} is ${status}`,
      async () => {
        const answer = await client.ask('GET', path)
        if (answer.kind === 'answer' && answer.status === 404 && status === 'gone') return undefined
        const seen = answer.kind === 'answer' ? textAt(at(answer.body, what), 'status') : answer.why
        if (seen.startsWith('error'))
          throw new Error(`${path} is ${seen}: ${(await client.messages(path.split('/').at(-1) ?? '')).join('; ')}`)
        return seen === status ? undefined : new NotYet(seen)
      },
      { timeoutMs: END_MS, everyMs: 400, logs: [host.logFile] },
    )

  const make =
    (made: string, path: 'volumes' | 'snapshots', body: () => object): Act['run'] =>
    async () => {
      const what = path === 'volumes' ? 'volume' : 'snapshot'
      const taken = await answered({ method: 'POST', path: `/${path}`, body: { [what]: body() }, key: `${name} ${made}` }, 202)
      const known = ids.get(made)
      const now = textAt(at(taken, what), 'id')
      if (known !== undefined && known !== now) throw new Error(`${made} made ${known} and ${now}`)
      ids.set(made, now)
      await reaches(`/${path}/${now}`, what, 'available')
    }
  const remove =
    (made: string, path: 'volumes' | 'snapshots'): Act['run'] =>
    async () => {
      const of = `/${path}/${id(made)}`
      // Asked for once more after a cut, it may be gone already, as for any client that repeats a delete.
      const done = asked.has(of) ? [202, 404] : [202]
      asked.add(of)
      await answered({ method: 'DELETE', path: of, key: `${name} delete ${made}` }, ...done)
      await reaches(of, path === 'volumes' ? 'volume' : 'snapshot', 'gone')
    }

  const acts: Act[] = [
    { name: 'create', run: make('create', 'volumes', () => ({ size: 1 })), note: ({ volumes }) => volumes.set(id('create'), 1) },
    {
      name: 'extend',
      async run() {
        const path = `/volumes/${id('create')}`
        await answered({ method: 'POST', path: `${path}/action`, body: { 'os-extend': { new_size: 2 } }, key: `${name} extend` }, 202)
        await reaches(path, 'volume', 'available')
      },
      note: ({ volumes }) => volumes.set(id('create'), 2),
    },
    {
      name: 'snapshot',
      run: make('snapshot', 'snapshots', () => ({ volume_id: id('create') })),
      note: ({ snapshots }) => snapshots.set(id('snapshot'), id('create')),
    },
    {
      name: 'clone of the volume',
      run: make('clone', 'volumes', () => ({ size: 2, source_volid: id('create') })),
      note: ({ volumes }) => volumes.set(id('clone'), 2),
    },
    {
      name: 'copy of the snapshot',
      run: make('copy', 'volumes', () => ({ size: copyGiB, snapshot_id: id('snapshot') })),
      note: ({ volumes }) => volumes.set(id('copy'), copyGiB),
    },
    {
      name: 'attach',
      async run() {
        const connector = { initiator: INITIATOR, host: 'nobody' }
        const body = { attachment: { volume_uuid: id('create'), connector } }
        const attached = at(await answered({ method: 'POST', path: '/attachments', body, key: `${name} attach` }, 200), 'attachment')
        ids.set('attach', textAt(attached, 'id'))
        await answered({ method: 'POST', path: `/attachments/${id('attach')}/action`, body: { 'os-complete': null } }, 204)
      },
      note: ({ attachments }) => attachments.set(id('attach'), id('create')),
    },
    {
      name: 'detach',
      async run() {
        await answered({ method: 'DELETE', path: `/attachments/${id('attach')}`, key: `${name} detach` }, 200)
      },
      note: ({ attachments }) => attachments.delete(id('attach')),
    },
    { name: 'delete of the snapshot', run: remove('snapshot', 'snapshots'), note: ({ snapshots }) => snapshots.delete(id('snapshot')) },
    { name: 'delete of the clone', run: remove('clone', 'volumes'), note: ({ volumes }) => volumes.delete(id('clone')) },
    { name: 'delete', run: remove('create', 'volumes'), note: ({ volumes }) => volumes.delete(id('create')) },
    { name: 'delete of the copy', run: remove('copy', 'volumes'), note: ({ volumes }) => volumes.delete(id('copy')) },
  ]
  return { acts: acts.filter((act) => withExport || !/tach$/.test(act.name)), volume: id }
}
