/** What in a volume group is told apart from volumes, and which of it may be taken in. */
import t from 'tap'
import { allExisting, planAdopt, planAdoptSnapshot } from '../../../../agent/backend/lvm/plan-existing.ts'
import { type Lv, parseLvs, type VgState } from '../../../../agent/backend/lvm/report.ts'
import { projectId, requestId, snapshotId, volumeId } from '../../../../lib/model/ids.ts'

const GIB = 1024 ** 3
const ID = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const VOLUME = { id: volumeId(ID), pool: 'pool', sizeBytes: GIB }
const SNAPSHOT = snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10')
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const THICK = { vg: 'vg', thinPool: null }
const THIN = { vg: 'vg', thinPool: 'thin' }

function lv(name: string, attr = '-wi-a-----', more: Readonly<Record<string, string>> = {}): Lv {
  const [parsed] = parseLvs([new Map(Object.entries({ lv_name: name, lv_attr: attr, lv_size: String(GIB), ...more }))]) ?? []
  if (parsed === undefined) throw new Error('no LV')
  return parsed
}

const state = (...lvs: readonly Lv[]): VgState => ({ freeBytes: 0, extentBytes: GIB / 4, missingPvs: 0, lvs })

t.test('each LV that is no volume is listed with what keeps it from being one', (t) => {
  const rows: readonly (readonly [Lv, string | null])[] = [
    [lv('plain'), null],
    [lv(`volume-${ID}`), null],
    [lv('asleep', '-wi-------'), null],
    [lv('open', '-wi-ao----'), 'in-use'],
    [lv('origin', 'owi-a-s---'), 'snapshots'],
    [lv('cow', 'swi-a-s---'), 'snapshots'],
    [lv('mirrored', 'rwi-a-r---'), 'pool-part'],
    [lv('cached', 'Cwi-a-C---'), 'pool-part'],
    [lv('pool', 'twi-a-tz--'), 'pool-part'],
    [lv('odd', '-wi-a-----', { lv_size: String(1.5 * GIB) }), 'size'],
    [lv('-begins-with-a-dash'), 'name'],
    [lv('marked', '-wi-a-----', { lv_tags: `scoria.volume=${ID}` }), 'tagged'],
    [lv('strange', '-wi-a-----', { lv_tags: 'scoria.later=1' }), 'tagged'],
    [lv(`quarantine-volume-${ID}`, '-wi-a-----', { lv_tags: `scoria.volume=${ID}` }), null],
    [lv(`quarantine-2-volume-${ID}`, '-wi-a-----', { lv_tags: `scoria.volume=${ID},scoria.state=clearing` }), 'half-made'],
  ]
  for (const [one, hindrance] of rows) {
    t.match(allExisting(THICK, state(one)), [{ name: one.name, hindrance }], one.name)
    const planned = planAdopt(THICK, state(one), { ...VOLUME, id: volumeId(ID.replace('5', '6')) }, one.name, TAGS)
    t.equal(planned.kind, hindrance === null ? 'steps' : hindrance === 'in-use' ? 'busy' : 'refused', one.name)
  }
  t.end()
})

t.test('volumes, also half made ones, and what lies in another pool are not listed, and not taken in', (t) => {
  const ours = lv(`volume-${ID}`, '-wi-a-----', { lv_tags: `scoria.volume=${ID}` })
  const half = lv(`volume-${ID}`, '-wi-a-----', { lv_tags: `scoria.volume=${ID},scoria.state=making` })
  const thin = lv('elsewhere', 'Vwi-a-tz--', { pool_lv: 'thin' })
  const other = lv('of another pool', 'Vwi-a-tz--', { pool_lv: 'other' })
  t.same(allExisting(THICK, state(ours)), [])
  t.same(allExisting(THICK, state(half)), [])
  t.same(allExisting(THICK, state(thin)), [])
  t.same(allExisting(THIN, state(lv('plain'), other)), [])
  t.match(allExisting(THIN, state(thin)), [{ name: 'elsewhere', hindrance: null }])
  for (const [place, one] of [
    [THICK, thin],
    [THIN, lv('plain')],
    [THIN, other],
  ] as const)
    t.match(planAdopt(place, state(one), VOLUME, one.name, TAGS), { kind: 'refused', detail: /is not there/ })
  t.end()
})

