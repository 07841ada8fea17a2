/** The power is cut at step after step of every call of a volume's life: an agent on LVM thin that exports through LIO. */
import t from 'tap'
import { hostForCuts, VG } from './power-lab.ts'
import { cutAtSteps } from './power-steps.ts'

t.setTimeout(3_600_000)

const host = await hostForCuts(t, 20, ['--thin-pool', 'pool', '--capacity', '14'])
await cutAtSteps(t, { host, vg: VG, thinPool: 'pool', lives: 3, withExport: true })
