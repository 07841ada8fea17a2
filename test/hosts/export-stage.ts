/**
 * One storage host that exports in one of the two ways, two compute hosts, and what must be so whichever of the ways it is.
 *
 * One lab lives through all of it; the tests of a file share its stage, in their order.
 */
import type { Test } from 'tap'
import type { Client, SeenVolume } from '../cluster/client.ts'
import type { ComputeHost } from './compute-host.ts'
import type { Lab } from './lab.ts'
import type { StorageHost } from './storage-host.ts'
import { type Attached, attach, closeAttachment, makeVolume, there } from './use-volume.ts'
import { startWriter } from './writer.ts'

export interface Stage {
  readonly kind: 'lio' | 'tgt'
  readonly host: StorageHost
  readonly client: Client
  readonly one: ComputeHost
  readonly other: ComputeHost
  /** Set by `begin`, and from then on what the tests before have left. */
  volume: SeenVolume | null
  attached: Attached | null
}

/** Instead of the two minutes of the compute hosts, so that a write to a dead target fails while the test looks. */
const GIVE_UP_S = 3
const FAILED_MS = 60_000
const SOME_BLOCKS = 20
/** A boot, a start of the agent, and an initiator that tries again every few seconds; on a busy machine. */
const BACK_MS = 120_000

export function stageOf(lab: Lab, kind: Stage['kind']): Stage {
  const host = lab.storage(0)
  return { kind, host, client: host.client(), one: lab.compute(0), other: lab.compute(1), volume: null, attached: null }
}

/** A cluster of one host, with its defaults; a volume in it, attached to the first compute host. */
export async function begin(stage: Stage): Promise<void> {
  const { kind, host, client, one } = stage
  const network = ['--listen', `${host.address}:8777`, '--portal', `${host.address}:3260`]
  await host.must(['chmod', '700', '/var/lib/scoria'])
  await host.scoria('init', '--name', host.name, '--dir', '/var/lib/scoria', '--capacity', '3', '--target', kind, ...network)
  await startExporting(stage)
  await host.untilReady()
  stage.volume = await makeVolume(client, { name: 'db' })
  stage.attached = await attach(client, stage.volume, one)
}

/** What the machine itself does after a boot. */
async function startExporting({ kind, host }: Stage): Promise<void> {
  if (kind === 'tgt') await host.startTgtd()
  await host.startAgent()
}

/** Detached by force while it writes: its next write fails, it does not get in again, and whoever comes after it is alone. */
export async function detachedWhileItWrites(t: Test, stage: Stage): Promise<void> {
  const { client, one, other, host } = stage
  const [volume, { id, device, connection }] = [there(stage.volume), there(stage.attached)]
  await one.must(`echo ${GIVE_UP_S} | tee /sys/class/iscsi_session/session*/recovery_tmo > /dev/null`)
  const writer = await startWriter(one, device)
  await closeAttachment(client, id)
  t.match(await client.volume(volume.id), { status: 'available' }, 'the volume is free as soon as the detach is answered')
  t.same(await sessions(stage), [], 'nobody is logged in')
  const successor = await attach(client, volume, other)
  t.not(successor.connection.iqn, connection.iqn)
  await other.write(successor.device, 'the successor', 4)
  const sum = await other.sha256(successor.device, 4)
  await writer.failed({ timeoutMs: FAILED_MS })
  t.equal((await one.run(`dd if=/dev/zero of=${device} bs=4k count=1 oflag=direct`)).code, 1, 'and so does the next one')
  await one.logout(connection)
  await t.rejects(one.login(connection), { message: /iscsiadm/ }, 'it does not get in again')
  t.equal(await other.sha256(successor.device, 4), sum, 'no byte of it arrived later')
  t.same(await sessions(stage), [other.initiator], 'its successor is alone')
  t.match(host.agentLog(), '"export-fenced"')
  stage.attached = successor
}

/** The storage host loses its power while somebody writes: what was flushed is there, and nothing else has changed. */
export async function powerCutWhileItWrites(t: Test, stage: Stage): Promise<void> {
  const { host, client, other } = stage
  const { id, device, connection } = there(stage.attached)
  const serial = await serialOf(other, device)
  const writer = await startWriter(other, device)
  await writer.goesOn(SOME_BLOCKS, { timeoutMs: BACK_MS })
  await host.powerCut()
  await host.boot()
  await startExporting(stage)
  await writer.goesOn(SOME_BLOCKS, { timeoutMs: BACK_MS })
  await writer.stop()
  t.comment(`${writer.flushed()} blocks were flushed`)
  t.equal(await writer.missing(), '', 'every block that was flushed before or after is there')
  t.same(await client.connection(id), connection, 'the same target, LUN and secret')
  t.equal(await serialOf(other, device), serial, 'the same disk')
  t.same(await sessions(stage), [other.initiator])
}

/** As its target tells it now. */
export async function serialOf(host: ComputeHost, device: string): Promise<string> {
  const folder = `/sys/block/$(basename ${device})/device`
  // After four bytes of its own the page holds text.
  return (await host.must(`echo 1 > ${folder}/rescan && tail -c +5 ${folder}/vpd_pg80 | tr -d '\\0'`)).trim()
}

/** Names of the initiators that are logged in to exports of volumes, as the target itself tells. */
async function sessions({ kind, host }: Stage): Promise<readonly string[]> {
  const shown = {
    lio: `grep -h '^InitiatorName: ' /sys/kernel/config/target/iscsi/iqn*/tpgt_1/acls/*/info`,
    tgt: `tgtadm --lld iscsi --mode target --op show | grep 'Initiator: '`,
  }
  const { stdout } = await host.run(shown[kind])
  return stdout.split('\n').flatMap((line) => /Initiator(?:Name)?: (\S+)/.exec(line)?.[1] ?? [])
}
