/** Hosts that go, and the end of each step: what may be done to whom, and when the registers are safe. */
import t from 'tap'
import { createClusterKey, signManifest } from '../../../agent/peer/manifest.ts'
import { createManifestChanges, manifestHash } from '../../../agent/peer/manifest-changes.ts'
import { createMembership } from '../../../agent/peer/membership.ts'
import { createStepper, isStepDone, unmovedVoters } from '../../../agent/peer/stepper.ts'
import type { Beat, HostView } from '../../../lib/model/host.ts'
import { type PeerId, peerId } from '../../../lib/model/ids.ts'
import { isLostHost, type Manifest, type ManifestHost, votersOf } from '../../../lib/model/manifest.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'
import { beatOf, CLUSTER } from './fixture.ts'

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const idOf = (name: string): PeerId => peerId(`peer-${name}`)

function manifestOf(voters: number, more: Partial<Manifest> = {}): Manifest {
  const hosts = LETTERS.slice(0, voters).map((name): ManifestHost => {
    return { peer: idOf(name), name, addrs: [], zone: 'nova', voter: true, state: 'member' }
  })
  return {
    cluster: CLUSTER,
    epoch: 7,
    prev: '',
    expect: voters,
    voting: { epoch: 1, former: null },
    hosts,
    left: [],
    types: [],
    limits: DEFAULT_LIMITS,
    ...more,
  }
}

/** A host with the cluster's key; what its agent would keep on disk is in `state`. */
function keyHost(first: Manifest) {
  const key = createClusterKey()
  const state = { signed: signManifest(first, key), heard: [] as readonly HostView[] }
  const manifest = () => state.signed.manifest
  const changes = createManifestChanges({
    sign: (next) => signManifest(next, key),
    signedManifest: () => state.signed,
    onManifest: async (signed) => {
      state.signed = signed
    },
  })
  const membership = createMembership({ changes, manifest, hosts: () => state.heard, log: SILENT })
  const stepper = createStepper({ changes, manifest, hosts: () => state.heard, log: SILENT })
  return { state, manifest, membership, stepper }
}

/** `names` say that they hold the manifest and that all their registers have moved, the others nothing. */
function heard(manifest: Manifest, names: readonly string[], pending = 0): readonly HostView[] {
  return manifest.hosts.map(({ peer, name, zone, voter }): HostView => {
    const beat = names.includes(name) ? { ...beatOf(peer, 1), voting: manifest.voting.epoch, pending } : null
    return { peer, name, zone, voter, state: 'up', lastBeatMs: beat === null ? null : 1, beat }
  })
}

/** What is heard of a host that drains. */
function drainingHost(manifest: Manifest, name: string, said: Pick<Beat, 'held' | 'state'>): readonly HostView[] {
  return heard(manifest, [name]).map((host): HostView => {
    return host.beat === null ? host : { ...host, state: 'draining', beat: { ...host.beat, ...said } }
  })
}

t.test(
  'a voter that leaves drains and gives up its votes, and goes when its registers have moved and it says that it is empty',
  async (t) => {
    const { state, manifest, membership, stepper } = keyHost(manifestOf(3))
    const before = manifest()
    t.match(await membership.leave('c', false), { ok: true })
    t.match(manifest(), { epoch: 8, prev: manifestHash(before), voting: { epoch: 2, former: [idOf('a'), idOf('b'), idOf('c')] } })
    t.same(votersOf(manifest()), [idOf('a'), idOf('b')])
    t.equal(manifest().hosts.length, 3, 'it stays a member: the others read its registers from it')

    t.match(await membership.leave('c', false), { ok: false, problem: { kind: 'step-pending', epoch: 2 } })
    state.heard = heard(manifest(), ['a', 'b', 'c'])
    t.equal(await stepper.look(), true)
    for (const [title, beat] of [
      ['it has not heard that it drains', { held: 0, state: 'ready' }],
      ['it holds a reservation', { held: 1, state: 'draining' }],
    ] as const) {
      state.heard = drainingHost(manifest(), 'c', beat)
      t.match(await membership.leave('c', false), { ok: true, manifest: { epoch: 9 } }, title)
    }
    t.equal(manifest().hosts.length, 3, 'it is still there')
    state.heard = drainingHost(manifest(), 'c', { held: 0, state: 'draining' })
    t.match(await membership.leave('c', false), { ok: true })
    t.same(
      manifest().hosts.map(({ name }) => name),
      ['a', 'b'],
    )
    t.same(manifest().voting, { epoch: 2, former: null }, 'no vote changed hands')
    t.match(await membership.leave('c', false), { ok: false, problem: { kind: 'host-unknown', name: 'c' } })
  },
)

t.test('a lost host stays in the list without a vote; marking it again changes nothing', async (t) => {
  const { manifest, membership } = keyHost(manifestOf(3))
  t.match(await membership.lose('b', false), { ok: true })
  t.ok(isLostHost(manifest(), idOf('b')))
  t.match(manifest(), { epoch: 8, voting: { epoch: 2, former: [idOf('a'), idOf('b'), idOf('c')] } })
  t.match(await membership.lose('b', false), { ok: true })
  t.equal(manifest().epoch, 8)
  t.match(await membership.leave('b', false), { ok: false, problem: { kind: 'lost-before', name: 'b' } })
})

