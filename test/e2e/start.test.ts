/** An agent that cannot start says so in one line that names the remedy, and exits with a code that is not 0. */
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type Cluster, createCluster } from '../cluster/cluster.ts'
import type { Host } from '../cluster/host.ts'
import { mountReadOnly } from '../cluster/mounts.ts'
import { AGENT_PROGRAM, type CommandEnd, runCommand, runScoria } from '../cluster/process.ts'

t.setTimeout(120_000)

/** One host that was made and never started; its tgtd does not run. */
async function madeHost(t: Test, backend: 'file' | 'none'): Promise<{ readonly cluster: Cluster; readonly host: Host }> {
  const cluster = await createCluster({ names: ['alone'], backend })
  t.teardown(() => cluster.stop())
  const host = cluster.host(0)
  const made = await runScoria(['init', ...host.options])
  t.equal(made.exitCode, 0, 'init', { stderr: made.stderr })
  return { cluster, host }
}

async function agentEnd(host: Host, before: readonly string[] = []): Promise<CommandEnd> {
  const [file = '', ...args] = [...before, process.execPath, AGENT_PROGRAM, 'agent', '--config', host.configFile]
  return await runCommand(file, args, { timeoutMs: 30_000 })
}

/** The log goes to standard output; a person reads the terminal. */
function refusedWith(t: Test, end: CommandEnd, line: RegExp): void {
  t.equal(end.exitCode, 1, 'exit code', { stderr: end.stderr })
  t.match(end.stderr, line)
  t.equal(end.stderr.trimEnd().split('\n').length, 1, 'one line', { stderr: end.stderr })
  t.match(end.stdout, /agent-not-started/, 'the log has it too')
}

t.test('a port that somebody else has is named, with the key that moves it', async (t) => {
  const { host } = await madeHost(t, 'none')
  for (const key of ['api', 'peer', 'join'] as const) {
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen({ host: '127.0.0.1', port: host.ports[key] }, resolve))
    refusedWith(t, await agentEnd(host), new RegExp(`127\\.0\\.0\\.1[:/].*${host.ports[key]}.*${key}\\.listen`))
    await new Promise((resolve) => squatter.close(resolve))
  }
})

t.test('a tgtd that does not run: how to start it', async (t) => {
  const { host } = await madeHost(t, 'file')
  refusedWith(
    t,
    await agentEnd(host),
    new RegExp(`tgtd does not answer at control port ${host.ports.portal}: tgtd -C ${host.ports.portal} --iscsi portal=`),
  )
})

t.test('a package that is not installed: which', async (t) => {
  const { host } = await madeHost(t, 'file')
  const withoutTgt = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /usr/sbin && exec "$@"', 'sh']
  refusedWith(t, await agentEnd(host, withoutTgt), /tgtadm is not installed: apt-get install -y tgt/)
})

t.test('a folder that cannot be written: which, and why', async (t) => {
  const { host } = await madeHost(t, 'none')
  const undo = await mountReadOnly(host.directory)
  const end = await agentEnd(host)
  await undo()
  refusedWith(t, end, new RegExp(`${host.directory} cannot be written`))
})

t.test('a folder of volumes that is not there: how to make it', async (t) => {
  const { host, cluster } = await madeHost(t, 'file')
  await host.tgtd.start()
  const elsewhere = `${cluster.folder}/not-mounted`
  host.configure((config) => ({ ...config, backends: [{ kind: 'file', path: elsewhere }] }))
  refusedWith(t, await agentEnd(host), new RegExp(`${elsewhere} does not exist: mkdir -p`))
})

t.test('a second agent in the same folder: that the first runs', async (t) => {
  const { host, cluster } = await madeHost(t, 'none')
  await cluster.start(0)
  host.configure((config) => ({ ...config, api: { listen: '127.0.0.1:0' }, peer: { listen: ['/ip4/127.0.0.1/tcp/0'] }, join: null }))
  refusedWith(t, await agentEnd(host), /journal is open in another process: stop the agent that runs there/)
})
