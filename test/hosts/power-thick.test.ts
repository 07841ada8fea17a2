/** The power is cut in the middle of every call of a volume's life on LVM thick, where most of them clear or copy a volume. */
import t from 'tap'
import { hostForCuts, VG } from './power-lab.ts'
import { cutAtSteps } from './power-steps.ts'

t.setTimeout(3_600_000)

const host = await hostForCuts(t, 12, [])
await cutAtSteps(t, { host, vg: VG, thinPool: null, lives: 1, withExport: false })
