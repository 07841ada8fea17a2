import { inspect } from 'node:util'
import t from 'tap'
import { formatHostPort, isLoopback, parseHostPort, toMultiaddr } from '../../../lib/config/address.ts'
import { parseAgentConfig } from '../../../lib/config/agent-config.ts'
import { isEndpoint, parseCliConfig } from '../../../lib/config/cli-config.ts'
import { problemText } from '../../../lib/config/problems.ts'

const LEAST = { name: 'a', directory: '/var/lib/scoria', backends: [{ kind: 'none' }], target: { kind: 'none' } }

const KEYSTONE = { kind: 'keystone', url: 'http://127.0.0.1:5000', username: 'scoria', password: 'canary', projectName: 'service' }

/** Every problem of the file, as an operator reads it. */
function problemsOf(json: unknown): readonly string[] {
  const parsed = parseAgentConfig(json)
  return parsed.ok ? [] : parsed.problems.map(problemText)
}

t.test('a file with only what has no default is complete', async (t) => {
  const parsed = parseAgentConfig(LEAST)
  t.match(parsed, {
    ok: true,
    config: {
      name: 'a',
      zone: 'nova',
      peer: { listen: ['/ip4/0.0.0.0/tcp/8777'], announce: [] },
      api: { listen: { host: '127.0.0.1', port: 8776 } },
      join: null,
      backends: [
        { kind: 'none', name: 'none', pool: 'pool', capacityGiB: 1000, drill: null, filterFunction: null, goodnessFunction: null },
      ],
      target: { kind: 'none', portal: '127.0.0.1:3260' },
      placement: {
        order: 'spread',
        weighers: { CapacityWeigher: 1, AllocatedCapacityWeigher: 0, GoodnessWeigher: 0, VolumeNumberWeigher: 0 },
        thinDataPercentMax: 95,
        thinMetadataPercentMax: 90,
      },
      limits: { maxClients: 1000, callTimeoutMs: 60_000 },
      log: { level: 'info' },
    },
  })
})

t.test('a file backend without a capacity takes what the file system holds', async (t) => {
  const parsed = parseAgentConfig({
    ...LEAST,
    backends: [{ kind: 'file', path: '/srv' }],
    target: { kind: 'tgt', portal: '10.0.0.1:3260' },
  })
  t.match(parsed, {
    ok: true,
    config: {
      backends: [{ name: 'file', pool: 'pool', capacityGiB: null, maxOverSubscriptionRatio: 1, reservedPercentage: 0 }],
      target: { controlPort: 0, lookIntervalMs: 3000 },
    },
  })
})

t.test('the kernel’s target is looked at every five seconds unless said otherwise', async (t) => {
  const lio = (more: object) => ({ ...LEAST, target: { kind: 'lio', portal: '10.0.0.1:3260', ...more } })
  t.match(parseAgentConfig(lio({})), { ok: true, config: { target: { kind: 'lio', portal: '10.0.0.1:3260', lookIntervalMs: 5000 } } })
  t.same(problemsOf(lio({ controlPort: 0 })), [
    'target.controlPort: expected one of the keys kind, portal, lookIntervalMs, got "controlPort"',
  ])
})

