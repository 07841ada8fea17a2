/**
 * `scoria doctor` on a host with sparse files and a tgtd of its own: well before, beside and after an agent; then one thing
 * broken at a time is found with its remedy, and where the remedy can be typed it is, and helps.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readArguments } from '../../agent/command/arguments.ts'
import { examine } from '../../agent/command/doctor/examine.ts'
import { planOf } from '../../agent/command/doctor/plan.ts'
import { HOST_OPTION_ROWS } from '../../agent/command/host-options.ts'
import type { Check, Finding } from '../../lib/model/finding.ts'
import { createCluster } from '../cluster/cluster.ts'
import type { Host } from '../cluster/host.ts'
import { runCommand, runScoria } from '../cluster/process.ts'

/** What depends on the machine that the test runs on, and not on the host that it makes. */
const OF_THE_MACHINE: ReadonlySet<Check> = new Set<Check>(['clock', 'service', 'fsync'])

t.setTimeout(300_000)

const cluster = await createCluster({ names: ['alone'] })
t.teardown(() => cluster.stop())
const host = cluster.host(0)

const ofTheHost = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ check }) => !OF_THE_MACHINE.has(check))

/** As the command looks, without the half second that a process takes to begin. */
async function doctor(...args: readonly string[]): Promise<readonly Finding[]> {
  return ofTheHost(await examine(await planOf(readArguments(args, HOST_OPTION_ROWS, 0))))
}

/** The command itself. @param enter goes before it */
async function typed(t: Test, args: readonly string[], enter: readonly string[] = []): Promise<readonly Finding[]> {
  const end = await runScoria(['doctor', '-o', 'json', ...args], { enter })
  const { findings }: { readonly findings: readonly Finding[] } = JSON.parse(end.stdout)
  t.equal(end.exitCode, findings.some(({ level }) => level === 'fail') ? 1 : 0, 'the exit code says whether something failed', {
    stderr: end.stderr,
  })
  return ofTheHost(findings)
}

