/**
 * From what a host has to what is wrong with it, for volumes in a volume group. Pure.
 *
 * `judgeTools` and `judgeGroup` are what a start demands; `judgePlace` and `judgePool` say besides what will go wrong later.
 */
import { type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'
import type { LvmPlace, LvmTools, SeenGroup } from './facts.ts'
import type { Place } from './look-up.ts'
import { type Lv, poolNamed, type VgState } from './report.ts'
import { FILLING_PERCENT, type Guard, notZeroing } from './thin-pool.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
/** The first with devices files (lvmdevices(8)). */
const VERSION_MIN: readonly number[] = [2, 3, 12]
/** What `vgcreate --metadatasize 16m` gives, less what LVM rounds off. A volume's tags take about half a KiB, twice. */
const METADATA_BYTES_MIN = 15 * MIB
const QUARANTINE = /^quarantine-/

/** How large a thin pool is made when it is not there; null: it has to be there. */
export type WantedPool = Place & { readonly thinPoolGiB: number | null }

export function judgeTools(tools: LvmTools, { thinPool }: Pick<Place, 'thinPool'>): readonly Finding[] {
  if (!tools.isInstalled) return [failure('lvm-tools', 'lvm2 is not installed', 'apt-get install -y lvm2')]
  if (tools.trouble !== null) return [failure('lvm-tools', `lvm does not work: ${tools.trouble}`, 'lvm version')]
  if (!tools.hasDriver)
    return [
      failure(
        'lvm-tools',
        'this kernel has no device-mapper, or this user may not use it',
        'modprobe dm_mod   # and run the agent as root',
      ),
    ]
  if (isOlder(tools.version))
    return [failure('lvm-tools', `lvm2 ${tools.version} is older than 2.03.12 and has no devices files`, 'apt-get install -y lvm2')]
  const findings: Finding[] = [fine('lvm-tools', `lvm2 ${tools.version}, device-mapper`)]
  findings.push(
    tools.scansVolumes
      ? failure(
          'lvm-scan',
          'this host looks for volume groups inside logical volumes, and would use those that tenants make',
          "printf 'devices {\\n\\tscan_lvs = 0\\n}\\n' >> /etc/lvm/lvmlocal.conf   # or set scan_lvs = 0 under devices in /etc/lvm/lvm.conf",
        )
      : fine('lvm-scan', 'scan_lvs is 0: groups inside volumes are not looked for'),
  )
  if (thinPool === null) return findings
  findings.push(
    tools.hasThinCheck
      ? fine('lvm-thin-tools', 'thin_check is there')
      : failure(
          'lvm-thin-tools',
          'thin_check is not installed, without which no thin pool comes up',
          'apt-get install -y thin-provisioning-tools',
        ),
  )
  return findings
}

export function judgeGroup(seen: SeenGroup, { vg, thinPool, thinPoolGiB }: WantedPool): readonly Finding[] {
  if (seen.kind !== 'ok') {
    const found = /not found/.test(seen.detail)
      ? failure(
          'lvm-group',
          `volume group ${vg} is not there`,
          `vgcreate --metadatasize 16m ${vg} /dev/DISK   # or name one that is (vgs) in backends[].vg`,
        )
      : failure('lvm-group', `volume group ${vg} cannot be read: ${seen.detail}`, `vgs ${vg}`)
    return [found]
  }
  const { extentBytes, missingPvs, lvs } = seen.value
  if (missingPvs > 0)
    return [
      failure(
        'lvm-group',
        `volume group ${vg} misses ${missingPvs} of its disks`,
        `pvs   # bring them back; if they are gone for good: vgreduce --removemissing ${vg}`,
      ),
    ]
  if (GIB % extentBytes !== 0)
    return [
      failure(
        'lvm-group',
        `volume group ${vg} has extents of ${extentBytes} bytes, and a volume of 1 GiB must be a whole number of them`,
        `vgchange --physicalextentsize 4m ${vg}`,
      ),
    ]
  const findings: Finding[] = [fine('lvm-group', `volume group ${vg} is complete, with extents of ${extentBytes / MIB} MiB`)]
  if (thinPool === null || thinPoolGiB !== null || poolNamed(seen.value, thinPool) !== undefined) {
    const wrong = thinPool === null ? null : wrongPool(seen.value, vg, thinPool)
    return wrong === null ? findings : [...findings, wrong]
  }
  const isOther = lvs.some(({ name }) => name === thinPool)
  findings.push(
    isOther
      ? noPool(vg, thinPool)
      : failure(
          'lvm-pool',
          `thin pool ${vg}/${thinPool} is not there`,
          `lvcreate --type thin-pool --zero y --size SIZE --name ${thinPool} ${vg}   # or set backends[].thinPoolGiB to have it made`,
        ),
  )
  return findings
}

/** One that is there and must not be used. */
function wrongPool(state: VgState, vg: string, name: string): Finding | null {
  const pool = poolNamed(state, name)
  if (pool === undefined) return state.lvs.some((lv) => lv.name === name) ? noPool(vg, name) : null
  return pool.isZeroing ? null : failure('lvm-pool', notZeroing(vg, name), `lvchange --zero y ${vg}/${name}`)
}

function noPool(vg: string, name: string): Finding {
  return failure('lvm-pool', `${vg}/${name} is no thin pool`, `lvs ${vg}   # and name another in backends[].thinPool`)
}

/** Whatever is of no concern to a start: room, LVM's own records, the list of disks, what was set aside. */
export function judgePlace(place: LvmPlace, state: VgState, { vg, thinPool, thinPoolGiB }: WantedPool): readonly Finding[] {
  const set = state.lvs.filter(({ name }) => QUARANTINE.test(name)).map(({ name }) => `${vg}/${name}`)
  return [
    devicesFinding(place, vg),
    metadataFinding(place, vg),
    roomFinding(state, { vg, thinPool, thinPoolGiB }),
    set.length === 0
      ? fine('quarantine', `nothing was set aside in ${vg}`)
      : warning(
          'quarantine',
          `${set.length} ${set.length === 1 ? 'volume was' : 'volumes were'} set aside, because nobody knows whose they are: ${few(set)}`,
          `lvs -o lv_name,lv_size,lv_time,lv_tags ${vg}   # look at them; then, for each: lvremove ${set[0] ?? ''}`,
        ),
  ]
}

function devicesFinding({ devicesFile, usesDevicesFile }: LvmPlace, vg: string): Finding {
  const own = `/etc/lvm/devices/scoria-${vg}`
  if (devicesFile === 'not-writable')
    return failure(
      'lvm-devices',
      `${own} is not there and cannot be made`,
      `mkdir -p /etc/lvm/devices && vgimportdevices --devicesfile scoria-${vg} ${vg}`,
    )
  const list = devicesFile === 'there' ? `${own} is there` : `${own} is made when the agent starts`
  return fine(
    'lvm-devices',
    `${list}; the host's own commands ${usesDevicesFile ? 'go by a list of their own (use_devicesfile is 1)' : 'see every disk (use_devicesfile is 0)'}`,
  )
}

function metadataFinding({ metadataBytes, metadataFreeBytes }: LvmPlace, vg: string): Finding {
  if (metadataBytes === null || metadataFreeBytes === null)
    return warning('lvm-metadata', `how much room LVM has for its records in ${vg} cannot be read`, `vgs -o +vg_mda_size,vg_mda_free ${vg}`)
  const text = `LVM has ${sizeText(metadataBytes)} for its records in ${vg}, ${sizeText(metadataFreeBytes)} of them free`
  if (metadataFreeBytes * 5 < metadataBytes)
    return failure(
      'lvm-metadata',
      `${text}: when it is full nothing can be made any more`,
      `vgs -o +vg_mda_size,vg_mda_free ${vg}   # vgextend --metadatasize 64m ${vg} /dev/DISK, or delete volumes`,
    )
  if (metadataBytes < METADATA_BYTES_MIN)
    return warning(
      'lvm-metadata',
      `${text}: enough for some hundred volumes`,
      `vgcreate --metadatasize 16m ${vg} /dev/DISK   # while it is empty, after vgremove ${vg} and pvremove`,
    )
  return fine('lvm-metadata', text)
}

function roomFinding(state: VgState, { vg, thinPool, thinPoolGiB }: WantedPool): Finding {
  const text = `${sizeText(state.freeBytes)} of ${vg} are in no logical volume`
  const grow = `vgextend ${vg} /dev/DISK`
  if (thinPool !== null && poolNamed(state, thinPool) === undefined && thinPoolGiB !== null) {
    const wantedBytes = thinPoolGiB * GIB
    return state.freeBytes > wantedBytes
      ? fine('lvm-room', `${text}: room for the thin pool of ${thinPoolGiB} GiB`)
      : failure(
          'lvm-room',
          `${text}, and a thin pool of ${thinPoolGiB} GiB needs that and some more for its metadata`,
          `${grow}   # or a smaller backends[].thinPoolGiB (--capacity)`,
        )
  }
  if (thinPool === null && state.freeBytes < GIB) return warning('lvm-room', `${text}: no volume fits any more`, grow)
  return fine('lvm-room', text)
}

/** A pool that is there, against the guards that refuse new volumes and the mark from which its operator is told. */
export function judgePool(pool: Lv, vg: string, guard: Guard): Finding {
  const path = `${vg}/${pool.name}`
  if (pool.health !== '') return failure('lvm-pool', `thin pool ${path} is ${pool.health}`, `lvs ${path}; dmesg | tail`)
  const { dataPercent, metadataPercent } = pool
  if (dataPercent === null || metadataPercent === null)
    return warning('lvm-pool', `thin pool ${path} is not active, so that it does not say how full it is`, `lvchange --activate y ${path}`)
  const text = `thin pool ${path} zeroes what it gives out; ${dataPercent}% of its data and ${metadataPercent}% of its metadata are in use`
  if (dataPercent >= guard.dataPercentMax)
    return failure('lvm-pool', `${text}, and from ${guard.dataPercentMax}% of data on it takes nothing new`, `lvextend --size +10g ${path}`)
  if (metadataPercent >= guard.metadataPercentMax)
    return failure(
      'lvm-pool',
      `${text}, and from ${guard.metadataPercentMax}% of metadata on it takes nothing new`,
      `lvextend --poolmetadatasize +256m ${path}`,
    )
  if (dataPercent >= FILLING_PERCENT) return warning('lvm-pool', `${text}: it fills up`, `lvextend --size +10g ${path}`)
  if (metadataPercent >= FILLING_PERCENT) return warning('lvm-pool', `${text}: it fills up`, `lvextend --poolmetadatasize +256m ${path}`)
  return fine('lvm-pool', text)
}

/** A version that cannot be read is not held against anybody. */
function isOlder(version: string): boolean {
  if (version === '') return false
  const parts = version.split('.').map(Number)
  for (const [index, least] of VERSION_MIN.entries()) {
    const part = parts[index] ?? Number.NaN
    if (part !== least) return part < least
  }
  return false
}

function sizeText(bytes: number): string {
  return bytes >= GIB ? `${Math.floor((bytes / GIB) * 10) / 10} GiB` : `${Math.floor((bytes / MIB) * 10) / 10} MiB`
}

function few(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} …`
}
