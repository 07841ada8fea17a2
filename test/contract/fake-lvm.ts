/**
 * A volume group in memory behind the exec port: what `lvm`, `blkdiscard`, `sync` and `dd` would do to it, extent by extent.
 *
 * It knows what each extent holds and whether it is on the disk, so that a test can ask what a tenant would read, and it notes
 * every extent that is freed with somebody's bytes on it, or given to a volume with anything on it. Its host discards what it
 * frees, and its disk then reads what it likes. It can die before or after any command. What it prints has the shape of
 * LVM 2.03.16's (test/fixtures/lvm-2.03.16).
 */
import assert from 'node:assert'
import type { Command, CommandResult, Exec } from '../../lib/ports/exec.ts'

const GIB = 1024 ** 3
const EXTENT_BYTES = GIB / 4

interface Lv {
  name: string
  kind: 'thick' | 'thin' | 'thin-pool'
  pool: string
  tags: string[]
  isActive: boolean
  isOpen: boolean
  /** What each extent reads: empty is zero. Thick: places in the group; thin: their own. */
  extents: number[]
  blocks: string[]
  /** Thin: how often the pool had been changed before. */
  transaction: number
  /** Thin: what it was made of as a snapshot, which may have gone since. */
  origin: Lv | null
}

export interface FakeLvm {
  readonly exec: Exec
  /** Extents that were given back with somebody's bytes on them. */
  readonly leaks: readonly string[]
  /** What could be read on extents that a volume grew by, at once or after a power cut. */
  readonly exposed: readonly string[]
  readonly commands: readonly string[]
  /**
   * The process that sends the commands dies there; its next command, if it is of this number, is done or not. `promised`: a thin
   * LV that it makes is written down, and its pool has not heard of it.
   */
  crash(at: number, isDone: boolean | 'promised'): Promise<void>
  /** Power back: nothing is active, what was not synced reads as before, numbers begin anew. */
  boot(): void
  /** What the next command whose name has the word ends with, after it was done or without. */
  fail(word: string, end: Partial<CommandResult>, isDone: boolean): void
  /** From here on this LV gets no device. */
  break(name: string): void
  /** An LV that somebody else made, with this in every extent. */
  lay(name: string, sizeBytes: number, text: string): void
  /** The same as a snapshot of another LV: in a thin pool by LVM's own means, else with a tag that says so. */
  laySnapshot(name: string, of: string, tag: string): void
  write(lv: string, text: string): void
  read(lv: string): readonly string[]
  names(): readonly string[]
  lv(name: string): Lv
  freeGiB(): number
  setPool(percents: { readonly data: string; readonly metadata: string }): void
}

/** What is on a disk that somebody had before. */
const FORMER = 'what was there before'
const isSomebodys = (text: string): boolean => text !== '' && text !== FORMER

const NO_DATA = '  device-mapper: reload ioctl on  (254:3) failed: No data available'

const ENDED: CommandResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false, missing: false }

