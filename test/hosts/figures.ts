/**
 * npm run bench:hosts -- [--parts create,start,io] [--volumes N]
 *
 * What LVM and LIO cost with an agent, on hosts with kernels of their own: each figure beside a rival of the same run. A miss
 * is printed, and only what is far off ends the run with 1.
 */
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Figure, figuresTable } from '../bench/figure.ts'
import { median, quantile } from '../bench/quantiles.ts'
import { at, attachmentIn, type Client, connectionIn, items, numberAt, textAt } from '../cluster/client.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { ComputeHost } from './compute-host.ts'
import { startLab } from './lab.ts'
import type { StorageHost } from './storage-host.ts'

const RUNS = 30
/** Even, so that each side is the first one in half of them. */
const ROUNDS = 12
const FAR_OFF = 3
const WITHIN_MS = { timeoutMs: 900_000, everyMs: 250 }
const PROGRAM = fileURLToPath(new URL('./guest/figures.js', import.meta.url))
const CONFIGFS = '/sys/kernel/config/target'

const { values } = parseArgs({
  options: { parts: { type: 'string', default: 'create,io,start' }, volumes: { type: 'string', default: '200' } },
})
const parts = values.parts.split(',')
const volumeCount = Number(values.volumes)

const lab = await startLab({ storage: 1, compute: parts.includes('io') ? 1 : 0, dataGiB: 8, memoryMiB: 768 })
const figures: Figure[] = []
try {
  const host = lab.storage(0)
  await host.must('chmod 700 /var/lib/scoria && vgcreate -q --metadatasize 16m vg /dev/ubda')
  const network = ['--listen', `${host.address}:8777`, '--portal', `${host.address}:3260`, '--target', 'lio']
  const thin = { kind: 'lvm', name: 'lvm', vg: 'vg', thinPool: 'pool', thinPoolGiB: 6, maxOverSubscriptionRatio: 100 }
  await host.scoria('init', '--name', host.name, '--dir', '/var/lib/scoria', ...network, '--vg', 'vg', '--quota', 'volumes=-1,gigabytes=-1')
  await host.configure((config) => ({ ...config, backends: [thin] }))
  await host.startAgent()
  await ready(host, 1)
  if (parts.includes('create')) figures.push(...(await createFigures(host)))
  if (parts.includes('io')) figures.push(...(await ioFigures(host, lab.compute(0))))
  if (parts.includes('start')) figures.push(...(await startFigures(host)))
} finally {
  await lab.stop()
}
process.stdout.write(`${figuresTable(figures)}\n`)
process.exitCode = figures.some(isFarOff) ? 1 : 0

async function createFigures(host: StorageHost): Promise<readonly Figure[]> {
  const inHost = async (...args: readonly string[]): Promise<unknown> => JSON.parse(await host.must(['node', PROGRAM, ...args], WITHIN_MS))
  const creates = await inHost('create', String(RUNS))
  const [bare, whole] = [numbersAt(creates, 'bare'), numbersAt(creates, 'whole')]
  const attach = numbersAt(await inHost('attach', String(RUNS)), 'whole')
  const against = `p50 of ${RUNS}: ${ms(median(whole))}, and ${ms(median(bare))} for lvcreate -V, in turn in one host`
  return [
    {
      what: 'create on thin LVM, POST to available',
      value: median(whole) / median(bare),
      unit: 'lvcreate',
      against,
      target: { atMost: 1.1 },
    },
    { what: 'the same, p90', value: quantile(whole, 0.9) / quantile(bare, 0.9), unit: 'lvcreate', against: '', target: null },
    {
      what: 'attach, POST to 200 with the connection',
      value: median(attach),
      unit: 'ms',
      against: `p50 of ${attach.length}; p90 ${ms(quantile(attach, 0.9))}`,
      target: null,
    },
    {
      what: 'of it expose: target, CHAP, access list',
      value: median(exposeMs(host)),
      unit: 'ms',
      against: 'by its own log',
      target: { atMost: 20 },
    },
  ]
}

/** As the agent has timed them itself. */
function exposeMs(host: StorageHost): readonly number[] {
  return logLines(host)
    .filter((line) => textAt(line, 'event') === 'export-made')
    .map((line) => numberAt(line, 'ms'))
}

