import t from 'tap'
import { openClusterFiles } from '../../../agent/cluster-files.ts'
import { makeCluster } from '../../../agent/local/dev-cluster.ts'
import { type DevOptions, planPeers } from '../../../agent/local/dev-plan.ts'
import { directoryFiles } from '../../../lib/config/directory.ts'
import { isForming, votersOf } from '../../../lib/model/manifest.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

t.test('a local cluster is complete from the start: every peer a member and a voter, one of them with the key', async (t) => {
  const directory = t.testdir({})
  const options: DevOptions = {
    peers: 3,
    apiPort: 20_000,
    directory,
    backend: 'none',
    auth: { kind: 'none' },
    capacityGiB: 1,
    limits: DEFAULT_LIMITS,
  }
  const peers = planPeers(directory, options.peers, options.apiPort)
  await makeCluster(directory, peers, options)
  await makeCluster(directory, peers, options)
  const files = await Promise.all(peers.map((peer) => openClusterFiles(directoryFiles(peer.directory), SILENT)))
  for (const { signedManifest } of files) {
    const { manifest } = signedManifest()
    t.notOk(isForming(manifest))
    t.same(votersOf(manifest), files.map(({ identity }) => identity.peerId).sort())
    t.ok(manifest.hosts.every(({ state }) => state === 'member'))
    t.equal(manifest.voting.former, null)
  }
  t.same(
    files.map(({ sign }) => sign !== null),
    [true, false, false],
  )
})
