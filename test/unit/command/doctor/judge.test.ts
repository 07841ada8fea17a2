/** From what a host is like to what `scoria doctor` says: each miss with its level and something to type. */
import t, { type Test } from 'tap'
import { findingsText } from '../../../../agent/command/main-doctor.ts'
import { judgeMachine, judgeService, judgeTgtUnit } from '../../../../agent/command/doctor/judge-host.ts'
import { judgeMembership, type MembershipFacts } from '../../../../agent/command/doctor/judge-membership.ts'
import { judgeAgent, judgePeer } from '../../../../agent/command/doctor/judge-peers.ts'
import { judgePort, judgeTgtPort, type PortFacts } from '../../../../agent/command/doctor/judge-ports.ts'
import { judgeJournal, judgeKeys, judgeState, type StateFacts } from '../../../../agent/command/doctor/judge-state.ts'
import { peerId } from '../../../../lib/model/ids.ts'
import { CHECKS, failure, type Finding, fine, firstFailure, warning } from '../../../../lib/model/finding.ts'
import { DEFAULT_LIMITS } from '../../../../lib/model/quota.ts'
import { read } from '../../../house/tree.ts'

type Expected = readonly [Finding['check'], Finding['level'], RegExp | null]

/** Which checks say anything but ok, and what they want typed. */
function saysOnly(t: Test, findings: readonly Finding[], expected: readonly Expected[], title: string): void {
  const told = findings.filter(({ level }) => level !== 'ok')
  t.same(
    told.map(({ check, level }) => [check, level]),
    expected.map(([check, level]) => [check, level]),
    title,
  )
  for (const [index, [, , remedy]] of expected.entries()) if (remedy !== null) t.match(told[index]?.remedy, remedy, title)
}

const ALL = (1n << 41n) - 1n
const machine = { uid: 0, capabilities: ALL, isClockSynchronised: true }

t.test('the user, and the clock', async (t) => {
  saysOnly(t, judgeMachine(machine, 'LVM'), [], 'root with everything')
  saysOnly(t, judgeMachine({ ...machine, uid: 1000, capabilities: 0n }, null), [], 'nothing needs root')
  saysOnly(t, judgeMachine({ ...machine, uid: 1000 }, 'LVM'), [['user', 'fail', /^sudo scoria doctor/]], 'a plain user')
  saysOnly(t, judgeMachine({ ...machine, capabilities: ALL ^ (1n << 21n) }, 'LIO'), [['user', 'fail', /CapEff/]], 'a container')
  for (const isClockSynchronised of [false, null])
    saysOnly(t, judgeMachine({ ...machine, isClockSynchronised }, null), [['clock', 'warn', /timedatectl set-ntp true/]], 'no clock')
})

t.test('what is started at a boot', async (t) => {
  saysOnly(t, [judgeService('enabled', '/c'), judgeTgtUnit('enabled', 'tgt'), judgeTgtUnit('disabled', 'lio')], [], 'as it should be')
  saysOnly(
    t,
    [judgeService('absent', '/c.yaml')],
    [['service', 'warn', /ExecStart=.*--config \/c\.yaml.*systemctl enable scoria$/]],
    'no unit',
  )
  saysOnly(t, [judgeService('disabled', '/c')], [['service', 'warn', /^systemctl enable scoria$/]], 'not enabled')
  saysOnly(t, [judgeTgtUnit('enabled', 'lio')], [['tgt-service', 'fail', /^systemctl disable --now tgt$/]], 'two targets')
  saysOnly(t, [judgeTgtUnit('disabled', 'tgt')], [['tgt-service', 'warn', /^systemctl enable tgt$/]], 'no target after a boot')
  saysOnly(t, [judgeTgtUnit('absent', 'lio')], [], 'LIO needs no tgt')
})

t.test('the disk of the state', async (t) => {
  const well: StateFacts = {
    directory: '/d',
    fileSystem: 'ext4',
    freeBytes: 2 ** 40,
    isShort: false,
    fsync: { kind: 'measured', p50Ms: 1, maxMs: 9 },
  }
  saysOnly(t, judgeState(well), [], 'a disk')
  saysOnly(t, judgeState({ ...well, fileSystem: 'tmpfs' }), [['state-disk', 'fail', /findmnt --target \/d/]], 'memory')
  for (const fileSystem of ['overlay', 'nfs4', 'fuse.sshfs'])
    saysOnly(t, judgeState({ ...well, fileSystem }), [['state-disk', 'warn', /findmnt/]], fileSystem)
  saysOnly(t, judgeState({ ...well, isShort: true }), [['state-room', 'fail', /^df -h \/d/]], 'no room')
  saysOnly(
    t,
    judgeState({ ...well, fsync: { kind: 'measured', p50Ms: 20.1, maxMs: 50 } }),
    [['fsync', 'warn', /faster disk/]],
    'a slow disk',
  )
  saysOnly(t, judgeState({ ...well, fsync: { kind: 'measured', p50Ms: 20, maxMs: 500 } }), [], 'one slow sync is no slow disk')
  saysOnly(
    t,
    judgeState({ ...well, fsync: { kind: 'failed', code: 'EROFS' } }),
    [['fsync', 'fail', /touch/]],
    'a disk that cannot be written',
  )
})