t.test('a volume group is thick unless a thin pool is named, and what contradicts that is told', async (t) => {
  const withLvm = (...backends: readonly object[]) => ({
    ...LEAST,
    backends: backends.map((backend) => ({ kind: 'lvm', ...backend })),
    target: { kind: 'tgt', portal: '10.0.0.1:3260' },
  })
  t.match(parseAgentConfig(withLvm({ vg: 'vg0' })), {
    ok: true,
    config: {
      backends: [{ name: 'lvm', vg: 'vg0', thinPool: null, thinPoolGiB: null, thinPoolMaxGiB: null, maxOverSubscriptionRatio: 1 }],
    },
  })
  t.same(
    problemsOf(withLvm({ vg: 'vg0', thinPool: 'a', thinPoolMaxGiB: 9, maxOverSubscriptionRatio: 3 }, { vg: 'vg1', name: 'other' })),
    [],
  )
  t.same(problemsOf(withLvm({ vg: 'vg 0' }, { name: 'b', vg: '-x', thinPool: '' })).length, 3)
  t.same(problemsOf(withLvm({ vg: 'v', thinPoolGiB: 3, maxOverSubscriptionRatio: 2 })), [
    'backends[0].thinPool: expected the name of a thin pool, because its size is set, got nothing',
    'backends[0].maxOverSubscriptionRatio: expected 1, because thick volumes take all of their room at once (or a thinPool), got 2',
  ])
  t.same(problemsOf(withLvm({ vg: 'v' }, { name: 'b', vg: 'v' }, { name: 'c', vg: 'v', thinPool: 'p', thinPoolMaxGiB: 9 })), [
    'backends[1].vg: expected a place that no other backend has, got "v"',
    'backends[2].thinPoolMaxGiB: expected nothing, because another backend gives out room of the same volume group, got 9',
  ])
})

t.test('a drill makes no fault that was not asked for, and says where its memory lies', async (t) => {
  const drilled = (drill: unknown) => ({ ...LEAST, backends: [{ kind: 'none', drill }] })
  const calm = { failBeforePercent: 0, failAfterPercent: 0, unknownPercent: 0, hangPercent: 0, slowPercent: 0, slowMsMax: 2000 }
  const least = { seed: 's', file: '/var/lib/drill.json' }
  t.match(parseAgentConfig(drilled(least)), { ok: true, config: { backends: [{ drill: { ...least, ...calm } }] } })
  t.same(problemsOf(drilled({ seed: '', hangPercent: 101 })), [
    'backends[0].drill.seed: expected a text of 1 to 100 characters, got ""',
    'backends[0].drill.file: expected an absolute path, got nothing',
    'backends[0].drill.hangPercent: expected a whole percentage from 0 to 100, got 101',
  ])
})

t.test('functions of backends are read at the start, for what cannot be read would keep every volume away', async (t) => {
  const withFunctions = (...functions: readonly object[]) => ({
    ...LEAST,
    backends: functions.map((one, n) => ({ kind: 'none', name: `n${n}`, ...one })),
  })
  const good = { filterFunction: 'volume.size < 500', goodnessFunction: '(volume.size < 5) ? 100 : 50' }
  t.match(parseAgentConfig(withFunctions(good)), { ok: true, config: { backends: [good] } })
  t.same(problemsOf(withFunctions({ filterFunction: 'volume.size <' }, { goodnessFunction: 'disk.speed', filterFunction: '' })), [
    'backends[1].filterFunction: expected a filter function in Cinder’s language, got ""',
  ])
  t.same(problemsOf(withFunctions({ filterFunction: 'volume.size <' }, { goodnessFunction: 'disk.speed' })), [
    'backends[0].filterFunction: expected a number, a text or a name at the end, got "volume.size <"',
    'backends[1].goodnessFunction: expected a name of stats, capabilities, volume, extra, qos, but not of disk, got "disk.speed"',
  ])
})

t.test('every mistake is told at once, with its path, what is expected and what is there', async (t) => {
  const problems = problemsOf({
    name: 'a b',
    zones: 3,
    api: { listen: '127.0.0.1:99999' },
    peer: { listen: ['tcp://1.2.3.4'] },
    backends: [{ kind: 'file', path: 'srv', capacityGiB: 1.5 }, { kind: 'zfs' }],
    placement: { order: 'random', thinDataPercentMax: 101 },
    limits: 4,
    log: { level: 'loud' },
  })
  t.same(problems, [
    'name: expected a host name of letters, digits, dot and dash, got "a b"',
    'directory: expected an absolute path, got nothing',
    'peer.listen[0]: expected a multiaddr such as /ip4/10.0.0.1/tcp/8777, got "tcp://1.2.3.4"',
    'api.listen: expected host:port such as 127.0.0.1:8776, got "127.0.0.1:99999"',
    'backends[0].path: expected an absolute path, got "srv"',
    'backends[0].capacityGiB: expected a whole number of GiB, got 1.5',
    'backends[1].kind: expected one of file, lvm, none, got "zfs"',
    'target: expected a map of keys, got nothing',
    'placement.order: expected spread or best, got "random"',
    'placement.thinDataPercentMax: expected a whole percentage from 0 to 100, got 101',
    'limits: expected a map of keys, got 4',
    'log.level: expected debug, info, warn or error, got "loud"',
    'zones: expected one of the keys name, zone, directory, peer, api, join, backends, target, placement, limits, log, got "zones"',
  ])
})