export function createFakeLvm(options: { readonly vg: string; readonly sizeGiB: number; readonly thinPool: string | null }): FakeLvm {
  const { vg, thinPool } = options
  const disk: string[] = new Array<string>((options.sizeGiB * GIB) / EXTENT_BYTES).fill(FORMER)
  const unsynced = new Map<number, string>()
  const lvs = new Map<string, Lv>()
  const broken = new Set<string>()
  const leaks: string[] = []
  const exposed: string[] = []
  let next = 0
  /** Changes of the pool: as LVM has them, and as the kernel has. */
  let changes = 0
  let heard = 0
  let commands: string[] = []
  let percents = { data: '0.00', metadata: '10.00' }
  let death: { at: number; isDone: boolean | 'promised'; heard: () => void } | null = null
  let faults: { word: string; end: Partial<CommandResult>; isDone: boolean }[] = []

  const free = (): number[] => disk.flatMap((_, place) => ([...lvs.values()].some((lv) => lv.extents.includes(place)) ? [] : [place]))
  const newLv = (name: string, kind: Lv['kind'], tags: string[]): Lv => {
    if (lvs.has(name)) throw new Error(`  Logical Volume "${name}" already exists in volume group "${vg}"`)
    return { name, kind, pool: '', tags, isActive: true, isOpen: false, extents: [], blocks: [], transaction: 0, origin: null }
  }
  const lvAt = (path: string): Lv => {
    const lv = lvs.get(path.replace(`${vg}/`, '').replace('/dev/', ''))
    if (lv === undefined) throw new Error(`  Failed to find logical volume "${path}"`)
    return lv
  }
  const allocate = (lv: Lv, count: number, among: readonly number[] | null = null): readonly number[] => {
    const places = free().filter((place) => among === null || among.includes(place))
    if (places.length < count)
      throw new Error(`  Volume group "${vg}" has insufficient free space (${places.length} extents): ${count} required.`)
    // Never the ones that were freed a moment ago, as long as there are others.
    const from = places.findIndex((place) => place >= next)
    const given = (from < 0 ? places : [...places.slice(from), ...places.slice(0, from)]).slice(0, count)
    next = (given.at(-1) ?? 0) + 1
    lv.extents.push(...given)
    return given
  }
  const blocksOf = (lv: Lv): string[] => (lv.kind === 'thin' ? lv.blocks : lv.extents.map((place) => disk[place] ?? ''))
  const put = (lv: Lv, at: number, text: string): void => {
    if (!lv.isActive) throw new Error(`${lv.name}: No such file or directory`)
    const place = lv.extents[at]
    if (lv.kind === 'thin') lv.blocks[at] = text
    else if (place !== undefined) {
      if (!unsynced.has(place)) unsynced.set(place, disk[place] ?? '')
      disk[place] = text
    }
  }
  const settle = (lv: Lv): void => {
    for (const place of lv.extents) unsynced.delete(place)
  }

  const isPromised = (lv: Lv): boolean => lv.kind === 'thin' && lv.transaction >= heard
  const countOf = (size: string): number => Number(size.replace('b', '')) / EXTENT_BYTES
  type Verb = (args: Args) => string | undefined

  const lvcreate: Verb = (args) => {
    const isSnapshot = args.has('--snapshot')
    const kind = isSnapshot || args.has('--virtualsize') ? 'thin' : 'thick'
    const lv = newLv(args.one('--name'), kind, args.list('--addtag'))
    if (isSnapshot && isPromised(lvAt(args.last))) throw new Error(NO_DATA)
    if (isSnapshot)
      Object.assign(lv, { blocks: [...lvAt(args.last).blocks], isActive: args.one('--setactivationskip') === 'n', origin: lvAt(args.last) })
    else if (kind === 'thin') lv.blocks = new Array<string>(countOf(args.one('--virtualsize'))).fill('')
    else allocate(lv, countOf(args.one('--size')))
    if (kind === 'thin') {
      Object.assign(lv, { pool: thinPool ?? '', transaction: changes })
      changes += 1
      heard = changes
    }
    lvs.set(lv.name, lv)
    return undefined
  }
  const lvchange: Verb = (args) => {
    let refusal: unknown
    // It goes through all of them, and says no if one of them would not.
    for (const name of args.paths)
      try {
        const lv = lvAt(name)
        if (args.has('--activate') && (isPromised(lv) || broken.has(lv.name))) throw new Error(NO_DATA)
        if (args.has('--activate')) lv.isActive = true
        lv.tags = [...lv.tags.filter((tag) => !args.list('--deltag').includes(tag)), ...args.list('--addtag')]
      } catch (error) {
        refusal = error
      }
    if (refusal !== undefined) throw refusal
    return undefined
  }
  const lvextend: Verb = (args) => {
    const [name = '', ...ranges] = args.paths
    const lv = lvAt(name)
    const more = args.has('--extents') ? Number(args.one('--extents')) : countOf(args.one('--size')) - blocksOf(lv).length
    if (more <= 0) throw new Error('  New size matches existing size.')
    if (lv.kind === 'thin') lv.blocks.push(...new Array<string>(more).fill(''))
    else {
      const given = allocate(lv, more, ranges.length === 0 ? null : ranges.flatMap(placesIn))
      exposed.push(...given.flatMap((place) => [disk[place] ?? '', unsynced.get(place) ?? '']).filter((text) => text !== ''))
    }
    return undefined
  }
  const lvremove: Verb = (args) => {
    const lv = lvAt(args.last)
    if (lv.isOpen) throw new Error(`  Logical volume ${vg}/${lv.name} in use.`)
    if (lv.kind === 'thick') leaks.push(...blocksOf(lv).filter(isSomebodys))
    for (const place of lv.extents) if (isSomebodys(unsynced.get(place) ?? '')) leaks.push(`${unsynced.get(place)}, not synced`)
    const keeps = args.one('--config').includes('issue_discards=0')
    if (!keeps) {
      settle(lv)
      for (const place of lv.extents) disk[place] = FORMER
    }
    if (isPromised(lv)) heard = changes
    lvs.delete(lv.name)
    return undefined
  }
  const lvrename: Verb = (args) => {
    const lv = lvAt(args.paths[0] ?? '')
    lvs.delete(lv.name)
    lv.name = args.last.replace(`${vg}/`, '')
    lvs.set(lv.name, lv)
    return undefined
  }
  const verbs = new Map<string, Verb>([
    ['lvs', (args) => report('lv', args.paths.includes('seg_pe_ranges') ? segments(lvAt(args.last)) : [...lvs.values()].flatMap(rowsOf))],
    ['vgs', () => report('vg', [facts()])],
    ['vgimportdevices', () => undefined],
    ...Object.entries({ lvcreate, lvchange, lvextend, lvremove, lvrename }),
  ])

  function lvm([command = '', ...all]: readonly string[]): string {
    const verb = verbs.get(command)
    if (verb === undefined) throw new Error(`  Command not found: ${command}`)
    return verb(parseArgs(all)) ?? ''
  }

  function other(file: string, args: readonly string[]): string {
    const value = (name: string): string => args[args.indexOf(name) + 1] ?? ''
    if (file === 'blkdiscard') {
      const lv = lvAt(args.at(-1) ?? '')
      const from = Number(value('--offset')) / EXTENT_BYTES
      for (let at = from; at < from + Number(value('--length')) / EXTENT_BYTES; at += 1) put(lv, at, '')
    } else if (file === 'sync') settle(lvAt(args.at(-1) ?? ''))
    else if (file === 'dd') {
      const operand = (name: string): string => args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
      const [from, to] = [lvAt(operand('if')), lvAt(operand('of'))]
      if (!from.isActive) throw new Error(`dd: failed to open '${from.name}': No such file or directory`)
      for (const [at, text] of blocksOf(from).entries()) put(to, at, text)
      settle(to)
    } else if (file !== 'udevadm') throw new Error(`no such command: ${file}`)
    return ''
  }

  function poolStatus(): string {
    const pool = [...lvs.values()].find(({ kind, isActive }) => kind === 'thin-pool' && isActive)
    return pool === undefined ? 'No devices found\n' : `${vg}-${pool.name}-tpool: 0 6291456 thin-pool ${heard} 114/1024 0/49152 - rw\n`
  }

  const originOf = ({ origin }: Lv): string => (origin !== null && lvs.get(origin.name) === origin ? origin.name : '')

  function row(lv: Lv): Record<string, string> {
    const types = { thick: '-wi', thin: 'Vwi', 'thin-pool': 'twi' }
    const attr = `${types[lv.kind]}-${lv.isActive ? 'a' : '-'}${lv.isOpen ? 'o' : '-'}${lv.kind === 'thick' ? '-' : 't'}${lv.kind === 'thick' ? '-' : 'z'}--`
    const isPool = lv.kind === 'thin-pool'
    return {
      ...facts(),
      lv_name: lv.name,
      lv_attr: attr,
      lv_size: String(blocksOf(lv).length * EXTENT_BYTES),
      pool_lv: lv.pool,
      origin: originOf(lv),
      data_percent: isPool ? percents.data : '',
      metadata_percent: isPool ? percents.metadata : '',
      lv_metadata_size: isPool ? '4194304' : '',
      transaction_id: lv.kind === 'thick' ? '' : String(isPool ? changes : lv.transaction),
      lv_health_status: '',
      lv_tags: lv.tags.toSorted().join(','),
    }
  }
  /** LVM has a row a segment as soon as one of the fields is a segment's, which `transaction_id` is. */
  const rowsOf = (lv: Lv): Record<string, string>[] => {
    const pieces = lv.extents.filter((place, at) => place !== (lv.extents[at - 1] ?? Number.NaN) + 1).length
    return new Array<Record<string, string>>(Math.max(1, pieces)).fill(row(lv))
  }
  const segments = (lv: Lv): Record<string, string>[] => lv.extents.map((place) => ({ seg_pe_ranges: `/dev/fake:${place}-${place}` }))
  const facts = (): Record<string, string> => ({
    vg_free: String(free().length * EXTENT_BYTES),
    vg_extent_size: String(EXTENT_BYTES),
    vg_missing_pv_count: '0',
  })

  function carryOut({ file, args }: Command): CommandResult {
    try {
      return { ...ENDED, stdout: file === 'lvm' ? lvm(args) : file === 'dmsetup' ? poolStatus() : other(file, args) }
    } catch (error) {
      return { ...ENDED, exitCode: 5, stderr: error instanceof Error ? error.message : String(error) }
    }
  }

  if (thinPool !== null) {
    const pool = newLv(thinPool, 'thin-pool', [])
    allocate(pool, free().length / 2)
    lvs.set(thinPool, pool)
  }
  return {
    leaks,
    exposed,
    get commands() {
      return commands
    },
    async exec(command) {
      const at = commands.length
      commands.push([command.file, ...command.args.filter((arg) => !/^--(config|devicesfile)$|^devices\{|^scoria-/.test(arg))].join(' '))
      if (death !== null && at >= death.at) {
        const before = heard
        if (at === death.at && death.isDone !== false) carryOut(command)
        if (at === death.at && death.isDone === 'promised') heard = before
        death.heard()
        return await new Promise<never>(() => undefined)
      }
      const fault = faults.find(({ word }) => commands.at(-1)?.includes(word))
      if (fault === undefined) return carryOut(command)
      faults = faults.filter((one) => one !== fault)
      const result = fault.isDone ? carryOut(command) : ENDED
      return { ...result, ...fault.end }
    },
    crash: (at, isDone) =>
      new Promise((resolve) => {
        death = { at, isDone, heard: resolve }
      }),
    boot() {
      death = null
      commands = []
      for (const [place, before] of unsynced) disk[place] = before
      unsynced.clear()
      for (const lv of lvs.values()) Object.assign(lv, { isActive: false, isOpen: false })
    },
    fail: (word, end, isDone) => void faults.push({ word, end, isDone }),
    break: (name) => void broken.add(name),
    lay(name, sizeBytes, text) {
      const lv = newLv(name, thinPool === null ? 'thick' : 'thin', [])
      if (thinPool === null) allocate(lv, sizeBytes / EXTENT_BYTES)
      else {
        Object.assign(lv, { pool: thinPool, blocks: new Array<string>(sizeBytes / EXTENT_BYTES).fill(''), transaction: changes })
        changes += 1
        heard = changes
      }
      lvs.set(name, lv)
      this.write(name, text)
    },
    laySnapshot(name, of, tag) {
      const source = lvAt(of)
      this.lay(name, blocksOf(source).length * EXTENT_BYTES, blocksOf(source)[0] ?? '')
      if (thinPool === null) lvAt(name).tags.push(tag)
      else lvAt(name).origin = source
    },
    write(name, text) {
      const lv = lvAt(name)
      for (const at of blocksOf(lv).keys()) put(lv, at, text)
      settle(lv)
    },
    read: (name) => blocksOf(lvAt(name)),
    names: () => [...lvs.keys()].sort(),
    lv: lvAt,
    freeGiB: () => (free().length * EXTENT_BYTES) / GIB,
    setPool: (now) => {
      percents = now
    },
  }
}

/** `/dev/fake:3-5` */
function placesIn(range: string): number[] {
  const [first = 0, last = 0] = range
    .slice(range.indexOf(':') + 1)
    .split('-')
    .map(Number)
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

function report(key: 'lv' | 'vg', rows: readonly Record<string, string>[]): string {
  return JSON.stringify({ report: [{ [key]: rows }] })
}

interface Args {
  has(name: string): boolean
  one(name: string): string
  list(name: string): string[]
  readonly paths: readonly string[]
  readonly last: string
}

function parseArgs(all: readonly string[]): Args {
  const values = new Map<string, string[]>()
  const paths: string[] = []
  const flags = new Set(['--yes', '--snapshot', '--ignoreactivationskip', '--nosuffix'])
  for (let at = 0; at < all.length; at += 1) {
    const arg = all[at] ?? ''
    if (!arg.startsWith('--')) paths.push(arg)
    else if (flags.has(arg)) values.set(arg, [])
    else {
      at += 1
      values.set(arg, [...(values.get(arg) ?? []), all[at] ?? ''])
    }
  }
  assert(paths.length > 0, 'each command names what it is about')
  return {
    has: (name) => values.has(name),
    one: (name) => values.get(name)?.[0] ?? '',
    list: (name) => values.get(name) ?? [],
    paths,
    last: paths.at(-1) ?? '',
  }
}
