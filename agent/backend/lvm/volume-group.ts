/**
 * Speaks to one volume group through `lvm`, one command after the other: one queue, whoever asks.
 *
 * Every command sees the disks of this group and no others, by a devices file of its own, so that a group that a tenant
 * made inside a volume is never seen, scanned or activated. Without that file LVM would go by the host's filters: then the
 * filter given here lets it see nothing, and the file is written again. Exit code first: LVM has 0 and, for almost
 * everything else, 5. A command that has no end is unknown.
 */
import type { Exec } from '../../../lib/ports/exec.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { poolCounts, promisedOnly } from './promised.ts'
import { EXTENTS_FIELD, LV_FIELDS, parseExtents, parseLvs, parseRows, parseVg, VG_FIELDS, type VgFacts, type VgState } from './report.ts'

export interface VolumeGroup {
  readonly name: string
  /** Everything in it, as it is at some moment after the call. */
  read(): Promise<Outcome<VgState>>
  /** As it was at the last read; null before the first, and if nothing could be read. */
  lastSeen(): VgState | null
  /** One command that changes something: `lvcreate`, then its arguments. */
  change(args: readonly string[]): Promise<Outcome<string>>
  /** Removes one LV and gives another the very extents that it had, as they are; no other command of ours comes between. */
  give(from: string, to: string): Promise<Outcome<string>>
}

export interface VolumeGroupOptions {
  readonly exec: Exec
  readonly name: string
  /** Nothing is written, the list of devices neither: where it does not help, the host's own view of its disks counts. */
  readonly isLookOnly?: boolean
}

export const TOOL = 'lvm'
const TIMEOUT_MS = 120_000
/** Logical volumes are no disks; no devices but those of the file; metadata archives of each change would fill /etc. */
const BLIND = 'scan_lvs=0 filter=["r|.*|"] global_filter=["r|.*|"]'
const REST = 'activation{monitoring=0} backup{archive=0}'
const CONFIG = `devices{${BLIND}} ${REST}`
/** What is freed keeps what it holds, whatever the host's configuration says: what a discard leaves behind is up to the disk. */
const KEEPING_CONFIG = `devices{${BLIND} issue_discards=0} ${REST}`
const FINDING_CONFIG = 'devices{scan_lvs=0}'
const HOST_CONFIG = 'devices{scan_lvs=0 use_devicesfile=0} activation{monitoring=0}'
const REPORT = ['--reportformat', 'json', '--units', 'b', '--nosuffix']
/** Said by LVM at every command, or at every snapshot; it says nothing about why one failed. */
const NOISE =
  /is ignored with the devices file|protection against thin pools running out|Set activation\/thin_pool_autoextend|Sum of all thin/

const FULL = /insufficient free space/

/** LVM's own folder for such lists; it takes no other. */
export const devicesFileOf = (vg: string): string => `/etc/lvm/devices/${listOf(vg)}`

const listOf = (vg: string): string => `scoria-${vg}`

