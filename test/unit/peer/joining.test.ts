import t, { type Test } from 'tap'
import '../../../agent/peer/polyfill.ts'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createJoining, type JoiningOptions } from '../../../agent/peer/joining.ts'
import { joinCluster, type Joined } from '../../../agent/peer/join-client.ts'
import { createClusterKey, signManifest, verifyManifest } from '../../../agent/peer/manifest.ts'
import { createManifestChanges } from '../../../agent/peer/manifest-changes.ts'
import { writeDurably } from '../../../agent/system/durable-file.ts'
import { peerId } from '../../../lib/model/ids.ts'
import type { Manifest, SignedManifest } from '../../../lib/model/manifest.ts'
import { leaving, losing, stepDone } from '../../../lib/model/manifest-steps.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'
import { formatJoinToken, type JoinToken, parseJoinToken } from '../../../lib/wire/join.ts'

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const MINUTE = 60_000
const SWARM_KEY = Buffer.from('the swarm key of this test')

/** The far side of the invitation: a host that wants in. */
async function newHost(name: string, key?: PrivateKey) {
  const privateKey = key ?? (await generateKeyPair('Ed25519'))
  const host = { peer: peerId(peerIdFromPrivateKey(privateKey).toString()), name, addrs: ['/ip4/10.0.0.9/tcp/8777'], zone: 'nova' }
  const knock = (token: string): Promise<Joined> => {
    const parsed = parseJoinToken(token)
    if (parsed === null) throw new Error('not a token')
    return joinCluster({ token: parsed, host, privateKey, randomBytes, verify: verifyManifest, timeoutMs: 5000 })
  }
  return { host, privateKey, knock }
}

/** An inviter of a cluster of one host, with a real door on loopback and a clock that the test moves. */
async function inviter(t: Test, options: { readonly expect?: number; readonly folder?: string; readonly fails?: () => boolean } = {}) {
  const folder = options.folder ?? t.testdir({})
  const clusterKey = createClusterKey()
  const founder = await newHost('a')
  const first: Manifest = {
    cluster: '9b0c7a52-6f6f-4c1e-9e4c-1f2d3a4b5c6d',
    epoch: 1,
    prev: '',
    expect: options.expect ?? 1,
    voting: { epoch: options.expect === undefined ? 1 : 0, former: null },
    hosts: [{ ...founder.host, voter: true, state: 'member' }],
    left: [],
    types: [],
    limits: DEFAULT_LIMITS,
  }
  const state = { signed: signManifest(first, clusterKey), nowMs: Date.UTC(2026, 0, 1) }
  const changes = createManifestChanges({
    sign: (manifest) => signManifest(manifest, clusterKey),
    signedManifest: () => state.signed,
    onManifest: async (signed: SignedManifest) => {
      if (options.fails?.() === true) throw new Error('the disk is full')
      state.signed = signed
    },
  })
  /** The registers have moved: the step that is under way ends. */
  const endStep = () => changes.change((manifest, prev) => ({ kind: 'next', manifest: stepDone(manifest, prev) }))
  const settings: JoiningOptions = {
    folder,
    write: writeDurably,
    changes,
    clusterPublicKey: clusterKey.publicKey,
    swarmKey: SWARM_KEY,
    signedManifest: () => state.signed,
    clock: () => state.nowMs,
    randomBytes,
    door: { listen: { host: '127.0.0.1', port: 0 }, announce: 'replaced.when.open:1' },
    log: SILENT,
  }
  const start = async () => {
    const joining = await createJoining(settings)
    const door = await joining.startDoor()
    t.teardown(() => joining.stop())
    const invite = async (ttlMs = 15 * MINUTE): Promise<string> => {
      const made = await joining.invite(ttlMs)
      const token = made.ok ? parseJoinToken(made.value.token) : null
      if (token === null) throw new Error('no invite was made')
      return formatJoinToken({ ...token, door: `127.0.0.1:${door?.port}` })
    }
    return { joining, invite, url: `http://127.0.0.1:${door?.port}/join` }
  }
  return { state, folder, settings, changes, endStep, start, ...(await start()) }
}

t.test('a host with a token becomes a member and gets all that a member needs', async (t) => {
  const { state, invite } = await inviter(t)
  const b = await newHost('b')
  const joined = await b.knock(await invite())
  t.match(joined, { ok: true, answer: { swarmKey: SWARM_KEY.toString('base64') } })
  t.equal(state.signed.manifest.epoch, 2)
  t.same(state.signed.manifest.hosts.map((host) => host.name).sort(), ['a', 'b'])
  t.match(joined, { answer: { signedManifest: state.signed } }, 'the manifest that now holds')
})

t.test('founding hosts join without waiting for each other, and the last of them completes the cluster', async (t) => {
  const { state, invite } = await inviter(t, { expect: 3 })
  t.match(await (await newHost('b')).knock(await invite()), { ok: true })
  t.same(state.signed.manifest.voting, { epoch: 0, former: null }, 'still forming')
  t.match(await (await newHost('c')).knock(await invite()), { ok: true })
  t.same(state.signed.manifest.voting, { epoch: 1, former: null })
  t.ok(state.signed.manifest.hosts.every(({ voter }) => voter))
})

