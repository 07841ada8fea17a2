/** `scoria dev` as a user sees it: the processes, the files and the lines. No storage work, so that no tgt is needed. */
import t, { type Test } from 'tap'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFree } from '../cluster/ports.ts'
import { processesWith, runScoria } from '../cluster/process.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'

const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url))

t.setTimeout(180_000)

interface Dev {
  readonly child: ChildProcess
  /** What it has said so far. */
  said(): { readonly out: string; readonly err: string }
  ended: Promise<number | null>
}

function startDev(t: Test, args: readonly string[], env: Readonly<Record<string, string>> = {}): Dev {
  const child = spawn(process.execPath, [CLI, 'dev', '--backend', 'none', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  t.teardown(() => {
    child.kill('SIGTERM')
    return ended
  })
  return { child, said: () => said, ended }
}

function untilSaid(dev: Dev, text: RegExp): Promise<unknown> {
  return waitFor(`${text}`, async () => (text.test(dev.said().out + dev.said().err) ? true : new NotYet(dev.said())), { timeoutMs: 60_000 })
}

/** A first API port whose followers are all free. */
async function freeApiPort(peers: number): Promise<number> {
  for (let port = 11_000 + (process.pid % 900) * 10; ; port += 10) {
    const needed = [...Array(peers).keys()].flatMap((k) => [port + k, port + 1000 + k]).concat(port + 3000)
    const free = await Promise.all(needed.map(isFree))
    if (free.every(Boolean)) return port
  }
}

t.test('a cluster is ready in one line, keeps its state in --dir, mends a dead peer, and leaves nothing running', async (t) => {
  const port = await freeApiPort(2)
  const dir = t.testdir({})
  const ask = (...words: readonly string[]) => runScoria([...words, '--endpoint', `http://127.0.0.1:${port + 1}`])
  const first = startDev(t, ['--peers', '2', '--api-port', `${port}`, '--dir', dir])
  await untilSaid(first, /^ready /m)
  t.equal(first.said().out, `ready http://127.0.0.1:${port} http://127.0.0.1:${port + 1}\n`)

  const created = await ask('volume', 'create', 'db', '--size', '1GiB', '--wait', '-o', 'value', '--columns', 'status')
  t.match(created, { exitCode: 0, stdout: 'available\n' })

  t.match(await runScoria(['dev', '--dir', dir]), { exitCode: 4, stderr: /another scoria dev \(process \d+\) runs in .*\n.*--dir/ })
  t.match(await runScoria(['dev', '--backend', 'none', '--api-port', `${port}`]), {
    exitCode: 1,
    stderr: new RegExp(`127.0.0.1:${port} is taken .*--api-port`),
  })

  t.match(await ask('user', 'list'), { exitCode: 1, stderr: /keep no users.*\n.*openstack user/ })
  const [victim = ''] = processesWith(join(dir, 'peer-1/agent.yaml'))
  process.kill(Number(victim.split(' ')[0]), 'SIGKILL')
  await untilSaid(first, /peer-1 ended \(SIGKILL\) and is started again in 1 s; its log: .*peer-1\/agent\.log/)
  await waitFor('peer-1 is back', async () => {
    const listed = await ask('volume', 'list', '-o', 'name')
    return listed.stdout === 'db\n' ? true : new NotYet(listed)
  })

  first.child.kill('SIGINT')
  t.equal(await first.ended, 0)
  t.same(processesWith(dir), [], 'nothing is left running')

  t.match(await runScoria(['dev', '--dir', dir, '--peers', '3']), { exitCode: 2, stderr: /holds a cluster of 2 peers/ })
  const second = startDev(t, ['--dir', dir])
  await untilSaid(second, /^ready /m)
  t.equal(second.said().out, first.said().out, 'the same cluster')
  await waitFor('the volume is seen by peer 1', async () => {
    const listed = await ask('volume', 'list', '-o', 'name')
    return listed.stdout === 'db\n' ? true : new NotYet(listed)
  })
})

t.test('a host joins a running cluster with the token of an invite', async (t) => {
  const port = await freeApiPort(2)
  const root = t.testdir({ tmp: {} })
  const dev = startDev(t, ['--peers', '1', '--api-port', `${port}`], { TMPDIR: join(root, 'tmp') })
  await untilSaid(dev, /^ready /m)
  const ask = (...words: readonly string[]) => runScoria([...words, '--endpoint', `http://127.0.0.1:${port}`])
  const invited = await ask('invite', '-o', 'value', '--columns', 'token')
  const dir = join(root, 'extra')
  const host = [
    '--name',
    'extra',
    '--dir',
    dir,
    '--listen',
    `127.0.0.1:${port + 1001}`,
    '--api',
    `127.0.0.1:${port + 1}`,
    '--backend',
    'none',
  ]
  const joined = await runScoria(['join', invited.stdout.trim(), ...host])
  t.match(joined, { exitCode: 0, stdout: /extra is a member of cluster / })
  t.match(await runScoria(['join', invited.stdout.trim(), ...host]), { exitCode: 0, stdout: /^there/ }, 'repeating it changes nothing')
  t.match(await runScoria(['agent', '--check-config', '--config', `${dir}/agent.yaml`]), { exitCode: 0, stdout: /host extra.*ok/ })

  const agent = spawn(process.execPath, [CLI, 'agent', '--config', `${dir}/agent.yaml`], { stdio: 'ignore' })
  const agentEnded = new Promise<number | null>((resolve) => agent.once('exit', (code) => resolve(code)))
  t.teardown(() => agent.kill('SIGKILL'))
  await waitFor('both hosts are up', async () => {
    const hosts = await ask('host', 'list', '-o', 'value', '--columns', 'name,state')
    return hosts.stdout === 'extra\tup\npeer-0\tup\n' ? true : new NotYet(hosts)
  })
  agent.kill('SIGTERM')
  t.equal(await agentEnded, 0, 'a signal to the command reaches the agent, and its exit code comes back')

  t.equal(readdirSync(join(root, 'tmp')).length, 1)
  dev.child.kill('SIGINT')
  t.equal(await dev.ended, 0)
  t.same(readdirSync(join(root, 'tmp')), [], 'a cluster without --dir leaves nothing behind')
})

/** The variables of an openrc file. */
function openrcIn(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').matchAll(/^export (\w+)=(.*)$/gm)
  return Object.fromEntries([...lines].map(([, key = '', value = '']) => [key, value]))
}

t.test('with users of its own a cluster knows who asks, and the admin keeps them', async (t) => {
  const port = await freeApiPort(2)
  const dir = t.testdir({})
  const args = ['--auth', 'builtin', '--peers', '2', '--api-port', `${port}`, '--dir', dir]
  const dev = startDev(t, args)
  await untilSaid(dev, /users: admin \(.*openrc-admin\) and demo \(.*openrc-demo\)/)
  const demo = openrcIn(join(dir, 'openrc-demo'))
  const ask = (env: Readonly<Record<string, string>>, ...words: readonly string[]) => runScoria(words, { env })
  const asAdmin = (...words: readonly string[]) => ask(openrcIn(join(dir, 'openrc-admin')), ...words)
  t.match(await ask(demo, 'volume', 'create', 'db', '--size', '1GiB', '--wait'), { exitCode: 0, stdout: /available/ })
  t.match(await ask(demo, 'user', 'list'), { exitCode: 5, stderr: /Policy doesn't allow/ })
  t.match(await ask({ ...demo, OS_PASSWORD: 'wrong' }, 'volume', 'list'), { exitCode: 5, stderr: /refused the login/ })
  t.match(await ask({ SCORIA_ENDPOINT: `http://127.0.0.1:${port}` }, 'volume', 'list'), { exitCode: 5, stderr: /requires authentication/ })

  const created = await asAdmin('user', 'create', 'ada', '--default-project', 'demo', '-o', 'json')
  t.equal(created.exitCode, 0, created.stderr)
  const shown = await asAdmin('user', 'create', 'bea')
  const [, password = ''] = /^password +(\S+)$/m.exec(shown.stdout) ?? []
  t.match(await asAdmin('role', 'add', 'reader', '--of', 'bea', '--in', 'demo'), { exitCode: 0 })
  t.match(await asAdmin('role', 'list', '--in', 'demo'), { exitCode: 0, stdout: /bea +reader +demo/ })
  const bea = { ...demo, OS_USERNAME: 'bea', OS_PASSWORD: password }
  t.match(await ask(bea, 'volume', 'list', '-o', 'name'), { exitCode: 0, stdout: 'db\n' })
  t.match(await ask(bea, 'volume', 'delete', 'db', '--yes'), { exitCode: 5, stderr: /Policy doesn't allow volume:delete/ })
  const { stdout: token } = await ask(bea, 'token', 'issue', '-o', 'value', '--columns', 'id')
  t.match(token, /^scoria_[0-9a-f]{32}_/)
  const made = await ask(demo, 'application', 'credential', 'create', 'ci', '-o', 'json')
  const { id, secret } = JSON.parse(made.stdout).application_credential
  const { OS_AUTH_URL = '', SCORIA_ENDPOINT = '' } = demo
  const ci = { OS_AUTH_URL, SCORIA_ENDPOINT, OS_APPLICATION_CREDENTIAL_ID: id, OS_APPLICATION_CREDENTIAL_SECRET: secret }
  t.match(await ask(ci, 'volume', 'list', '-o', 'name'), { exitCode: 0, stdout: 'db\n' })
  t.match(await asAdmin('user', 'set', 'bea', '--disable'), { exitCode: 0, stdout: /enabled +false/ })
  t.match(await ask(bea, 'volume', 'list'), { exitCode: 5 })
  t.match(await asAdmin('user', 'delete', 'bea', 'ada'), { exitCode: 0 })
  t.match(await asAdmin('user', 'show', 'bea'), { exitCode: 3, stderr: /no user is called bea/ })

  dev.child.kill('SIGINT')
  t.equal(await dev.ended, 0)
  t.match(await runScoria(['dev', '--dir', dir, '--auth', 'none']), { exitCode: 2, stderr: /--auth builtin/ })
  const again = startDev(t, ['--dir', dir])
  await untilSaid(again, /users: admin/)
  t.match(await ask(openrcIn(join(dir, 'openrc-demo')), 'volume', 'list', '-o', 'name'), { exitCode: 0, stdout: 'db\n' }, 'the same users')
  const log = readFileSync(join(dir, 'peer-0/agent.log'), 'utf8') + readFileSync(join(dir, 'peer-1/agent.log'), 'utf8')
  for (const word of [password, secret, token.trim(), demo['OS_PASSWORD'] ?? '']) t.notOk(log.includes(word), 'no secret in the logs')
})

t.test('what cannot work is told before anything is started', async (t) => {
  const dir = t.testdir({ file: 'not a folder', broken: { 'dev.json': 'x' } })
  t.match(await runScoria(['dev', '--dir', join(dir, 'file')]), { exitCode: 1, stderr: /file cannot be written \((EEXIST|ENOTDIR)\)/ })
  t.match(await runScoria(['dev', '--dir', join(dir, 'broken')]), { exitCode: 1, stderr: /dev\.json is damaged/ })
  t.match(await runScoria(['dev', '--auth', 'keystone']), {
    exitCode: 2,
    stderr: /lacks --keystone-url, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME/,
  })
  t.match(await runScoria(['dev', '--auth', 'ldap']), { exitCode: 2, stderr: /there are: none, builtin, keystone/ })
  t.match(await runScoria(['dev', '--peers', '0']), { exitCode: 2, stderr: /--peers takes a whole number from 1/ })
  t.match(await runScoria(['dev', '--frob']), { exitCode: 2, stderr: /--frob/ })
  t.notOk(existsSync(join(dir, 'broken/peer-0')))

  const port = await freeApiPort(1)
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(port + 1000, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  t.match(await runScoria(['dev', '--peers', '1', '--api-port', `${port}`, '--backend', 'none']), {
    exitCode: 1,
    stderr: new RegExp(`127.0.0.1:${port + 1000} is taken`),
  })
})

t.test('a configuration that is wrong is told whole, and the agent does not start', async (t) => {
  const dir = t.testdir({ 'agent.yaml': 'name: a\napi: {listen: 0.0.0.0:1}\nbackends: []\n' })
  for (const args of [['--check-config'], []]) {
    const ran = await runScoria(['agent', '--config', join(dir, 'agent.yaml'), ...args])
    t.equal(ran.exitCode, 1)
    t.match(ran.stderr, /directory: expected an absolute path, got nothing\n.*backends: expected at least one entry, got \[\]\n.*target: /)
  }
  t.equal(readFileSync(join(dir, 'agent.yaml'), 'utf8').length > 0, true)
})
