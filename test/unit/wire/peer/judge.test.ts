/** What is taken from whom: by cluster, membership and the epoch of the manifest. */
import t from 'tap'
import { peerId } from '../../../../lib/model/ids.ts'
import { acceptsManifest, type Manifest, type ManifestHost } from '../../../../lib/model/manifest.ts'
import { DEFAULT_LIMITS } from '../../../../lib/model/quota.ts'
import { judge } from '../../../../lib/wire/peer/judge.ts'

const hostOf = (name: string, state: ManifestHost['state']): ManifestHost => {
  return { peer: peerId(name), name, addrs: [], zone: 'z', voter: state === 'member', state }
}
const manifest: Manifest = {
  cluster: 'ours',
  epoch: 7,
  prev: '',
  expect: 3,
  voting: { epoch: 2, former: null },
  hosts: [hostOf('a', 'member'), hostOf('b', 'draining'), hostOf('c', 'lost')],
  left: [],
  types: [],
  limits: DEFAULT_LIMITS,
}

t.test('a message is taken from a member, under the manifest that holds here, and else not', async (t) => {
  const table = [
    { from: 'a', cluster: 'ours', epoch: 7, judgement: 'taken' },
    { from: 'b', cluster: 'ours', epoch: 7, judgement: 'taken', why: 'it drains, and still has a say' },
    { from: 'a', cluster: 'ours', epoch: 6, judgement: 'older' },
    { from: 'a', cluster: 'ours', epoch: 8, judgement: 'newer' },
    { from: 'c', cluster: 'ours', epoch: 7, judgement: 'no-member', why: 'lost' },
    { from: 'c', cluster: 'ours', epoch: 6, judgement: 'no-member', why: 'lost, and has not heard of it' },
    { from: 'd', cluster: 'ours', epoch: 7, judgement: 'no-member', why: 'never heard of' },
    { from: 'd', cluster: 'ours', epoch: 8, judgement: 'newer', why: 'it may have joined since' },
    { from: 'a', cluster: 'theirs', epoch: 7, judgement: 'other-cluster' },
    { from: 'a', cluster: 'theirs', epoch: 8, judgement: 'other-cluster' },
  ] as const
  for (const { from, judgement, ...rest } of table)
    t.equal(judge(manifest, peerId(from), rest), judgement, JSON.stringify({ from, ...rest }))
})

t.test('a manifest never goes back, and never to another cluster', async (t) => {
  t.ok(acceptsManifest(manifest, { ...manifest, epoch: 8 }))
  for (const epoch of [6, 7]) t.notOk(acceptsManifest(manifest, { ...manifest, epoch }), `epoch ${epoch}`)
  t.notOk(acceptsManifest(manifest, { ...manifest, cluster: 'theirs', epoch: 8 }))
})