t.test('after the founding each host that joins votes too, one at a time: the next is told to come back', async (t) => {
  const { state, invite, endStep } = await inviter(t)
  const [founder] = state.signed.manifest.hosts
  const b = await newHost('b')
  t.match(await b.knock(await invite()), { ok: true })
  t.same(state.signed.manifest.voting, { epoch: 2, former: [founder?.peer] })
  const c = await newHost('c')
  const token = await invite()
  t.match(await c.knock(token), { ok: false, code: 'step-pending', facts: { epoch: 2 } })
  t.equal(state.signed.manifest.epoch, 2, 'nothing has changed')
  t.match(await b.knock(token), { ok: true }, 'the token of a host that was refused serves whoever comes first')
  t.equal(state.signed.manifest.epoch, 2, 'and a member that asks again changes nothing')
  await endStep()
  t.match(await c.knock(await invite()), { ok: true })
  t.equal(state.signed.manifest.hosts.length, 3)
  t.ok(state.signed.manifest.hosts.every(({ voter }) => voter))
})

t.test('a host that has left does not come back under its old key', async (t) => {
  const { invite, endStep, changes } = await inviter(t)
  const b = await newHost('b')
  await b.knock(await invite())
  await endStep()
  await changes.change((manifest, prev) => {
    const next = leaving(manifest, 'b', prev)
    return next.ok ? { kind: 'next', manifest: next.manifest } : { kind: 'refused', refusal: next.problem }
  })
  await endStep()
  t.match(await b.knock(await invite()), { ok: false, code: 'host-left', facts: { name: 'b' } })
  t.match(await (await newHost('b')).knock(await invite()), { ok: true })
})

t.test('a host that was marked as lost does not come back under its old key; another may bear its name', async (t) => {
  const { state, invite, endStep, changes } = await inviter(t)
  const b = await newHost('b')
  await b.knock(await invite())
  await endStep()
  await changes.change((manifest, prev) => {
    const next = losing(manifest, 'b', prev)
    return next.ok ? { kind: 'next', manifest: next.manifest } : { kind: 'refused', refusal: next.problem }
  })
  await endStep()
  t.match(await b.knock(await invite()), { ok: false, code: 'host-lost', facts: { name: 'b' } })
  const heir = await newHost('b')
  t.match(await heir.knock(await invite()), { ok: true })
  const bearers = state.signed.manifest.hosts.filter(({ name }) => name === 'b').map(({ peer, state: is }) => [peer, is])
  t.same(
    bearers.sort(),
    [
      [b.host.peer, 'lost'],
      [heir.host.peer, 'member'],
    ].sort(),
  )
  t.match(await (await newHost('b')).knock(await invite()), { ok: false, code: 'name-taken' })
})

t.test('a token serves one host: another is refused and told by whom it was used', async (t) => {
  const { state, invite } = await inviter(t)
  const token = await invite()
  await (await newHost('b')).knock(token)
  t.match(await (await newHost('c')).knock(token), { ok: false, code: 'token-used', facts: { by: 'b' } })
  t.equal(state.signed.manifest.hosts.length, 2)
})

t.test('the same host may ask again, also after the token has expired and after a restart of the inviter', async (t) => {
  const { state, invite, joining, start } = await inviter(t)
  const b = await newHost('b')
  const token = await invite(MINUTE)
  const first = await b.knock(token)
  state.nowMs += 2 * MINUTE
  t.same(await b.knock(token), first)
  await joining.stop()
  const again = await start()
  const moved = parseJoinToken(token)
  if (moved === null) return t.fail('a token can be parsed')
  t.same(await b.knock(formatJoinToken({ ...moved, door: new URL(again.url).host })), first)
  t.equal(state.signed.manifest.epoch, 2, 'nothing was admitted twice')
  return undefined
})

t.test('an expired token is refused', async (t) => {
  const { state, invite } = await inviter(t)
  const token = await invite(MINUTE)
  state.nowMs += MINUTE + 1
  t.match(await (await newHost('b')).knock(token), { ok: false, code: 'token-expired' })
  t.equal(state.signed.manifest.epoch, 1)
})

t.test('a token that was never made, or whose secret is wrong, gets the same answer', async (t) => {
  const { invite, url } = await inviter(t)
  const token = parseJoinToken(await invite())
  if (token === null) return t.fail('a token can be parsed')
  const b = await newHost('b')
  const wrong: readonly JoinToken[] = [
    { ...token, id: '0'.repeat(16) },
    { ...token, secretHex: '0'.repeat(64) },
  ]
  for (const item of wrong)
    t.match(await b.knock(formatJoinToken({ ...item, door: new URL(url).host })), { ok: false, code: 'token-unknown' })
  return undefined
})