t.test('an API that others can reach is refused without an identity and a certificate', async (t) => {
  for (const listen of ['0.0.0.0:8776', '10.0.0.1:8776', '[::]:8776', 'host-a:8776']) {
    const [first, second] = problemsOf({ ...LEAST, api: { listen } })
    t.match(first, /^api\.listen: expected a loopback address, because with auth\.kind none/, listen)
    t.match(second, /^api\.tls: expected selfSigned: true, or certificateFile and keyFile, because tokens/, listen)
    t.same(problemsOf({ ...LEAST, api: { listen, auth: KEYSTONE, tls: { selfSigned: true } } }), [], listen)
    t.equal(problemsOf({ ...LEAST, api: { listen, auth: KEYSTONE } }).length, 1, `${listen} in the clear`)
    t.equal(problemsOf({ ...LEAST, api: { listen, tls: { selfSigned: true } } }).length, 1, `${listen} for everybody`)
  }
  for (const listen of ['127.0.0.1:0', '127.1.2.3:8776', '[::1]:8776', 'localhost:8776']) {
    t.same(problemsOf({ ...LEAST, api: { listen } }), [], listen)
  }
})

t.test('Keystone is asked as a user with a password, of which nothing is shown', async (t) => {
  const parsed = parseAgentConfig({ ...LEAST, api: { auth: KEYSTONE } })
  if (!parsed.ok) throw new Error('it holds')
  const { auth } = parsed.config.api
  if (auth.kind !== 'keystone' || !('text' in auth.password)) throw new Error('it is Keystone')
  t.match(auth, { userDomainName: 'Default', projectDomainName: 'Default', caFile: null, cacheMs: 60_000 })
  t.equal(auth.password.text.reveal(), 'canary')
  t.notMatch(JSON.stringify(parsed.config) + inspect(parsed.config, { depth: 9 }), 'canary')
  const { password: _, ...rest } = KEYSTONE
  t.match(parseAgentConfig({ ...LEAST, api: { auth: { ...rest, passwordFile: '/etc/p' } } }), {
    ok: true,
    config: { api: { auth: { password: { file: '/etc/p' } } } },
  })
  const oneOfBoth = /^api\.auth\.passwordFile: expected one of password and passwordFile/
  t.match(problemsOf({ ...LEAST, api: { auth: rest } }), [oneOfBoth])
  t.match(problemsOf({ ...LEAST, api: { auth: { ...KEYSTONE, passwordFile: '/etc/p' } } }), [oneOfBoth])
  t.same(problemsOf({ ...LEAST, api: { auth: { ...KEYSTONE, password: 123456, cacheMs: 60_001, url: 'keystone:5000' } } }), [
    'api.auth.url: expected a URL such as https://keystone.example:5000/v3, got "keystone:5000"',
    'api.auth.password: expected a password, as a text, got "[secret]"',
    'api.auth.cacheMs: expected a whole number from 0 to 60000, got 60001',
  ])
  t.match(problemsOf({ ...LEAST, api: { auth: { kind: 'ldap' } } }), [
    /^api\.auth\.kind: expected one of none, keystone, builtin, got "ldap"/,
  ])
  const short = { kind: 'builtin', tokenLifeSeconds: 59 }
  t.match(problemsOf({ ...LEAST, api: { auth: short } }), [/^api\.auth\.tokenLifeSeconds: expected a whole number from 60 to 86400/])
})

