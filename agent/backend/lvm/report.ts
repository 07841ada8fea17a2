/**
 * What `lvs` and `vgs` print with `--reportformat json`, as the state of one volume group.
 *
 * Every value is text there, sizes in bytes (`--units b --nosuffix`). What does not read as expected is null as a whole: half an
 * understanding of a volume group is none. Fields and attribute letters: lvs(8), "Notes" on lv_attr.
 */
export interface Lv {
  readonly name: string
  readonly sizeBytes: number
  readonly kind: 'thick' | 'thin' | 'thin-pool'
  /** The thin pool of a thin LV. */
  readonly pool: string | null
  /** Nothing but extents of its disks, or blocks of its pool: no mirror, cache, snapshot … */
  readonly isPlain: boolean
  /** A copy-on-write snapshot, which is nothing without its origin. */
  readonly isSnapshot: boolean
  /** The LV that it was made of as a snapshot, copy-on-write or thin, for as long as that is there. */
  readonly origin: string | null
  /** Not activated unless that is said expressly. */
  readonly isSkipped: boolean
  readonly isActive: boolean
  /** Something on this host has it open: a target, a mount, another LV. */
  readonly isOpen: boolean
  /** It has copy-on-write snapshots, which would go with it. */
  readonly isOrigin: boolean
  /** Of a thin pool: a block reads zero before its first write. */
  readonly isZeroing: boolean
  /** Of a thin pool that is active. */
  readonly dataPercent: number | null
  readonly metadataPercent: number | null
  readonly metadataBytes: number | null
  /** Of a thin LV: how often its pool had been changed before it was made. */
  readonly transaction: number | null
  /** Empty, or LVM's word for what is wrong: `partial`, `out_of_data`, `failed`, `metadata_read_only` … */
  readonly health: string
  readonly tags: readonly string[]
}

export interface VgFacts {
  readonly freeBytes: number
  readonly extentBytes: number
  readonly missingPvs: number
}

export interface VgState extends VgFacts {
  readonly lvs: readonly Lv[]
}

export const VG_FIELDS = 'vg_free,vg_extent_size,vg_missing_pv_count'
export const LV_FIELDS =
  'lv_name,lv_attr,lv_size,pool_lv,origin,data_percent,metadata_percent,lv_metadata_size,transaction_id,lv_health_status,lv_tags'

/** One row a segment: `/dev/sda:0-255`, as LVM's commands take it. */
export const EXTENTS_FIELD = 'seg_pe_ranges'
const EXTENTS = /^\/.*:(\d{1,12})-(\d{1,12})$/

/** Where on its disks an LV lies, and in how many extents; null if that cannot be read. */
export function parseExtents(text: string): { readonly texts: readonly string[]; readonly count: number } | null {
  const texts = (parseRows(text, 'lv') ?? []).map((row) => row.get(EXTENTS_FIELD) ?? '')
  const counts = texts.map((range) => {
    const [, first, last] = EXTENTS.exec(range) ?? []
    return Number(last) - Number(first) + 1
  })
  const count = counts.reduce((sum, one) => sum + one, 0)
  return count > 0 ? { texts, count } : null
}

/** The rows under `key`, or null if the text is no such report. */
export function parseRows(text: string, key: 'lv' | 'vg'): readonly ReadonlyMap<string, string>[] | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const report = fieldOf(json, 'report')
  const rows = Array.isArray(report) && report.length === 1 ? fieldOf(report[0], key) : undefined
  if (!Array.isArray(rows)) return null
  const parsed: ReadonlyMap<string, string>[] = []
  for (const row of rows) {
    if (typeof row !== 'object' || row === null) return null
    const texts = Object.entries(row).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    parsed.push(new Map(texts))
  }
  return parsed
}

export function parseVg(row: ReadonlyMap<string, string>): VgFacts | null {
  const [freeBytes, extentBytes] = [bytes(row.get('vg_free')), bytes(row.get('vg_extent_size'))]
  const missingPvs = bytes(row.get('vg_missing_pv_count'))
  return freeBytes === null || extentBytes === null || missingPvs === null ? null : { freeBytes, extentBytes, missingPvs }
}

/** One LV a name: with a field among those asked for that belongs to segments, as `transaction_id` does, LVM prints a row for each of them. */
export function parseLvs(rows: readonly ReadonlyMap<string, string>[]): readonly Lv[] | null {
  const lvs = new Map<string, Lv>()
  for (const row of rows) {
    const lv = parseLv(row)
    if (lv === null) return null
    if (!lvs.has(lv.name)) lvs.set(lv.name, lv)
  }
  return [...lvs.values()]
}

function parseLv(row: ReadonlyMap<string, string>): Lv | null {
  const name = row.get('lv_name')
  const attr = row.get('lv_attr') ?? ''
  const sizeBytes = bytes(row.get('lv_size'))
  if (name === undefined || attr.length < 10 || sizeBytes === null) return null
  const pool = row.get('pool_lv') ?? ''
  const origin = row.get('origin') ?? ''
  return {
    name,
    sizeBytes,
    kind: attr[0] === 't' ? 'thin-pool' : pool === '' ? 'thick' : 'thin',
    pool: pool === '' ? null : pool,
    isPlain: attr[0] === '-' || attr[0] === 'V' || attr[0] === 'o' || attr[0] === 'O',
    isSnapshot: attr[0] === 's' || attr[0] === 'S',
    origin: origin === '' ? null : origin,
    isSkipped: attr[9] === 'k',
    isActive: attr[4] === 'a',
    isOpen: attr[5] === 'o',
    isOrigin: attr[0] === 'o' || attr[0] === 'O',
    isZeroing: attr[7] === 'z',
    dataPercent: percent(row.get('data_percent')),
    metadataPercent: percent(row.get('metadata_percent')),
    metadataBytes: bytes(row.get('lv_metadata_size')),
    transaction: bytes(row.get('transaction_id')),
    health: row.get('lv_health_status') ?? '',
    tags: (row.get('lv_tags') ?? '').split(',').filter((tag) => tag !== ''),
  }
}

export const poolNamed = (state: VgState, name: string): Lv | undefined =>
  state.lvs.find((lv) => lv.name === name && lv.kind === 'thin-pool')

function fieldOf(json: unknown, key: string): unknown {
  return typeof json === 'object' && json !== null ? new Map<string, unknown>(Object.entries(json)).get(key) : undefined
}

function bytes(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : null
}

function percent(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,3}\.\d+$/.test(text) ? Number(text) : null
}