const told = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${level} ${check}`)
const here = (): Promise<readonly Finding[]> => doctor('--config', host.configFile)

/** What is said of a host of which nothing is wrong but that its agent does not run, and that it is a trial on loopback. */
const AT_REST = ['warn agent', 'warn portal-address']

t.test('before there is a host: what init would need', async (t) => {
  await host.tgtd.start()
  const options = ['--dir', host.directory, '--portal', host.portal, '--tgt-control', String(host.ports.portal)]
  const ports = ['--api', `127.0.0.1:${host.ports.api}`, '--listen', `127.0.0.1:${host.ports.peer}`]
  t.same(told(await typed(t, [...options, ...ports])), ['warn portal-address'])
  t.notOk(existsSync(host.directory), 'nothing was made')
  t.same(told(await typed(t, [...options, ...ports, '--path', `${cluster.folder}/none`])), ['fail file-folder', 'warn portal-address'])
  t.same(told(await doctor('--config', `${cluster.folder}/none.yaml`)), ['fail config'])
})

t.test('a host that was made, before its first start and beside its agent', async (t) => {
  const made = await runScoria(['init', ...host.options])
  t.equal(made.exitCode, 0, made.stderr)
  t.same(told(await here()), AT_REST)
  t.same(told(await doctor('--dir', host.directory)), AT_REST, 'found by its folder')
  await cluster.start(0)
  await cluster.settled()
  const beside = await here()
  t.same(told(beside), ['warn portal-address'])
  for (const check of ['port-api', 'port-peer', 'port-join'])
    t.match(
      beside.find((one) => one.check === check),
      { found: /is the agent's \(process/ },
    )
  t.match(
    beside.filter(({ check }) => check === 'agent' || check === 'tgt-closed' || check === 'portal-port'),
    [{ found: /runs and is up; it sees 1 of 1/ }, { found: /the agent has opened/ }, { found: /tgtd listens/ }],
  )
  const printed = await runScoria(['doctor', '--config', host.configFile])
  t.match(printed.stdout, /^ok {4}node {14}Node v\d+.*\n/, 'a table for people')
  await host.stop()
})

t.test('one thing broken at a time is found, and its remedy helps', async (t) => {
  const volumes = host.volumesFolder
  const file = (name: string): string => join(host.directory, name)
  const cases: readonly (readonly [string, Check, () => void])[] = [
    ['the folder is open to others', 'directory', () => chmodSync(host.directory, 0o755)],
    ['a key is open to others', 'keys', () => chmodSync(file('identity.key'), 0o640)],
    ['the cluster’s key is open to others', 'keys', () => chmodSync(file('cluster.key'), 0o644)],
    ['the folder of volumes is gone', 'file-folder', () => rmSync(volumes, { recursive: true })],
  ]
  for (const [title, check, breakIt] of cases) {
    breakIt()
    const broken = await here()
    t.match(told(broken), [`fail ${check}`, ...AT_REST].sort(byOrder(broken)), title)
    const { remedy } = broken.find((one) => one.check === check) ?? { remedy: null }
    const repaired = await runCommand('sh', ['-c', remedy ?? 'false'])
    t.equal(repaired.exitCode, 0, `${remedy}: ${repaired.stderr}`)
    t.same(told(await here()), AT_REST, `${title}: the remedy helps`)
  }
})

t.test('what has no remedy that a machine could type is found too', async (t) => {
  const file = (name: string): string => join(host.directory, name)
  const broken: readonly (readonly [string, string, Check, RegExp, () => void, () => void])[] = [
    [
      'another manifest',
      'fail',
      'membership',
      /not signed by the key/,
      ...edited(file('cluster.pub'), () => `${Buffer.alloc(32, 7).toString('base64')}\n`),
    ],
    ['half a manifest', 'fail', 'membership', /is damaged/, ...edited(file('manifest.json'), (text) => text.slice(0, 40))],
    ['a swarm key that is none', 'fail', 'membership', /is no swarm key/, ...edited(file('swarm.key'), () => 'x\n')],
    ['the key of another cluster', 'fail', 'membership', /not the key that cluster\.pub/, ...edited(file('cluster.key'), () => 'x\n')],
    ['no identity', 'fail', 'membership', /identity\.key is missing/, ...moved(file('identity.key'))],
    [
      'another name',
      'warn',
      'membership',
      /says name other, and the cluster knows this host as alone/,
      ...edited(host.configFile, (text) => text.replace('name: alone', 'name: other')),
    ],
    [
      'a port that nobody dials',
      'fail',
      'membership',
      /the other hosts dial/,
      ...edited(host.configFile, (text) => text.replace(`/tcp/${host.ports.peer}`, '/tcp/1')),
    ],
    ['the journal is gone', 'warn', 'journal', /is gone/, ...moved(file('journal'))],
    ['a damaged journal was kept', 'warn', 'journal', /did not pass the check/, ...made(file('journal.damaged-1'))],
    ['bytes that nobody knows', 'warn', 'quarantine', /1 file was set aside/, ...made(join(host.volumesFolder, 'quarantine-volume-x.img'))],
  ]
  for (const [title, level, check, found, breakIt, mend] of broken) {
    breakIt()
    const seen = await here()
    mend()
    t.same(
      told(seen).filter((one) => !AT_REST.includes(one)),
      [`${level} ${check}`],
      title,
    )
    t.match(
      seen.find((one) => one.check === check && one.level === level),
      { found, remedy: /\S/ },
      title,
    )
  }
  t.same(told(await here()), AT_REST, 'all of it was mended')
})

t.test('a port that somebody else has: who', async (t) => {
  for (const [check, port] of [
    ['port-api', host.ports.api],
    ['port-peer', host.ports.peer],
    ['port-join', host.ports.join],
    ['portal-port', host.ports.portal],
  ] as const) {
    // The portal was opened by the agent that ran: a fresh tgtd is closed.
    if (check === 'portal-port') await restartTgtd(host)
    const squatter = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => squatter.listen({ host: '127.0.0.1', port }, resolve))
    const seen = await here()
    await new Promise((resolve) => squatter.close(resolve))
    t.same(
      told(seen).filter((one) => !AT_REST.includes(one)),
      [`fail ${check}`],
      check,
    )
    t.match(
      seen.find((one) => one.check === check),
      {
        found: new RegExp(`127\\.0\\.0\\.1:${port}.* is taken .*process ${process.pid}\\)`),
        remedy: new RegExp(`^ss -ltnp 'sport = :${port}'`),
      },
    )
  }
})

t.test('state in memory, no tgtd, no package', async (t) => {
  const onTmpfs = `cp -a ${host.directory} /tmp/$$ && mount -t tmpfs -o mode=700 none ${host.directory} && cp -a /tmp/$$/. ${host.directory}/ && rm -r /tmp/$$ && exec "$@"`
  const inMemory = await typed(t, ['--config', host.configFile], ['unshare', '--mount', 'sh', '-c', onTmpfs, 'sh'])
  t.same(
    told(inMemory).filter((one) => !AT_REST.includes(one)),
    ['fail state-disk', 'fail file-disk'],
    'the volumes lie in the same folder',
  )
  const withoutTgt = await typed(
    t,
    ['--config', host.configFile],
    ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /usr/sbin && exec "$@"', 'sh'],
  )
  t.match(
    withoutTgt.find(({ check }) => check === 'tgt-daemon'),
    { level: 'fail', found: 'tgtadm is not installed', remedy: 'apt-get install -y tgt' },
  )
  await host.tgtd.kill()
  const silent = await here()
  t.same(
    told(silent).filter((one) => !AT_REST.includes(one)),
    ['fail tgt-daemon'],
  )
  t.match(
    silent.find(({ check }) => check === 'tgt-daemon'),
    { remedy: new RegExp(`^tgtd -C ${host.ports.portal} --iscsi portal=`) },
  )
  await host.tgtd.start(host.portal)
  t.same(
    told(await here()).filter((one) => !AT_REST.includes(one)),
    ['warn tgt-closed'],
    'one that listens before the agent does',
  )
})

t.test('other hosts are knocked at', async (t) => {
  const two = await createCluster({ names: ['a', 'b'], backend: 'none' })
  t.teardown(() => two.stop())
  await two.form()
  const [first, second] = [two.host(0), two.host(1)]
  const seen = await doctor('--config', first.configFile)
  t.same(told(seen), [])
  t.match(
    seen.find(({ check }) => check === 'peers'),
    { found: /^b answers at 127\.0\.0\.1:\d+ after .* ms, and this agent sees it up$/ },
  )
  await second.kill()
  t.match(
    (await doctor('--config', first.configFile)).find(({ check }) => check === 'peers'),
    { level: 'warn', found: /^b does not answer .*ECONNREFUSED/ },
  )
})

t.test('an output that nobody knows, and a word too many', async (t) => {
  t.match(await runScoria(['doctor', '-o', 'xml']), { exitCode: 2, stderr: /there are: table, json/ })
  t.match(await runScoria(['doctor', 'now']), { exitCode: 2 })
})

type Undo = readonly [() => void, () => void]

/** Breaks a file by what it says, and puts it back. */
function edited(path: string, change: (text: string) => string): Undo {
  let before = ''
  return [
    () => {
      before = readFileSync(path, 'utf8')
      writeFileSync(path, change(before))
    },
    () => writeFileSync(path, before),
  ]
}

function moved(path: string): Undo {
  return [() => renameSync(path, `${path}.away`), () => renameSync(`${path}.away`, path)]
}

function made(path: string): Undo {
  return [() => mkdirSync(path), () => rmSync(path, { recursive: true })]
}

async function restartTgtd({ tgtd }: Host): Promise<void> {
  await tgtd.kill()
  await tgtd.start()
}

/** In the order in which the findings come. */
function byOrder(findings: readonly Finding[]): (a: string, b: string) => number {
  const place = (line: string): number => findings.findIndex(({ check }) => line.endsWith(` ${check}`))
  return (a, b) => place(a) - place(b)
}