t.test('keys are for their owner alone', async (t) => {
  const [identity, seal] = [
    { file: '/d/identity.key', mode: 0o600, uid: 0 },
    { file: '/d/seal.key', mode: null, uid: 0 },
  ]
  saysOnly(t, judgeKeys([identity, seal], 0), [], 'one that is not made yet is no finding')
  t.same(judgeKeys([seal], 0), [], 'and without any there is nothing to say')
  saysOnly(t, judgeKeys([{ ...identity, mode: 0o640 }], 0), [['keys', 'fail', /^chmod 600 \/d\/identity\.key/]], 'open')
  saysOnly(t, judgeKeys([{ ...identity, uid: 7 }], 0), [['keys', 'fail', /^chown 0 \/d\/identity\.key$/]], 'foreign')
})

t.test('the journal', async (t) => {
  const well = { directory: '/d', isThere: true, isNew: false, setAside: [] }
  saysOnly(t, [judgeJournal(well), judgeJournal({ ...well, isThere: false, isNew: true })], [], 'there, or not yet')
  saysOnly(t, [judgeJournal({ ...well, isThere: false })], [['journal', 'warn', /host list/]], 'gone')
  saysOnly(
    t,
    [judgeJournal({ ...well, setAside: ['/d/journal.damaged-1'] })],
    [['journal', 'warn', /rm -r \/d\/journal\.damaged-1$/]],
    'damaged',
  )
})

