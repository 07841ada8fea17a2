/** What `scoria doctor` says of a volume group beyond what a start demands of it. */
import t from 'tap'
import type { LvmPlace } from '../../../../agent/backend/lvm/facts.ts'
import { judgePlace, judgePool } from '../../../../agent/backend/lvm/judge.ts'
import type { Lv, VgState } from '../../../../agent/backend/lvm/report.ts'
import type { Finding } from '../../../../lib/model/finding.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
const PLACE: LvmPlace = {
  usesDevicesFile: false,
  devicesFile: 'there',
  sizeBytes: 100 * GIB,
  metadataBytes: 16 * MIB,
  metadataFreeBytes: 15 * MIB,
}
const LV: Lv = {
  name: 'pool',
  sizeBytes: 50 * GIB,
  kind: 'thin-pool',
  pool: null,
  isPlain: false,
  isSnapshot: false,
  origin: null,
  isSkipped: false,
  isActive: true,
  isOpen: false,
  isOrigin: false,
  isZeroing: true,
  dataPercent: 10,
  metadataPercent: 5,
  metadataBytes: 64 * MIB,
  transaction: null,
  health: '',
  tags: [],
}
const STATE: VgState = { freeBytes: 50 * GIB, extentBytes: 4 * MIB, missingPvs: 0, lvs: [LV] }
const THIN = { vg: 'vg0', thinPool: 'pool', thinPoolGiB: null }
const told = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ level }) => level !== 'ok')

t.test('a group with room for volumes and for what LVM writes about them', async (t) => {
  t.same(told(judgePlace(PLACE, STATE, THIN)), [])
  t.match(judgePlace({ ...PLACE, devicesFile: 'absent', usesDevicesFile: true }, STATE, THIN)[0], {
    found: /made when the agent starts.*use_devicesfile is 1/,
  })
})

t.test('each miss names its remedy', async (t) => {
  const cases: readonly (readonly [
    Partial<LvmPlace>,
    Partial<VgState>,
    Partial<typeof THIN> | { readonly thinPoolGiB: number },
    object,
  ])[] = [
    [
      { devicesFile: 'not-writable' },
      {},
      {},
      { check: 'lvm-devices', level: 'fail', remedy: /vgimportdevices --devicesfile scoria-vg0 vg0/ },
    ],
    [
      { metadataBytes: MIB, metadataFreeBytes: MIB },
      {},
      {},
      { check: 'lvm-metadata', level: 'warn', remedy: /vgcreate --metadatasize 16m/ },
    ],
    [{ metadataFreeBytes: 3 * MIB }, {}, {}, { check: 'lvm-metadata', level: 'fail', remedy: /vgextend --metadatasize/ }],
    [{ metadataBytes: null }, {}, {}, { check: 'lvm-metadata', level: 'warn', remedy: /^vgs / }],
    [{}, { lvs: [] }, { thinPoolGiB: 50 }, { check: 'lvm-room', level: 'fail', remedy: /^vgextend vg0 .*thinPoolGiB/ }],
    [
      {},
      { lvs: [LV, { ...LV, name: 'quarantine-volume-x', kind: 'thin' }] },
      {},
      { check: 'quarantine', level: 'warn', remedy: /lvremove vg0\/quarantine-volume-x$/ },
    ],
  ]
  for (const [place, state, wanted, expected] of cases) {
    const found = told(judgePlace({ ...PLACE, ...place }, { ...STATE, ...state }, { ...THIN, ...wanted }))
    t.equal(found.length, 1, JSON.stringify(expected))
    t.match(found[0], expected)
  }
  const thick = { vg: 'vg0', thinPool: null, thinPoolGiB: null }
  t.match(told(judgePlace(PLACE, { ...STATE, freeBytes: GIB - 1 }, thick)), [{ check: 'lvm-room', level: 'warn', remedy: /^vgextend/ }])
})

t.test('a thin pool against its guards', async (t) => {
  const guard = { dataPercentMax: 95, metadataPercentMax: 90 }
  const cases: readonly (readonly [Partial<Lv>, object])[] = [
    [{}, { level: 'ok' }],
    [{ dataPercent: 79.9, metadataPercent: 79.9 }, { level: 'ok' }],
    [{ dataPercent: 80 }, { level: 'warn', remedy: /^lvextend --size/ }],
    [{ metadataPercent: 80 }, { level: 'warn', remedy: /^lvextend --poolmetadatasize/ }],
    [{ dataPercent: 95 }, { level: 'fail', remedy: /^lvextend --size/ }],
    [{ metadataPercent: 90 }, { level: 'fail', remedy: /^lvextend --poolmetadatasize/ }],
    [{ health: 'out_of_data' }, { level: 'fail', found: /out_of_data/ }],
    [{ dataPercent: null }, { level: 'warn', remedy: 'lvchange --activate y vg0/pool' }],
  ]
  for (const [change, expected] of cases) t.match(judgePool({ ...LV, ...change }, 'vg0', guard), expected, JSON.stringify(change))
})