t.test('what the registers could not survive is refused', async (t) => {
  const pending = { voting: { epoch: 3, former: [idOf('a'), idOf('b'), idOf('c')] } }
  const table = [
    { title: 'the last voter', manifest: manifestOf(1), act: 'leave', name: 'a', kind: 'last-voter' },
    { title: 'the last voter, lost', manifest: manifestOf(1), act: 'lose', name: 'a', kind: 'last-voter' },
    { title: 'one of two, whose registers lie there alone', manifest: manifestOf(2), act: 'lose', name: 'a', kind: 'too-few-left' },
    { title: 'a second step', manifest: manifestOf(4, pending), act: 'leave', name: 'd', kind: 'step-pending' },
    { title: 'a second step, lost', manifest: manifestOf(4, pending), act: 'lose', name: 'd', kind: 'step-pending' },
    {
      title: 'a cluster that is forming',
      manifest: manifestOf(2, { voting: { epoch: 0, former: null } }),
      act: 'leave',
      name: 'a',
      kind: 'founding',
    },
    { title: 'nobody', manifest: manifestOf(3), act: 'lose', name: 'z', kind: 'host-unknown' },
  ] as const
  for (const { title, manifest: first, act, name, kind } of table) {
    const { membership, manifest } = keyHost(first)
    t.match(await membership[act](name, false), { ok: false, problem: { kind } }, title)
    t.match(await membership[act](name, true), { ok: false, problem: { kind } }, `${title}: dry run`)
    t.equal(manifest(), first, `${title}: nothing has changed`)
  }
  t.match(await keyHost(manifestOf(2)).membership.leave('a', false), { ok: true }, 'one of two may leave, since it can be read from')
})

t.test('a dry run gives the manifest that would hold, on any host, and makes nothing', async (t) => {
  const first = manifestOf(5)
  const anywhere = createMembership({ changes: null, manifest: () => first, hosts: () => [], log: SILENT })
  const dry = await anywhere.leave('e', true)
  t.ok(dry.ok && votersOf(dry.manifest).length === 4)
  t.match(await anywhere.leave('e', false), { ok: false, problem: { kind: 'no-cluster-key' } })
  t.match(await anywhere.lose('e', false), { ok: false, problem: { kind: 'no-cluster-key' } })
})

t.test('changes that are asked for at once are made one after the other', async (t) => {
  const { manifest, membership } = keyHost(manifestOf(7))
  const outcomes = await Promise.all(['e', 'f', 'g'].map((name) => membership.lose(name, false)))
  t.equal(outcomes.filter(({ ok }) => ok).length, 1, 'the others wait for the step of the first')
  t.equal(manifest().epoch, 8)
})

t.test('a step ends when each former group has a majority whose registers have all moved', async (t) => {
  const table = [
    { former: 1, moved: 'a', done: true },
    { former: 1, moved: '', done: false },
    { former: 2, moved: 'a', done: false, why: 'groups of one: the other holds registers that nobody else has' },
    { former: 2, moved: 'ab', done: true },
    { former: 3, moved: 'ab', done: true, why: 'one of three may be silent' },
    { former: 3, moved: 'a', done: false },
    { former: 4, moved: 'abc', done: true },
    { former: 4, moved: 'ab', done: false, why: 'a group of three may hold both of the silent ones' },
    { former: 5, moved: 'abc', done: true },
    { former: 7, moved: 'abcde', done: true },
    { former: 7, moved: 'abcd', done: false },
  ]
  for (const { former, moved, done, why } of table) {
    const manifest = manifestOf(7, { voting: { epoch: 4, former: LETTERS.slice(0, former).map(idOf) } })
    const title = `${former} former voters, of which ${moved || 'none'} have moved${why === undefined ? '' : `: ${why}`}`
    t.equal(isStepDone(manifest, heard(manifest, moved.split(''))), done, title)
    t.equal(isStepDone(manifest, heard(manifest, moved.split(''), 1)), false, `${title}, but one register each`)
  }
  const quiet = manifestOf(3)
  t.equal(isStepDone(quiet, heard(quiet, ['a', 'b', 'c'])), false, 'no step is under way')
})

t.test('what a host said under an earlier manifest does not count, nor what is known of a lost one', async (t) => {
  const manifest = manifestOf(3, { voting: { epoch: 4, former: ['a', 'b', 'c'].map(idOf) } })
  const earlier = heard({ ...manifest, voting: { epoch: 3, former: null } }, ['a', 'b', 'c'])
  t.same(unmovedVoters(manifest, earlier), [idOf('a'), idOf('b'), idOf('c')])
  t.equal(isStepDone(manifest, earlier), false)
})

t.test('only the host with the key ends a step, and once', async (t) => {
  const { state, manifest, membership, stepper } = keyHost(manifestOf(4))
  await membership.lose('d', false)
  t.equal(await stepper.look(), false, 'nobody has said anything yet')
  state.heard = heard(manifest(), ['a', 'b', 'c'])
  const keyless = createStepper({ changes: null, manifest, hosts: () => state.heard, log: SILENT })
  t.equal(await keyless.look(), false)
  t.same((await Promise.all([stepper.look(), stepper.look()])).filter(Boolean), [true])
  t.match(manifest(), { epoch: 9, voting: { epoch: 2, former: null } })
})