/** An initiator's I/O through an export of the agent, and through one that was made by hand of the same LV, in turn, each first in every other round. */
async function ioFigures(host: StorageHost, compute: ComputeHost): Promise<readonly Figure[]> {
  const client = host.client()
  const volume = textAt(at(await client.call('POST', '/volumes', 202, { volume: { size: 1 } }), 'volume'), 'id')
  await waitFor(
    'the volume is there',
    async () => ((await client.volume(volume)).status === 'available' ? undefined : new NotYet('no')),
    WITHIN_MS,
  )
  await host.must(`dd if=/dev/zero of=/dev/vg/volume-${volume} bs=1M oflag=direct count=1024 status=none`, WITHIN_MS)
  const jobs: Readonly<Record<string, readonly string[]>> = {
    'sequential read, 1 MiB': ['--rw=read', '--bs=1m', '--iodepth=8'],
    'sequential write, 1 MiB': ['--rw=write', '--bs=1m', '--iodepth=8'],
    'random read, 4 KiB': ['--rw=randread', '--bs=4k', '--iodepth=16'],
    'random write, 4 KiB': ['--rw=randwrite', '--bs=4k', '--iodepth=16'],
  }
  const seen = new Map<string, { readonly ours: number[]; readonly byHand: number[] }>(
    Object.keys(jobs).map((name) => [name, { ours: [], byHand: [] }]),
  )
  const run = async (device: string, of: 'ours' | 'byHand'): Promise<void> => {
    for (const [name, options] of Object.entries(jobs)) seen.get(name)?.[of].push(await fio(compute, device, options))
  }
  const throughOurs = async (): Promise<void> => {
    const attached = await attach(client, compute, volume)
    await run(attached.device, 'ours')
    await compute.logout(attached.connection)
    await client.call('DELETE', `/attachments/${attached.id}`, 200)
  }
  const throughByHand = async (): Promise<void> => {
    const connection = await exportByHand(host, compute, `/dev/vg/volume-${volume}`)
    await run(await compute.login(connection), 'byHand')
    await compute.logout(connection)
    await removeByHand(host, connection.iqn)
  }
  const order = [throughOurs, throughByHand]
  for (let round = 0; round < ROUNDS; round += 1) for (const through of round % 2 === 0 ? order : order.toReversed()) await through()
  return [...seen].map(([name, { ours, byHand }]) => ({
    what: `${name}, through an export`,
    value: median(ours) / median(byHand),
    unit: 'by hand',
    against: `p50 of ${ROUNDS}: ${mib(median(ours))}, and ${mib(median(byHand))} for the same LV exported by hand`,
    target: { atLeast: 0.95 },
  }))
}

/** Bytes a second. */
async function fio(compute: ComputeHost, device: string, options: readonly string[]): Promise<number> {
  const fixed = [
    '--name=io',
    `--filename=${device}`,
    '--size=512m',
    '--runtime=2',
    // An attach forks commands in a host of one processor: what they cost is the attach's.
    '--ramp_time=2',
    '--time_based',
    '--direct=1',
    '--ioengine=libaio',
    '--output-format=json',
  ]
  const job = items(JSON.parse(await compute.must(['fio', ...fixed, ...options], WITHIN_MS)), 'jobs')[0]
  return numberAt(at(job, 'read'), 'bw_bytes') + numberAt(at(job, 'write'), 'bw_bytes')
}

type Connection = ReturnType<typeof connectionIn>

async function attach(
  client: Client,
  compute: ComputeHost,
  volume: string,
): Promise<{ readonly id: string; readonly device: string; readonly connection: Connection }> {
  const body = { attachment: { volume_uuid: volume, connector: { initiator: compute.initiator, host: compute.name } } }
  const attachment = at(await client.call('POST', '/attachments', 200, body), 'attachment')
  const connection = connectionIn(attachment)
  return { id: attachmentIn(attachment).id, connection, device: await compute.login(connection) }
}

/** The same switches as the agent's, in a shell. Without a serial number the kernel would tell initiators nothing of the device, and they would cut I/O as they like. */
async function exportByHand(host: StorageHost, compute: ComputeHost, device: string): Promise<Connection> {
  const [iqn, username, password] = ['iqn.2026-01.io.scoria.test:by-hand', 'hand', 'secretsecret12']
  const portal = `${host.address}:3260`
  const [store, group] = [`${CONFIGFS}/core/iblock_7/hand`, `${CONFIGFS}/iscsi/${iqn}/tpgt_1`]
  const acl = `${group}/acls/${compute.initiator}`
  await host.must(
    [
      `mkdir -p ${store} && echo udev_path=${device} > ${store}/control && echo 1 > ${store}/enable`,
      `echo hand > ${store}/wwn/vpd_unit_serial`,
      ...['emulate_3pc', 'emulate_tpu', 'emulate_tpws'].map((name) => `echo 0 > ${store}/attrib/${name}`),
      `mkdir -p ${group}/lun/lun_1 ${acl} && echo 1 > ${group}/attrib/authentication`,
      `ln -s ${store} ${group}/lun/lun_1/volume && mkdir ${group}/np/${portal}`,
      `mkdir ${acl}/lun_1 && ln -s ${group}/lun/lun_1 ${acl}/lun_1/volume && echo 0 > ${acl}/lun_1/write_protect`,
      `printf %s ${username} > ${acl}/auth/userid && printf %s ${password} > ${acl}/auth/password && echo 1 > ${group}/enable`,
    ].join(' && '),
  )
  return { portal, iqn, lun: 1, username, password }
}