t.test('identity, manifest, keys and configuration fit each other', async (t) => {
  const self = peerId('12D3KooWA')
  const host = { peer: self, name: 'a', addrs: ['/ip4/10.0.0.1/tcp/8777'], zone: 'nova', voter: true, state: 'member' as const }
  const well: MembershipFacts = {
    self,
    manifest: {
      cluster: 'c',
      epoch: 1,
      prev: '',
      expect: 1,
      voting: { epoch: 1, former: null },
      hosts: [host],
      left: [],
      types: [],
      limits: DEFAULT_LIMITS,
    },
    swarmKeyFile: '/d/swarm.key',
    swarmKey: `/key/swarm/psk/1.0.0/\n/base16/\n${'0a'.repeat(32)}`,
    hasOtherClusterKey: false,
    configFile: '/d/agent.yaml',
    config: { name: 'a', peer: { listen: ['/ip4/10.0.0.1/tcp/8777'], announce: [] } },
    addresses: ['10.0.0.1', '127.0.0.1'],
  }
  const withHost = (change: Partial<typeof host> | { readonly state: 'lost' | 'draining' }): MembershipFacts => ({
    ...well,
    manifest: { ...well.manifest, hosts: [{ ...host, ...change }] },
  })
  const listening = (...listen: readonly string[]): MembershipFacts => ({ ...well, config: { name: 'a', peer: { listen, announce: [] } } })
  saysOnly(t, judgeMembership(well), [], 'they do')
  saysOnly(t, judgeMembership(listening('/ip4/0.0.0.0/tcp/8777')), [], 'every address is this one, too')
  saysOnly(t, judgeMembership({ ...well, swarmKey: 'x' }), [['membership', 'fail', /^scp .*swarm\.key/]], 'no swarm key')
  saysOnly(t, judgeMembership({ ...well, hasOtherClusterKey: true }), [['membership', 'fail', /offline/]], 'another cluster’s key')
  saysOnly(t, judgeMembership(withHost({ state: 'lost' })), [['membership', 'fail', /^scoria join/]], 'lost')
  saysOnly(t, judgeMembership(withHost({ state: 'draining' })), [['membership', 'warn', /host list/]], 'leaving')
  saysOnly(t, judgeMembership(withHost({ name: 'b' })), [['membership', 'warn', /^sed -i 's\/\^name: \.\*\/name: b\//]], 'another name')
  const others: readonly MembershipFacts[] = [
    listening('/ip4/10.0.0.1/tcp/9999'),
    listening('/ip4/127.0.0.1/tcp/8777'),
    { ...listening('/ip4/0.0.0.0/tcp/8777'), addresses: ['10.0.0.9'] },
  ]
  for (const facts of others) saysOnly(t, judgeMembership(facts), [['membership', 'fail', /peer\.listen/]], 'nobody hears the others')
  const translated = { ...well, config: { name: 'a', peer: { listen: ['/ip4/192.168.0.1/tcp/1'], announce: ['/ip4/10.0.0.1/tcp/8777'] } } }
  saysOnly(t, judgeMembership(translated), [], 'somebody in between translates')
})

t.test('ports are free, or held by whom they are meant for', async (t) => {
  const port: PortFacts = {
    check: 'port-api',
    key: 'api.listen',
    address: { host: '127.0.0.1', port: 8776 },
    trouble: null,
    holder: null,
  }
  const taken: PortFacts = { ...port, trouble: '127.0.0.1:8776 is taken by another process', holder: { pid: 7, program: 'nginx' } }
  saysOnly(t, [judgePort(port, null, ''), judgePort(taken, 7, '')], [], 'free, or our agent’s')
  saysOnly(t, [judgePort(port, 7, 'systemctl restart scoria')], [['port-api', 'warn', /restart/]], 'the agent is elsewhere')
  saysOnly(
    t,
    [judgePort(taken, null, ''), judgePort(taken, 8, '')],
    [
      ['port-api', 'fail', /^ss -ltnp 'sport = :8776'.*api\.listen/],
      ['port-api', 'fail', null],
    ],
    'taken',
  )
  t.match(judgePort(taken, null, '').found, /taken by another process\. It is nginx \(process 7\)/)
  t.match(judgePort({ ...taken, holder: { pid: null, program: '' } }, null, '').found, /another process\.$/, 'the kernel is no process')
  saysOnly(t, [judgeTgtPort('127.0.0.1:8776', taken, true), judgeTgtPort('127.0.0.1:8776', port, false)], [], 'tgtd has it')
  saysOnly(t, [judgeTgtPort('127.0.0.1:8776', taken, false)], [['portal-port', 'fail', /target\.portal/]], 'somebody else has it')
})

t.test('the agent, and the others', async (t) => {
  const runs = { kind: 'runs' as const, name: 'a', state: 'up', up: 3, hosts: 3 }
  saysOnly(t, [judgeAgent(runs, true, '/c')], [], 'it runs')
  saysOnly(t, [judgeAgent({ ...runs, kind: 'silent' }, false, '/c')], [], 'none yet')
  saysOnly(t, [judgeAgent({ ...runs, kind: 'silent' }, true, '/c')], [['agent', 'warn', /^systemctl start scoria/]], 'it does not')
  saysOnly(t, [judgeAgent({ ...runs, state: 'recovering' }, true, '/c')], [['agent', 'warn', /host list/]], 'it waits')
  saysOnly(t, [judgeAgent({ ...runs, kind: 'another' }, true, '/c')], [['agent', 'warn', /api\.listen/]], 'another one')
  const yes = { name: 'b', addrs: ['/ip4/10.0.0.2/tcp/8777'], reached: { kind: 'yes' as const, address: '10.0.0.2:8777', ms: 0.4 } }
  saysOnly(t, [judgePeer({ ...yes, seenAs: null }, '/s'), judgePeer({ ...yes, seenAs: 'up' }, '/s')], [], 'reached')
  saysOnly(t, [judgePeer({ ...yes, seenAs: 'down' }, '/s')], [['peers', 'warn', /^sha256sum \/s/]], 'reached and not heard')
  const no = { ...yes, reached: { kind: 'no' as const, why: 'ECONNREFUSED' }, seenAs: null }
  saysOnly(t, [judgePeer(no, '/s')], [['peers', 'warn', /^ssh b scoria doctor/]], 'not reached')
})

t.test('a start is refused by the first thing that failed, and by no warning', async (t) => {
  const well = [fine('node', 'n'), warning('clock', 'c', 'r')]
  t.equal(firstFailure(well), null)
  t.equal(firstFailure([...well, failure('directory', 'no folder', 'mkdir x'), failure('keys', 'k', 'r')]), 'no folder: mkdir x')
})

t.test('the remedy stands alone on its line, and nothing of what tools say moves the terminal', async (t) => {
  const text = findingsText([fine('node', 'Node 20'), failure('lvm-pool', 'bad\u001b[2Jpool\nline', 'lvs')])
  t.same(text.split('\n'), [
    'ok    node              Node 20',
    'fail  lvm-pool          bad [2Jpool line',
    '      do:               lvs',
    '1 failed',
    '',
  ])
  t.match(findingsText([fine('node', 'n')]), /all is well\n$/)
  t.match(findingsText([warning('clock', 'c', 'r')]), /nothing failed, 1 to look at\n$/)
  t.equal(new Set(CHECKS).size, CHECKS.length)
})

t.test('OPERATIONS lists what is looked at: no more and no less', async (t) => {
  const operations = read('docs/OPERATIONS.md')
  const [, chapter = ''] = /### What `scoria doctor` looks at\n([\s\S]*?)\n## /.exec(operations) ?? []
  const listed = chapter
    .split('\n')
    .flatMap((line) => [...(/^\| (`.*?) \|/.exec(line)?.[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name))
  t.same(listed.toSorted(), [...CHECKS].sort())
})
