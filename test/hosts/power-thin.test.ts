/** The power is cut at step after step of every call of a volume's life: an agent on LVM thin that exports through LIO. */
import t from 'tap'
import { startLab } from './lab.ts'
import { cutAtSteps } from './power-steps.ts'

t.setTimeout(3_000_000)

const lab = await startLab({ storage: 1, dataGiB: 20, memoryMiB: 512 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const host = lab.storage(0)
await host.must('chmod 700 /var/lib/scoria && vgcreate -q vg /dev/ubda')
const network = ['--listen', `${host.address}:8777`, '--portal', `${host.address}:3260`, '--target', 'lio']
await host.scoria(
  'init',
  '--name',
  host.name,
  '--dir',
  '/var/lib/scoria',
  '--expect',
  '1',
  ...network,
  '--vg',
  'vg',
  '--thin-pool',
  'pool',
  '--capacity',
  '14',
  '--quota',
  'volumes=-1,gigabytes=-1',
)
await cutAtSteps(t, { host, vg: 'vg', thinPool: 'pool', lives: 4, withExport: true })
