/** A real agent with a certificate of its own, asked about by Keystone, and the command line that gets in: what a site sets up. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createCluster } from '../cluster/cluster.ts'
import { AGENT_PROGRAM, runCommand, runScoria } from '../cluster/process.ts'
import { waitFor, NotYet } from '../cluster/wait-for.ts'
import { SERVICE_PASSWORD, startKeystoneStub } from '../unit/api/keystone-stub.ts'

t.setTimeout(120_000)

t.test('an agent on TLS, with Keystone: members get in, secrets stay in', async (t) => {
  const keystone = await startKeystoneStub()
  t.teardown(() => keystone.stop())
  keystone.tokens.set('canary-of-alice', { roles: ['member'] })
  keystone.tokens.set('canary-of-rita', { roles: ['reader'] })
  const cluster = await createCluster({ names: ['alone'], backend: 'none' })
  t.teardown(() => cluster.stop())
  const host = cluster.host(0)
  t.equal((await runScoria(['init', ...host.options])).exitCode, 0)
  const passwordFile = join(host.directory, 'keystone.password')
  writeFileSync(passwordFile, `${SERVICE_PASSWORD}\n`, { mode: 0o600 })
  const auth = { kind: 'keystone', url: `${keystone.url}/v3/`, username: 'scoria', passwordFile, projectName: 'service' }
  host.configure((config) => ({ ...config, api: { listen: `0.0.0.0:${host.ports.api}`, auth } }))
  const refused = await runCommand(process.execPath, [AGENT_PROGRAM, 'agent', '--config', host.configFile], { timeoutMs: 30_000 })
  t.match(refused, { exitCode: 1, stderr: /api\.tls: expected selfSigned: true, or certificateFile and keyFile/ }, 'not in the clear')
  host.configure((config) => ({ ...config, api: { listen: `0.0.0.0:${host.ports.api}`, auth, tls: { selfSigned: true } } }))
  host.start()
  await waitFor(
    'the agent is ready',
    async () => (host.logged('agent-ready').length > 0 ? undefined : new NotYet({ kind: 'broken', code: 'not ready', wasSent: false })),
    {
      timeoutMs: 60_000,
      logs: [host.logFile],
    },
  )

  const certificate = join(host.directory, 'api.crt')
  t.equal(statSync(join(host.directory, 'api.key')).mode & 0o777, 0o600)
  const scoria = (token: string, ...args: readonly string[]) =>
    runScoria([...args, '--endpoint', `https://127.0.0.1:${host.ports.api}`, '--ca-file', certificate, '--os-token', token])
  const made = await scoria('canary-of-alice', 'volume', 'create', 'db', '--size', '1', '--wait')
  t.equal(made.exitCode, 0, made.stderr)
  t.match(await scoria('canary-of-rita', 'volume', 'list'), { exitCode: 0, stdout: /db +available/ })
  t.match(await scoria('canary-of-rita', 'volume', 'delete', 'db'), { exitCode: 5, stderr: /Policy doesn't allow volume:delete/ })
  t.match(await scoria('canary-of-nobody', 'volume', 'list'), { exitCode: 5, stderr: /requires authentication/ })
  t.match(await scoria('canary-of-alice', 'status'), { exitCode: 5, stderr: /Policy doesn't allow scoria:read/ }, 'hosts are for admins')

  const doctor = await runScoria(['doctor', '--config', host.configFile])
  t.match(doctor.stdout + doctor.stderr, /an agent answers, and asks who calls/, 'and the doctor does not take it for dead')

  t.match(host.logged('audit-not-let-in'), [{ reason: /unknown, expired or revoked/, route: '/volumes/detail' }])
  t.match(host.logged('audit-denied'), [{ reason: 'volume:delete', project: 'demo' }, { reason: 'scoria:read' }])
  await host.stop()
  const log = await runCommand('cat', [host.logFile, host.configFile], { timeoutMs: 10_000 })
  t.notMatch(log.stdout, 'canary', 'no token and no password is in the log')
})
