/** What a start and `scoria doctor` say of tgtd and of the kernel's target. */
import t from 'tap'
import type { LioFacts, LioHost } from '../../../agent/target/lio/facts.ts'
import { judgeLio, judgeLioHost } from '../../../agent/target/lio/judge.ts'
import { judgeAddress } from '../../../agent/target/portal.ts'
import { lookAtTgt, type TgtFacts } from '../../../agent/target/tgt/facts.ts'
import { judgeTgt } from '../../../agent/target/tgt/judge.ts'
import { failure, type Finding, fine } from '../../../lib/model/finding.ts'
import type { CommandResult, Exec } from '../../../lib/ports/exec.ts'

const PORTAL = '10.0.0.1:3260'
const told = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ level }) => level !== 'ok')

t.test('a portal is an address of this host that initiators reach', async (t) => {
  t.match(judgeAddress(PORTAL, ['10.0.0.1']), { level: 'ok' })
  t.match(judgeAddress('[fd00::1]:3260', ['fd00::1']), { level: 'ok' })
  t.match(judgeAddress(PORTAL, ['10.0.0.2']), { level: 'fail', remedy: /target\.portal.*10\.0\.0\.2/ })
  t.match(judgeAddress('0.0.0.0:3260', ['10.0.0.2']), { level: 'fail' }, 'nobody can be told to connect to every address')
  t.match(judgeAddress('127.0.0.1:3260', ['127.0.0.1']), { level: 'warn', found: /only this host/ })
})

t.test('the kernel’s target', async (t) => {
  const well: LioFacts = { mount: '/m', isMounted: true, isLoaded: true, addresses: ['10.0.0.1'], portTrouble: null }
  t.same(told(judgeLio(well, PORTAL)), [])
  t.match(told(judgeLio({ ...well, isLoaded: false }, PORTAL)), [
    { check: 'lio-kernel', level: 'fail', remedy: /^modprobe -a target_core_mod iscsi_target_mod/ },
  ])
  t.match(told(judgeLio({ ...well, isLoaded: false, isMounted: false }, PORTAL)), [
    { check: 'lio-kernel', level: 'fail', remedy: /^mount -t configfs none \/m/ },
  ])
  t.match(told(judgeLio({ ...well, portTrouble: 'EADDRINUSE' }, PORTAL)), [
    { check: 'portal-port', level: 'fail', remedy: /^systemctl disable --now tgt/ },
  ])
  t.match(
    told(judgeLio({ ...well, addresses: [], portTrouble: 'EADDRNOTAVAIL' }, PORTAL)),
    [{ check: 'portal-address', level: 'fail' }],
    'one finding for one cause',
  )
})

t.test('the kernel’s target after a boot', async (t) => {
  const well: LioHost = { notAtBoot: [], dbroot: '/etc/target', missingFolders: [], hasSavedOurs: false }
  t.same(told(judgeLioHost(well)), [])
  t.match(told(judgeLioHost({ ...well, notAtBoot: ['iscsi_target_mod'] })), [
    { check: 'lio-boot', level: 'fail', remedy: /> \/etc\/modules-load\.d\/scoria\.conf$/ },
  ])
  t.match(told(judgeLioHost({ ...well, missingFolders: ['/etc/target/pr'] })), [
    { check: 'lio-reservations', level: 'warn', remedy: 'mkdir -p /etc/target/pr' },
  ])
  t.match(told(judgeLioHost({ ...well, hasSavedOurs: true })), [{ check: 'lio-saved', level: 'fail', remedy: /saveconfig\.json/ }])
  t.match(
    told(judgeLioHost({ ...well, dbroot: '', notAtBoot: ['target_core_mod'] })),
    [{ check: 'lio-boot' }],
    'not loaded: no word of its folder',
  )
})

t.test('tgtd: there, repaired, and closed until the agent opens it', async (t) => {
  const well: TgtFacts = {
    daemon: fine('tgt-daemon', ''),
    portals: ['127.0.0.1:3260'],
    version: '1.0.93',
    isRepaired: true,
    addresses: ['10.0.0.1', '127.0.0.1'],
  }
  const view = { controlPort: 0, portal: PORTAL }
  t.same(told(judgeTgt(well, view)), [])
  t.same(told(judgeTgt({ ...well, portals: ['127.0.0.1:3260', PORTAL] }, view)), [])
  const open = [
    {
      check: 'tgt-closed',
      level: 'warn',
      remedy: /ExecStart=\\nExecStart=\/usr\/sbin\/tgtd -f --iscsi portal=127\.0\.0\.1:3260.*systemctl restart tgt$/,
    },
  ]
  t.match(told(judgeTgt({ ...well, portals: ['0.0.0.0:3260'] }, view)), open, 'as Debian starts it')
  t.match(told(judgeTgt({ ...well, portals: [PORTAL] }, view)), open, 'on nothing but the portal')
  t.match(told(judgeTgt({ ...well, isRepaired: false, version: '1.0.80' }, view)), [
    { check: 'tgt-version', level: 'fail', found: /1\.0\.80.*CVE-2024-45751/ },
  ])
  t.match(told(judgeTgt({ ...well, isRepaired: null }, view)), [{ check: 'tgt-version', level: 'warn' }])
  const silent = {
    ...well,
    daemon: failure('tgt-daemon', 'tgtadm is not installed', 'apt-get install -y tgt'),
    portals: null,
    isRepaired: null,
  }
  t.match(told(judgeTgt(silent, view)), [{ check: 'tgt-daemon', level: 'fail' }], 'what is not there has no version')
})

t.test('which version of tgt is repaired', async (t) => {
  const ENDED: CommandResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false, missing: false }
  const hostWith =
    (ends: Readonly<Record<string, Partial<CommandResult>>>): Exec =>
    async ({ file }) => ({
      ...ENDED,
      ...new Map<string, Partial<CommandResult>>(Object.entries(ends)).get(file),
    })
  const none = { exitCode: 1 }
  const cases: readonly (readonly [Readonly<Record<string, Partial<CommandResult>>>, string, boolean | null])[] = [
    [{ 'dpkg-query': { stdout: '1:1.0.85-1+deb12u1' }, dpkg: { exitCode: 0 } }, '1:1.0.85-1+deb12u1', true],
    [{ 'dpkg-query': { stdout: '1:1.0.85-1' }, dpkg: { exitCode: 1 } }, '1:1.0.85-1', false],
    [{ 'dpkg-query': none, tgtd: { stdout: '1.0.92\n' } }, '1.0.92', false],
    [{ 'dpkg-query': none, tgtd: { stdout: '1.0.93\n' } }, '1.0.93', true],
    [{ 'dpkg-query': none, tgtd: { stdout: '1.1\n' } }, '1.1', true],
    [{ 'dpkg-query': { exitCode: null, missing: true }, tgtd: { exitCode: null, missing: true } }, '', null],
  ]
  for (const [ends, version, isRepaired] of cases) t.match(await lookAtTgt(hostWith(ends), 0), { version, isRepaired })
})