async function removeByHand(host: StorageHost, iqn: string): Promise<void> {
  const group = `${CONFIGFS}/iscsi/${iqn}/tpgt_1`
  await host.must(
    `cd ${group} && echo 0 > enable && rm acls/*/lun_1/volume && rmdir acls/*/lun_1 acls/* np/* && rm lun/lun_1/volume && rmdir lun/lun_1 && cd / && rmdir ${group} ${CONFIGFS}/iscsi/${iqn} ${CONFIGFS}/core/iblock_7/hand`,
  )
}

/** The power comes back to a host with so many volumes: from the agent's first word until the last of the exports is there. */
async function startFigures(host: StorageHost): Promise<readonly Figure[]> {
  const client = host.client()
  const inHost = (...args: readonly string[]): Promise<string> => host.must(['node', PROGRAM, ...args], WITHIN_MS)
  const exportsWanted = Math.floor(volumeCount / 4)
  const missing = volumeCount - (await client.volumes()).length
  const bodies = Array.from({ length: Math.max(0, missing) }, (_, n) => ({ volume: { size: 1, name: `of many ${n}` } }))
  for (const body of bodies) await client.call('POST', '/volumes', 202, body)
  await waitFor(
    'the volumes are there',
    async () => {
      const volumes = await client.volumes()
      const failed = volumes.find(({ status }) => status === 'error')
      if (failed !== undefined) throw new Error(`${failed.id}: ${(await client.messages(failed.id)).join('; ')}`)
      const made = volumes.filter(({ status }) => status !== 'creating').length
      return made === volumeCount ? undefined : new NotYet(made)
    },
    { timeoutMs: 3_600_000, everyMs: 2000 },
  )
  await inHost('attach', String(exportsWanted - (await client.attachments()).length))
  const [asBooted, asleep] = [await startOnce(host, 2, exportsWanted, true), await startOnce(host, 3, exportsWanted, false)]
  const what = `start with ${volumeCount} volumes, to the last of ${exportsWanted} exports`
  return [
    { what, value: asBooted, unit: 's', against: 'logical volumes activated before, as Debian does when it boots', target: { atMost: 10 } },
    {
      what: 'the same, no logical volume activated before',
      value: asleep,
      unit: 's',
      against: 'those with exports come first',
      target: { atMost: 10 },
    },
  ]
}

/** @returns seconds */
async function startOnce(host: StorageHost, life: number, exportsWanted: number, isActivated: boolean): Promise<number> {
  await host.powerCut()
  await host.boot()
  if (isActivated) await host.must('vgchange -q -a y vg', WITHIN_MS)
  await host.startAgent()
  await ready(host, life)
  const lines = (): readonly unknown[] => {
    const all = logLines(host)
    return all.slice(all.findLastIndex((line) => textAt(line, 'event') === 'agent-starting'))
  }
  const made = (): readonly unknown[] => lines().filter((line) => textAt(line, 'event') === 'export-made')
  await waitFor('the exports are back', async () => (made().length >= exportsWanted ? undefined : new NotYet(made().length)), WITHIN_MS)
  const from = Date.parse(textAt(lines()[0], 'time'))
  const to = Date.parse(textAt(made().at(-1), 'time'))
  return (to - from) / 1000
}

async function ready(host: StorageHost, life: number): Promise<void> {
  const look = async (): Promise<undefined | NotYet> =>
    host.agentLog().split('"agent-ready"').length > life ? undefined : new NotYet('recovering')
  await waitFor('the agent takes part', look, WITHIN_MS)
}

function logLines(host: StorageHost): readonly unknown[] {
  return host
    .agentLog()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line))
}

function numbersAt(value: unknown, key: string): readonly number[] {
  return items(value, key).filter((one): one is number => typeof one === 'number')
}

function isFarOff({ value, target }: Figure): boolean {
  if (target === null) return false
  return 'atMost' in target ? value > target.atMost * FAR_OFF : value < target.atLeast / FAR_OFF
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB/s`
}
