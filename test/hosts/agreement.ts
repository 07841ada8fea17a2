/**
 * What a host shows, has on its disks and exports, side by side: each tells the same, nothing is half made, left or lost.
 *
 * Reads the API as a tenant does, LVM and configfs as an operator does.
 */
import { type Client, items, numberAt, textAt, Unexpected } from '../cluster/client.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { StorageHost } from './storage-host.ts'

/** What there is to be, as the test knows. Sizes in GiB, by id. */
export interface Wanted {
  readonly volumes: ReadonlyMap<string, number>
  /** Volume of each snapshot. */
  readonly snapshots: ReadonlyMap<string, string>
  /** Volume of each attachment. */
  readonly attachments: ReadonlyMap<string, string>
}

export interface Agreement {
  readonly host: StorageHost
  readonly client: Client
  readonly vg: string
}

const GIB = 1024 ** 3
const CONFIGFS = '/sys/kernel/config/target'
const AGREE_MS = 240_000
const OURS = /^(volume-|_snapshot-)/

/** @returns one line for each thing that is not as it should be; none if all agree */
async function disagreements({ host, client, vg }: Agreement, wanted: Wanted): Promise<readonly string[]> {
  const found: string[] = []
  const differ = (what: string, seen: readonly string[], want: readonly string[]): void => {
    const [left, right] = [seen.toSorted().join(' '), want.toSorted().join(' ')]
    if (left !== right) found.push(`${what}: [${left}] instead of [${right}]`)
  }
  const exported = new Set(wanted.attachments.values())
  const rows = items(await client.call('GET', '/volumes/detail?limit=1000', 200), 'volumes')
  const wantedVolumes = [...wanted.volumes].map(([id, size]) => `${id} ${size} ${exported.has(id) ? 'in-use' : 'available'}`)
  differ(
    'volumes of the API',
    rows.map((row) => `${textAt(row, 'id')} ${numberAt(row, 'size')} ${textAt(row, 'status')}`),
    wantedVolumes,
  )
  const snapshots = items(await client.call('GET', '/snapshots/detail?limit=1000', 200), 'snapshots')
  const wantedSnapshots = [...wanted.snapshots].map(([id, volume]) => `${id} ${volume} available`)
  differ(
    'snapshots of the API',
    snapshots.map((row) => `${textAt(row, 'id')} ${textAt(row, 'volume_id')} ${textAt(row, 'status')}`),
    wantedSnapshots,
  )
  const attachments = items(await client.call('GET', '/attachments/detail?limit=1000', 200), 'attachments')
  differ(
    'attachments of the API',
    attachments.map((row) => `${textAt(row, 'id')} ${textAt(row, 'volume_id')}`),
    [...wanted.attachments].map(([id, volume]) => `${id} ${volume}`),
  )
  const iqns = await Promise.all(attachments.map(async (row) => (await client.connection(textAt(row, 'id'))).iqn))

  const seen = await look(host, vg)
  const sizeOf = (snapshot: string): number =>
    snapshots.filter((row) => textAt(row, 'id') === snapshot).reduce<number>((sum, row) => sum + numberAt(row, 'size'), 0)
  const wantedLvs = [
    ...[...wanted.volumes].map(([id, size]) => `volume-${id} ${size * GIB}`),
    ...[...wanted.snapshots.keys()].map((id) => `_snapshot-${id} ${sizeOf(id) * GIB}`),
  ]
  differ(
    'logical volumes',
    seen.lvs.filter(({ name }) => OURS.test(name)).map(({ name, bytes }) => `${name} ${bytes}`),
    wantedLvs,
  )
  differ(
    'set aside',
    seen.lvs.filter(({ name }) => name.startsWith('quarantine')).map(({ name }) => name),
    [],
  )
  differ(
    'half done',
    seen.lvs.filter(({ tags }) => tags.includes('scoria.state')).map(({ name, tags }) => `${name} ${tags}`),
    [],
  )
  differ('targets', seen.targets, iqns)
  differ(
    'backstores',
    seen.backstores,
    [...exported].map((id) => `volume-${id}`),
  )
  if (seen.unaccountedBytes !== 0) found.push(`${seen.unaccountedBytes} bytes of ${vg} are neither free nor in a logical volume`)

  const gib =
    [...wanted.volumes.values()].reduce((sum, size) => sum + size, 0) +
    [...wanted.snapshots.keys()].reduce((sum, id) => sum + sizeOf(id), 0)
  const used = await client.used()
  differ('quota', [`${used.volumes} ${used.gigabytes}`], [`${wanted.volumes.size} ${gib}`])
  const allocated = await client.allocatedGiB(host.name)
  differ('given out', [String(allocated)], [String(gib)])
  return found
}

/**
 * What was answered is so at once; what follows from it, such as the fold of the totals, may take a moment, and so may an
 * answer of a host that has just begun. @throws with what does not agree
 */
export async function untilAgreed(agreement: Agreement, wanted: Wanted): Promise<void> {
  const look = async (): Promise<undefined | NotYet> => {
    const found = await disagreements(agreement, wanted).catch(unlessRefused)
    return found.length === 0 ? undefined : new NotYet(found)
  }
  await waitFor('API, volume group and target agree', look, { timeoutMs: AGREE_MS, everyMs: 500, logs: [agreement.host.logFile] })
}

function unlessRefused(error: unknown): readonly string[] {
  if (error instanceof Unexpected) return [error.message]
  throw error
}

interface SeenLv {
  readonly name: string
  readonly bytes: number
  readonly tags: string
}

interface Seen {
  readonly lvs: readonly SeenLv[]
  readonly unaccountedBytes: number
  readonly targets: readonly string[]
  readonly backstores: readonly string[]
}

/** Of one command: each takes the guest some tenths of a second. */
async function look(host: StorageHost, vg: string): Promise<Seen> {
  const fields = 'lv_name,lv_size,lv_tags,pool_lv,lv_layout,vg_size,vg_free'
  const lvs = `lvs -a --reportformat json --units b --nosuffix -o ${fields} ${vg}`
  const names = (folder: string): string => `ls ${CONFIGFS}/${folder} 2> /dev/null | grep volume-`
  const text = await host.must(`${lvs}; echo ---; ${names('iscsi')}; echo ---; ${names('core/iblock_2601')}; true`)
  const [report = '', targets = '', backstores = ''] = text.split('---\n')
  const rows = items(items(JSON.parse(report), 'report')[0], 'lv')
  const [first] = rows
  // What takes extents of its own: neither what lies in a pool, nor the pool, whose parts are listed.
  const taken = rows.filter((row) => textAt(row, 'pool_lv') === '' && !/(^|,)pool$/.test(textAt(row, 'lv_layout')))
  const takenBytes = taken.reduce<number>((sum, row) => sum + Number(textAt(row, 'lv_size')), 0)
  return {
    lvs: rows.map((row) => ({ name: textAt(row, 'lv_name'), bytes: Number(textAt(row, 'lv_size')), tags: textAt(row, 'lv_tags') })),
    unaccountedBytes: Number(textAt(first, 'vg_size')) - Number(textAt(first, 'vg_free')) - takenBytes,
    targets: lines(targets),
    backstores: lines(backstores),
  }
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')
