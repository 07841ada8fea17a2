/**
 * What must be so before volumes are kept in a volume group; a miss is one line that names the remedy.
 *
 * A thin pool that is not there is made if the operator has said how large. What is there already is made usable: after a
 * boot no LV has a device.
 */
import type { Exec } from '../../../lib/ports/exec.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { allOurs, type Place } from './look-up.ts'
import { poolNamed, type VgState } from './report.ts'
import { notZeroing } from './thin-pool.ts'
import type { VolumeGroup } from './volume-group.ts'

const GIB = 1024 ** 3
const CHECK_TIMEOUT_MS = 20_000

export interface LvmCheck {
  readonly exec: Exec
  readonly log: Log
  readonly vg: VolumeGroup
  readonly place: Place
  /** Size of the thin pool that is made when it is not there; null: it has to be there. */
  readonly thinPoolGiB: number | null
}

/** @returns null if the group, and the thin pool in it, will do */
export async function checkLvmBackend(check: LvmCheck): Promise<string | null> {
  const { exec, vg, place } = check
  const tools = await toolsProblem(exec, place)
  if (tools !== null) return tools
  const seen = await vg.read()
  if (seen.kind !== 'ok') {
    return /not found/.test(seen.detail)
      ? `volume group ${vg.name} is not there: vgcreate ${vg.name} /dev/DISK, or name one that is (vgs) in backends[].vg`
      : `volume group ${vg.name} cannot be read: ${seen.detail}`
  }
  const problem = groupProblem(vg.name, seen.value)
  if (problem !== null) return problem
  const pool = place.thinPool === null ? null : await poolProblem(check, place.thinPool, seen.value)
  if (pool !== null) return pool
  await activate(check, seen.value)
  return null
}

async function toolsProblem(exec: Exec, { thinPool }: Place): Promise<string | null> {
  const version = await exec({ file: 'lvm', args: ['version'], timeoutMs: CHECK_TIMEOUT_MS })
  if (version.missing) return 'lvm2 is not installed: apt-get install lvm2'
  if (version.exitCode !== 0) return `lvm does not work: ${version.stderr.trim()}`
  if (!version.stdout.includes('Driver version'))
    return 'this kernel has no device-mapper, or this user may not use it: modprobe dm_mod, and run the agent as root'
  const scans = await exec({ file: 'lvm', args: ['lvmconfig', '--typeconfig', 'full', 'devices/scan_lvs'], timeoutMs: CHECK_TIMEOUT_MS })
  if (scans.stdout.trim() === 'scan_lvs=1')
    return 'this host looks for volume groups inside logical volumes, and would use those that tenants make: set scan_lvs = 0 under devices in /etc/lvm/lvm.conf'
  if (thinPool === null) return null
  const thin = await exec({ file: 'thin_check', args: ['-V'], timeoutMs: CHECK_TIMEOUT_MS })
  return thin.missing ? 'thin_check is not installed, without which no thin pool comes up: apt-get install thin-provisioning-tools' : null
}

function groupProblem(vg: string, { extentBytes, missingPvs }: VgState): string | null {
  if (missingPvs > 0)
    return `volume group ${vg} misses ${missingPvs} of its disks: see pvs, and bring them back or vgreduce --removemissing ${vg}`
  if (GIB % extentBytes !== 0)
    return `volume group ${vg} has extents of ${extentBytes} bytes, and a volume of 1 GiB must be a whole number of them: vgchange --physicalextentsize 4m ${vg}`
  return null
}

async function poolProblem({ vg, thinPoolGiB }: LvmCheck, name: string, state: VgState): Promise<string | null> {
  const pool = poolNamed(state, name)
  const path = `${vg.name}/${name}`
  if (pool !== undefined) return pool.isZeroing ? null : notZeroing(vg.name, name)
  if (state.lvs.some((lv) => lv.name === name)) return `${path} is no thin pool: name another in backends[].thinPool`
  if (thinPoolGiB === null)
    return `thin pool ${path} is not there: set backends[].thinPoolGiB to have it made, or lvcreate --type thin-pool --zero y --size SIZE --name ${name} ${vg.name}`
  const made = await vg.change(['lvcreate', '--type', 'thin-pool', '--zero', 'y', '--size', `${thinPoolGiB}g`, '--name', name, vg.name])
  return made.kind === 'ok' ? null : `thin pool ${path} of ${thinPoolGiB} GiB cannot be made: ${made.detail}`
}

/** One that does not come up must not keep the others down: whoever asks for it hears why. */
async function activate({ vg, place, log }: LvmCheck, state: VgState): Promise<void> {
  const asleep = allOurs(place, state).filter(({ lv, identity }) => !lv.isActive && identity.snapshot === null)
  if (asleep.length === 0) return
  const activated = await vg.change(['lvchange', '--activate', 'y', ...asleep.map(({ lv }) => `${vg.name}/${lv.name}`)])
  if (activated.kind !== 'ok') log.warn('volumes-not-activated', { vg: vg.name, tool: activated.tool, detail: activated.detail })
}
