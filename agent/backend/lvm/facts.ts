/**
 * What this host has for volumes in a volume group: the tools, how they are configured, and the group as it is now.
 *
 * Nothing is changed by looking, and nothing is judged here (judge.ts).
 */
import type { Exec } from '../../../lib/ports/exec.ts'
import type { Outcome } from '../../../lib/ports/outcome.ts'
import { parseRows, type VgState } from './report.ts'
import { devicesFileOf, type VolumeGroup } from './volume-group.ts'

export interface LvmTools {
  readonly isInstalled: boolean
  /** What `lvm version` complained about; null if it worked. */
  readonly trouble: string | null
  /** As printed, such as 2.03.16; empty if it could not be read. */
  readonly version: string
  /** This kernel has device-mapper, and this user may use it. */
  readonly hasDriver: boolean
  /** The host looks for volume groups inside logical volumes. */
  readonly scansVolumes: boolean
  readonly hasThinCheck: boolean
}

/** What only a look at the host asks, and a start does not wait for. */
export interface LvmPlace {
  /** The host's own commands go by a list of devices. */
  readonly usesDevicesFile: boolean
  /** The agent's list of the group's disks; the agent writes it when it is not there. */
  readonly devicesFile: 'there' | 'absent' | 'not-writable'
  readonly sizeBytes: number | null
  /** Room for LVM's own records, of which each volume takes some. */
  readonly metadataBytes: number | null
  readonly metadataFreeBytes: number | null
}

export type SeenGroup = Outcome<VgState>

const TIMEOUT_MS = 20_000

export async function lookAtTools(exec: Exec): Promise<LvmTools> {
  const run = (file: string, ...args: readonly string[]): ReturnType<Exec> => exec({ file, args, timeoutMs: TIMEOUT_MS })
  const version = await run('lvm', 'version')
  const isInstalled = !version.missing
  const scans = isInstalled ? await run('lvm', 'lvmconfig', '--typeconfig', 'full', 'devices/scan_lvs') : null
  return {
    isInstalled,
    trouble: version.exitCode === 0 ? null : version.stderr.trim(),
    version: /LVM version:\s*([\d.]+)/.exec(version.stdout)?.[1] ?? '',
    hasDriver: version.stdout.includes('Driver version'),
    scansVolumes: scans?.stdout.trim() === 'scan_lvs=1',
    hasThinCheck: !(await run('thin_check', '-V')).missing,
  }
}

/** @param isWritable whether a file could be made there */
export async function lookAtPlace(
  exec: Exec,
  vg: Pick<VolumeGroup, 'name'>,
  files: { isThere(path: string): Promise<boolean>; isWritable(folder: string): Promise<boolean> },
): Promise<LvmPlace> {
  const uses = await exec({
    file: 'lvm',
    args: ['lvmconfig', '--typeconfig', 'full', 'devices/use_devicesfile'],
    timeoutMs: TIMEOUT_MS,
  })
  const file = devicesFileOf(vg.name)
  const isThere = await files.isThere(file)
  const shown = await exec({
    file: 'lvm',
    args: [
      ...['vgs', '--config', 'devices{use_devicesfile=0 scan_lvs=0}', '--reportformat', 'json', '--units', 'b', '--nosuffix'],
      ...['-o', 'vg_size,vg_mda_size,vg_mda_free', vg.name],
    ],
    timeoutMs: TIMEOUT_MS,
  })
  const [row] = shown.exitCode === 0 ? (parseRows(shown.stdout, 'vg') ?? []) : []
  return {
    usesDevicesFile: uses.stdout.trim() === 'use_devicesfile=1',
    devicesFile: isThere ? 'there' : (await files.isWritable(file.slice(0, file.lastIndexOf('/')))) ? 'absent' : 'not-writable',
    sizeBytes: bytes(row?.get('vg_size')),
    metadataBytes: bytes(row?.get('vg_mda_size')),
    metadataFreeBytes: bytes(row?.get('vg_mda_free')),
  }
}

function bytes(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : null
}
