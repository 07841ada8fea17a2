/** Who keeps a project's register follows from the manifest alone. */
import t from 'tap'
import { peerId, projectId } from '../../../lib/model/ids.ts'
import type { Manifest } from '../../../lib/model/manifest.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'
import { homeGroup } from '../../../lib/register/home-group.ts'

const PROJECTS = Array.from({ length: 50 }, (_, n) => projectId(`project-${n}`))

t.test('peers that hold equal manifests name the same members in the same order', async (t) => {
  const [one, other] = [manifestOf(7), manifestOf(7)]
  for (const project of PROJECTS) t.same(homeGroup(one, project), homeGroup(other, project), project)
})

t.test('a new manifest has groups of its own, whatever was asked of the one before', async (t) => {
  const small = manifestOf(3)
  for (const project of PROJECTS) homeGroup(small, project)
  const large = { ...small, epoch: 2, hosts: manifestOf(9).hosts }
  const isNew = PROJECTS.some((project) => homeGroup(large, project).some((member) => !small.hosts.some((host) => host.peer === member)))
  t.ok(isNew, 'hosts that the first manifest does not have are members')
  for (const project of PROJECTS) t.equal(homeGroup(small, project).length, 3, 'the groups of the first are as they were')
})

t.test('registers are spread: every voter is the first of some project', async (t) => {
  const manifest = manifestOf(5)
  const firsts = new Set(PROJECTS.map((project) => homeGroup(manifest, project)[0]))
  t.equal(firsts.size, 5, 'voters that propose')
})

function manifestOf(voters: number): Manifest {
  const hosts = Array.from({ length: voters }, (_, n) => ({
    peer: peerId(`peer-${n}`),
    name: `h${n}`,
    addrs: [],
    zone: 'z',
    voter: true,
    state: 'member' as const,
  }))
  return {
    cluster: 'c',
    epoch: 1,
    prev: '',
    expect: voters,
    voting: { epoch: 1, former: null },
    hosts,
    left: [],
    types: [],
    limits: DEFAULT_LIMITS,
  }
}