export function createVolumeGroup({ exec, name, isLookOnly = false }: VolumeGroupOptions): VolumeGroup {
  const devices = ['--devicesfile', listOf(name)]
  let last: Promise<unknown> = Promise.resolve()
  let lastSeen: VgState | null = null
  /** Asked for and not begun: it will do for everybody who asks until it begins. One each would grow faster than they are done. */
  let waitingRead: Promise<Outcome<VgState>> | null = null
  /** A command of a process before, or one that did not end well, may have been cut off in the middle. */
  let isUnsure = !isLookOnly

  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = last.then(work)
    last = turn
    return turn
  }

  async function run(config: string, [command = '', ...args]: readonly string[]): Promise<Outcome<string>> {
    const all = [command, ...(config === HOST_CONFIG ? [] : devices), '--config', config, ...args]
    const result = await exec({ file: 'lvm', args: all, timeoutMs: TIMEOUT_MS })
    if (result.exitCode === 0) return done(result.stdout)
    if (result.missing) return { kind: 'failed', tool: TOOL, detail: 'lvm2 is not installed: apt-get install lvm2' }
    const reason = reasonIn(result.stderr)
    const detail = `${command}: ${reason}${FULL.test(reason) ? `: vgextend ${name} /dev/DISK, or remove what takes its room (lvs ${name})` : ''}`
    if (result.exitCode !== null) return { kind: 'failed', tool: TOOL, detail }
    return { kind: 'unknown', tool: TOOL, detail: result.timedOut ? `${detail} (time limit passed)` : detail }
  }

  async function readWhole(): Promise<Outcome<VgState>> {
    const seen = await readOnce()
    if (seen.kind === 'unknown' || (seen.kind === 'ok' && seen.value.missingPvs === 0)) return seen
    if (isLookOnly) return await readOnce(HOST_CONFIG)
    // The file is not there, or does not know a disk that the group was given since.
    const found = await run(FINDING_CONFIG, ['vgimportdevices', name])
    return found.kind === 'ok' ? await readOnce() : seen
  }

  async function readOnce(config = CONFIG): Promise<Outcome<VgState>> {
    const listed = await run(config, ['lvs', ...REPORT, '-o', `${VG_FIELDS},${LV_FIELDS}`, name])
    if (listed.kind !== 'ok') return listed
    const rows = parseRows(listed.value, 'lv')
    if (rows === null) return garbled('lvs')
    const lvs = parseLvs(rows)
    if (lvs === null) return garbled('lvs')
    const [first] = rows
    if (first === undefined) return await readEmpty(config)
    const facts = parseVg(first)
    return facts === null ? garbled('lvs') : done({ ...facts, lvs })
  }

  /** Looks once after whatever may have left something half made. @returns what is there then */
  async function settled(state: VgState): Promise<Outcome<VgState>> {
    const pools = new Set(state.lvs.flatMap(({ pool }) => (pool === null ? [] : [pool])))
    for (const lv of state.lvs)
      if (lv.kind === 'thin-pool' && pools.has(lv.name) && !lv.isActive)
        await run(CONFIG, ['lvchange', '--yes', '--activate', 'y', `${name}/${lv.name}`])
    const counts = pools.size === 0 ? new Map<string, number>() : await poolCounts(exec, name, state)
    // Asked again at the next read.
    if (counts === null) return done(state)
    isUnsure = false
    const promised = promisedOnly(state, counts)
    for (const lv of promised) await run(CONFIG, ['lvremove', '--yes', `${name}/${lv.name}`])
    return promised.length === 0 ? done(state) : await readWhole()
  }

  /** `lvs` has a row for each LV and nothing to say of a group without any. */
  async function readEmpty(config: string): Promise<Outcome<VgState>> {
    const shown = await run(config, ['vgs', ...REPORT, '-o', VG_FIELDS, name])
    if (shown.kind !== 'ok') return shown
    const [row] = parseRows(shown.value, 'vg') ?? []
    const facts: VgFacts | null = row === undefined ? null : parseVg(row)
    return facts === null ? garbled('vgs') : done({ ...facts, lvs: [] })
  }

  async function giveNow(from: string, to: string): Promise<Outcome<string>> {
    const listed = await run(CONFIG, ['lvs', ...REPORT, '-o', EXTENTS_FIELD, `${name}/${from}`])
    if (listed.kind !== 'ok') return listed
    const ranges = parseExtents(listed.value)
    if (ranges === null) return garbled('lvs')
    const removed = await run(KEEPING_CONFIG, ['lvremove', '--yes', `${name}/${from}`])
    return removed.kind === 'ok'
      ? await run(CONFIG, ['lvextend', '--yes', '--extents', `+${ranges.count}`, `${name}/${to}`, ...ranges.texts])
      : removed
  }

  return {
    name,
    read: () => {
      waitingRead ??= inTurn(async () => {
        waitingRead = null
        const first = await readWhole()
        const seen = first.kind === 'ok' && isUnsure ? await settled(first.value) : first
        lastSeen = seen.kind === 'ok' ? seen.value : null
        return seen
      })
      return waitingRead
    },
    lastSeen: () => lastSeen,
    change: ([command = '', ...args]) =>
      inTurn(async () => {
        const outcome = await run(CONFIG, [command, '--yes', ...args])
        if (outcome.kind !== 'ok' && command === 'lvcreate') isUnsure = true
        return outcome
      }),
    give: (from, to) => inTurn(() => giveNow(from, to)),
  }
}

/** What was printed is no answer, so that nobody knows what is there. */
function garbled(command: string): Outcome<never> {
  return { kind: 'unknown', tool: TOOL, detail: `${command}: its report cannot be read` }
}

function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !NOISE.test(line)).join('; ')
}