t.test('of what an LV is a snapshot LVM says, and where it does not, or of what is gone, a tag', (t) => {
  const other = ID.replace('5', '6')
  const ours = lv(`volume-${ID}`, 'Vwi-a-tz--', { pool_lv: 'thin', lv_tags: `scoria.volume=${ID}` })
  const thin = { pool_lv: 'thin' }
  const rows: readonly (readonly [Readonly<Record<string, string>>, object | null])[] = [
    [{}, null],
    [{ origin: `volume-${ID}` }, { name: `volume-${ID}`, volume: ID }],
    [{ origin: 'plain' }, { name: 'plain', volume: null }],
    [{ lv_tags: `scoria.copy-of=${other}` }, { name: `volume-${other}`, volume: other }],
    [
      { origin: `_snapshot-${other}`, lv_tags: `scoria.copy-of=${ID}` },
      { name: `volume-${ID}`, volume: ID },
    ],
    [
      { origin: `volume-${ID}`, lv_tags: `scoria.copy-of=${other}` },
      { name: `volume-${ID}`, volume: ID },
    ],
    [{ lv_tags: 'scoria.copy-of=nothing' }, null],
  ]
  for (const [facts, origin] of rows) {
    const found = lv('nightly', 'Vwi---tz-k', { ...thin, ...facts })
    t.match(allExisting(THIN, state(ours, found)), [{ name: 'nightly', hindrance: null, origin }], JSON.stringify(facts))
    const planned = planAdoptSnapshot(THIN, state(ours, found), { ...VOLUME, id: SNAPSHOT, volume: VOLUME.id }, 'nightly', TAGS)
    const isHis = JSON.stringify(origin)?.includes(`"volume":"${ID}"`)
    t.equal(planned.kind, isHis ? 'steps' : 'refused', JSON.stringify(facts))
  }
  t.end()
})

t.test('a copy-on-write snapshot, which is nothing without its origin, is no snapshot here', (t) => {
  const origin = lv(`volume-${ID}`, 'owi-a-s---', { lv_tags: `scoria.volume=${ID}` })
  const cow = lv('cow', 'swi-a-s---', { origin: `volume-${ID}` })
  t.match(allExisting(THICK, state(origin, cow)), [{ name: 'cow', hindrance: 'snapshots', origin: { volume: ID } }])
  const planned = planAdoptSnapshot(THICK, state(origin, cow), { ...VOLUME, id: SNAPSHOT, volume: VOLUME.id }, 'cow', TAGS)
  t.match(planned, { kind: 'refused', detail: /cannot be taken in: snapshots/ })
  t.end()
})

t.test('a snapshot is taken in without a device, which it gets when it is read', (t) => {
  const ours = lv(`volume-${ID}`, 'Vwi-a-tz--', { pool_lv: 'thin', lv_tags: `scoria.volume=${ID}` })
  const found = lv('nightly', 'Vwi---tz-k', { pool_lv: 'thin', origin: `volume-${ID}` })
  t.match(planAdoptSnapshot(THIN, state(ours, found), { ...VOLUME, id: SNAPSHOT, volume: VOLUME.id }, 'nightly', TAGS), {
    kind: 'steps',
    steps: [
      { args: ['lvchange', '--addtag', `scoria.volume=${ID}`, '--addtag', `scoria.snapshot=${SNAPSHOT}`] },
      { args: ['lvrename', 'vg/nightly', `vg/_snapshot-${SNAPSHOT}`] },
    ],
  })
  t.end()
})

t.test('a snapshot of a thin volume is taken in as a volume that comes up after a boot', (t) => {
  const snapshot = lv('before', 'Vwi---tz-k', { pool_lv: 'thin' })
  t.match(planAdopt(THIN, state(snapshot), VOLUME, 'before', TAGS), {
    kind: 'steps',
    steps: [
      { args: ['lvchange', '--addtag', `scoria.volume=${ID}`] },
      { args: ['lvrename', 'vg/before', `vg/volume-${ID}`] },
      { args: ['lvchange', '--setactivationskip', 'n'] },
      { args: ['lvchange', '--activate', 'y'] },
    ],
  })
  t.end()
})
