/** One host with a volume group and a cluster of its own, whose agent is not yet started, for whoever cuts its power. */
import type { Test } from 'tap'
import { startLab } from './lab.ts'
import type { StorageHost } from './storage-host.ts'

export const VG = 'vg'
const FOLDER = '/var/lib/scoria'

/** @param storage options of `init` besides the volume group */
export async function hostForCuts(t: Test, dataGiB: number, storage: readonly string[]): Promise<StorageHost> {
  const lab = await startLab({ storage: 1, dataGiB, memoryMiB: 512 })
  t.teardown(async () => {
    const left = await lab.stop({ keep: !t.passing() })
    if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
  })
  t.comment(`logs: ${lab.folder}`)
  const host = lab.storage(0)
  await host.must(`chmod 700 ${FOLDER} && vgcreate -q ${VG} /dev/ubda`)
  const network = ['--listen', `${host.address}:8777`, '--portal', `${host.address}:3260`, '--target', 'lio']
  const limits = ['--expect', '1', '--quota', 'volumes=-1,gigabytes=-1']
  await host.scoria('init', '--name', host.name, '--dir', FOLDER, ...limits, ...network, '--vg', VG, ...storage)
  return host
}
