/** What LVM 2.03.16 printed (test/fixtures/lvm-2.03.16), read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { allOurs, lookUp, seenVolume } from '../../../../agent/backend/lvm/look-up.ts'
import { type Lv, parseExtents, parseLvs, parseRows, parseVg, type VgState } from '../../../../agent/backend/lvm/report.ts'

const FIXTURES = join(import.meta.dirname, '../../../../../test/fixtures/lvm-2.03.16')
const MIB = 1024 ** 2
const GIB = 1024 ** 3
const THIN = 'volume-5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const THICK = 'volume-a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d'

const textOf = (file: string): string => readFileSync(join(FIXTURES, file), 'utf8')

function stateIn(file: string): VgState {
  const rows = parseRows(textOf(file), 'lv') ?? []
  const facts = parseVg(rows[0] ?? new Map())
  if (facts === null) throw new Error(`${file} has no facts of the group`)
  return { ...facts, lvs: parseLvs(rows) ?? [] }
}

const lvIn = (state: VgState, name: string): Partial<Lv> => state.lvs.find((lv) => lv.name === name) ?? {}

t.test('a group is read with its LVs: kinds, sizes, who has them open, how full the pool is', async (t) => {
  const state = stateIn('lvs.json')
  t.match(state, { freeBytes: 3175088128, extentBytes: 4 * MIB, missingPvs: 0 })
  t.match(lvIn(state, 'thin'), { kind: 'thin-pool', isZeroing: true, dataPercent: 29.3, metadataPercent: 13.09, metadataBytes: 4 * MIB })
  t.match(lvIn(state, THIN), { kind: 'thin', pool: 'thin', sizeBytes: GIB, isActive: true, isOpen: true, health: '' })
  t.match(lvIn(state, THICK), { kind: 'thick', pool: null, isActive: true, isOpen: false, isOrigin: false, dataPercent: null })
  t.match(lvIn(state, 'root'), { kind: 'thick', isOrigin: true, tags: [] })
})

t.test('what is wrong shows: a disk that is missing, a pool that does not zero, a device that is not there', async (t) => {
  const missing = stateIn('lvs-disk-missing.json')
  t.equal(missing.missingPvs, 1)
  t.match(lvIn(missing, 'thin'), { health: 'partial' })
  const changed = stateIn('lvs-pool-without-zeroing.json')
  t.match(lvIn(changed, 'thin'), { isZeroing: false })
  t.match(lvIn(changed, THICK), { isActive: false })
})

t.test('a group without LVs has its facts all the same', async (t) => {
  t.same(parseRows(textOf('lvs-empty.json'), 'lv'), [])
  const [row] = parseRows(textOf('vgs.json'), 'vg') ?? []
  t.same(parseVg(row ?? new Map()), { freeBytes: 5343543296, extentBytes: 4 * MIB, missingPvs: 0 })
})

t.test('each backend finds its own by the tags, and nothing else', async (t) => {
  const state = stateIn('lvs.json')
  const thin = { vg: 'vg0', thinPool: 'thin' }
  t.same(
    allOurs(thin, state).map(({ lv }) => lv.name),
    ['_snapshot-11111111-6a6f-4c39-9d0b-0d2f3c1b7a10', THIN],
  )
  t.match(seenVolume(lookUp(thin, state, THIN), 'pool'), { sizeBytes: GIB, tags: { project: 'größer' } })
  const thick = { vg: 'vg0', thinPool: null }
  t.match(lookUp(thick, state, THICK), { kind: 'foreign' }, 'in a state that this version does not know')
  t.match(lookUp(thick, state, THIN), { kind: 'foreign' }, 'the other backend’s')
  t.match(lookUp(thick, state, 'root'), { kind: 'foreign' })
})

t.test('where an LV lies is read segment by segment', async (t) => {
  const ranges = ['/dev/ubda:256-511', '/dev/mapper/a:b:0-0']
  const text = (rows: readonly object[]): string => JSON.stringify({ report: [{ lv: rows }] })
  t.same(parseExtents(text(ranges.map((seg_pe_ranges) => ({ seg_pe_ranges })))), { texts: ranges, count: 257 })
  for (const rows of [[], [{}], [{ seg_pe_ranges: ranges[0] }, { seg_pe_ranges: 'thin:0-255' }]]) t.equal(parseExtents(text(rows)), null)
})

t.test('what is no report is none', async (t) => {
  for (const text of [
    '',
    'WARNING: rubbish',
    '{}',
    '[]',
    '{"report":[]}',
    '{"report":[{"vg":[]}]}',
    '{"report":[{"lv":[3]}]}',
    '{"report":3}',
  ])
    t.equal(parseRows(text, 'lv'), null, text)
  t.equal(parseLvs([new Map([['lv_name', 'x']])]), null)
  t.equal(parseVg(new Map([['vg_free', '1.00g']])), null)
})