t.test('one certificate is shown, with its key', async (t) => {
  const tls = (written: object) => problemsOf({ ...LEAST, api: { tls: written } })
  t.same(tls({ selfSigned: true }), [])
  t.same(tls({ certificateFile: '/c', keyFile: '/k' }), [])
  t.match(tls({ certificateFile: '/c' }), [/^api\.tls\.keyFile: expected an absolute path, because a certificate and its key/])
  t.match(tls({ selfSigned: false }), [/^api\.tls\.certificateFile/])
  t.match(tls({ selfSigned: true, keyFile: '/k' }), [/^api\.tls\.selfSigned: expected true without/])
})

t.test('contradictions between keys are told', async (t) => {
  const problems = problemsOf({
    ...LEAST,
    backends: [
      { kind: 'file', path: '/a' },
      { kind: 'file', path: '/b' },
    ],
    join: { listen: '0.0.0.0:8778' },
  })
  t.equal(problems.length, 3)
  t.match(problems, [/^target\.kind: expected tgt/, /^backends\[1\]\.name: expected a name that no other backend has/, /^join\.announce: /])
})

t.test('a key whose lines are all commented out counts as not written', async (t) => {
  t.same(problemsOf({ ...LEAST, join: null, placement: null, log: { level: null } }), [])
})

t.test('what is not a map at all is told as that', async (t) => {
  for (const json of [null, 'name: a', 3, []]) t.match(problemsOf(json), [/^the file: expected a map of keys/], JSON.stringify(json))
})

t.test('nobody can change a configuration afterwards', async (t) => {
  const parsed = parseAgentConfig(LEAST)
  if (!parsed.ok) return t.fail('the least configuration is valid')
  const { config } = parsed
  t.throws(() => Object.assign(config, { name: 'b' }))
  t.throws(() => Object.assign(config.placement.weighers, { CapacityWeigher: 0 }))
  return undefined
})

t.test('addresses survive parsing and printing; what is none is refused', async (t) => {
  for (const text of ['127.0.0.1:8776', '[::1]:1', 'host-a.example:65535']) {
    const parsed = parseHostPort(text)
    t.equal(parsed === null ? null : formatHostPort(parsed), text)
  }
  for (const text of ['127.0.0.1', ':8776', '::1:8776', 'a:65536', 'a:-1', 'a b:1', 'a:1/', '']) t.equal(parseHostPort(text), null, text)
  t.equal(toMultiaddr({ host: '10.0.0.1', port: 1 }), '/ip4/10.0.0.1/tcp/1')
  t.equal(toMultiaddr({ host: 'fd00::1', port: 1 }), '/ip6/fd00::1/tcp/1')
  t.equal(toMultiaddr({ host: 'host-a', port: 1 }), '/dns/host-a/tcp/1')
  t.notOk(isLoopback('128.0.0.1'))
  t.notOk(isLoopback('127.0.0.1.example'))
})

t.test('the command line has defaults for all of its file, and refuses what is none', async (t) => {
  t.same(parseCliConfig(null), {
    ok: true,
    config: { endpoints: ['http://127.0.0.1:8776'], project: 'admin', user: 'admin', caFile: null },
  })
  t.match(parseCliConfig({ endpoints: ['http://a:1', 'http://b:2'], project: 'p' }), {
    ok: true,
    config: { endpoints: ['http://a:1', 'http://b:2'], project: 'p' },
  })
  t.match(parseCliConfig({ endpoints: ['ftp://a'], colour: true }), { ok: false, problems: [{ path: 'endpoints[0]' }, { path: 'colour' }] })
  t.ok(isEndpoint('https://host-a:8776'))
  t.notOk(isEndpoint('host-a:8776'))
})