t.test('one changed bit of the sealed request and nothing happens', async (t) => {
  const { state, invite, url } = await inviter(t)
  const seen: string[] = []
  const b = await newHost('b')
  const token = await invite()
  const realFetch = globalThis.fetch
  globalThis.fetch = async (_input, init) => {
    seen.push(String(init?.body))
    throw new Error('caught on the way')
  }
  await b.knock(token)
  globalThis.fetch = realFetch
  const frame: { sealed: string } = JSON.parse(seen[0] ?? '{}')
  for (const at of [0, 12, 40, -1]) {
    const bytes = Buffer.from(frame.sealed, 'base64')
    const index = at < 0 ? bytes.length + at : at
    bytes[index] = (bytes[index] ?? 0) ^ 1
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ ...frame, sealed: bytes.toString('base64') }) })
    t.equal(response.status, 403, `byte ${at}`)
  }
  t.equal(state.signed.manifest.epoch, 1)
  t.match(await b.knock(token), { ok: true }, 'the token is still good for its host')
})

t.test('a host that does not have the key of the peer id that it names is refused', async (t) => {
  const { state, invite } = await inviter(t)
  const b = await newHost('b')
  const thief = await newHost('b')
  const token = parseJoinToken(await invite())
  if (token === null) return t.fail('a token can be parsed')
  const call = { token, host: b.host, privateKey: thief.privateKey, randomBytes, verify: verifyManifest, timeoutMs: 5000 }
  t.match(await joinCluster(call), { ok: false, code: 'bad-request' })
  t.equal(state.signed.manifest.epoch, 1)
  return undefined
})

t.test('a name that another host has is refused, and the token stays good', async (t) => {
  const { invite } = await inviter(t)
  const token = await invite()
  const key = await generateKeyPair('Ed25519')
  t.match(await (await newHost('a', key)).knock(token), { ok: false, code: 'name-taken' })
  t.match(await (await newHost('b', key)).knock(token), { ok: true })
})

t.test('two hosts with one token at the same moment: one gets in', async (t) => {
  const { state, invite } = await inviter(t)
  const token = await invite()
  const hosts = await Promise.all(['b', 'c', 'd', 'e'].map((name) => newHost(name)))
  const outcomes = await Promise.all(hosts.map((host) => host.knock(token)))
  t.equal(outcomes.filter((outcome) => outcome.ok).length, 1)
  t.equal(state.signed.manifest.hosts.length, 2)
})

t.test('nothing is answered before it is written: a failed write is no admission, and the host can try again', async (t) => {
  let isFull = true
  const { state, invite, endStep } = await inviter(t, { fails: () => isFull })
  const token = await invite()
  const b = await newHost('b')
  t.match(await b.knock(token), { ok: false })
  t.equal(state.signed.manifest.epoch, 1)
  isFull = false
  t.match(await b.knock(token), { ok: true })
  await endStep()
  t.match(await (await newHost('c')).knock(token), { ok: false, code: 'token-used' })
})

t.test('invitations are files that only their owner can read, and old ones are forgotten', async (t) => {
  const { state, invite, folder } = await inviter(t)
  await invite(MINUTE)
  const [file = ''] = readdirSync(folder)
  t.equal(statSync(`${folder}/${file}`).mode & 0o077, 0)
  t.match(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')), { usedBy: null })
  state.nowMs += 2 * 24 * 60 * MINUTE
  await invite(MINUTE)
  t.equal(readdirSync(folder).length, 1)
})

t.test('a host without the cluster key invites nobody and opens no door', async (t) => {
  const { settings } = await inviter(t)
  const other = await createJoining({ ...settings, changes: null })
  t.same(await other.invite(MINUTE), { ok: false, failure: { code: 'no-cluster-key' } })
  t.equal(await other.startDoor(), null)
})

t.test('the door takes nothing but small knocks, and not many of them', async (t) => {
  const { state, url } = await inviter(t)
  t.equal((await fetch(url)).status, 404)
  t.equal((await fetch(url.replace('/join', '/'), { method: 'POST' })).status, 404)
  t.equal((await fetch(url, { method: 'POST', body: 'x'.repeat(17 * 1024) })).status, 413)
  t.equal((await fetch(url, { method: 'POST', body: '{' })).status, 400)
  const statuses: number[] = []
  for (let knock = 0; knock < 30; knock += 1) statuses.push((await fetch(url, { method: 'POST', body: '{}' })).status)
  t.equal(statuses.filter((status) => status === 429).length, 12, 'twenty at once, two of them used above')
  state.nowMs += 1000
  t.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 400, 'a second later there is room again')
})

t.test('a token is text that survives copying, and nothing else is a token', async (t) => {
  const token: JoinToken = { id: '0123456789abcdef', secretHex: 'ab'.repeat(32), door: '[fd00::1]:8778' }
  t.same(parseJoinToken(` ${formatJoinToken(token)}\n`), token)
  for (const text of [
    '',
    'scoria1:',
    formatJoinToken(token).slice(0, -5),
    formatJoinToken(token).replace('scoria1', 'scoria2'),
    `${formatJoinToken(token)}/x`,
  ]) {
    t.equal(parseJoinToken(text), null, text)
  }
})
