import t from 'tap'
import { createVolume, PROJECT, startCluster } from './cluster.ts'

t.test('debug', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const v = await createVolume(cluster.first)
  console.log(v)
  for (const p of [
    '/volumes',
    '/volumes/detail',
    '/os-services',
    '/scheduler-stats/get_pools?detail=true',
    '/limits',
    '/os-quota-sets/demo?usage=true',
    '/types',
    '/messages',
    '/attachments',
    '/volumes/summary',
  ]) {
    const a = await cluster.first.call(`/v3/${PROJECT}${p}`)
    console.log(p, a.status, JSON.stringify(a.body).slice(0, 500))
  }
  const a = await cluster.first.call(`/scoria/v1/status`)
  console.log(a.status, JSON.stringify(a.body))
})
