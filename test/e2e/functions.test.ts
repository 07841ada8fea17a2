/** A real agent whose operator says in agent.yaml what each backend takes, and the command line that asks for a place. */
import t from 'tap'
import { createCluster } from '../cluster/cluster.ts'
import { AGENT_PROGRAM, runCommand, runScoria } from '../cluster/process.ts'

t.setTimeout(120_000)

t.test('backends take what their functions let in, hints choose among them, and a text that is no function ends the start', async (t) => {
  const cluster = await createCluster({ names: ['alone'], backend: 'none' })
  t.teardown(() => cluster.stop())
  const host = cluster.host(0)
  t.equal((await runScoria(['init', ...host.options])).exitCode, 0)
  const small = { kind: 'none', name: 'small', filterFunction: 'volume.size <= 2', goodnessFunction: '100' }
  const large = { kind: 'none', name: 'large' }
  host.configure((config) => ({ ...config, backends: [{ ...small, filterFunction: 'volume.size <=' }, large] }))
  const refused = await runCommand(process.execPath, [AGENT_PROGRAM, 'agent', '--config', host.configFile], { timeoutMs: 30_000 })
  t.match(refused, { exitCode: 1, stderr: /backends\[0\]\.filterFunction: expected a number, a text or a name at the end/ })

  const weighers = { CapacityWeigher: 0, GoodnessWeigher: 1 }
  host.configure((config) => ({ ...config, backends: [small, large], placement: { order: 'best', weighers } }))
  await cluster.start(0)
  const { endpoint } = cluster.client(0)
  const scoria = async (...args: readonly string[]) => {
    const ran = await runScoria([...args, '--endpoint', endpoint, '-o', 'json'])
    t.equal(ran.exitCode, 0, args.join(' '), { stderr: ran.stderr })
    return JSON.parse(ran.stdout)
  }
  const first = await scoria('volume', 'create', 'first', '--size', '2', '--wait')
  t.equal(first.volume['os-vol-host-attr:host'], 'alone@small#pool', 'what it lets in lies best there')
  t.match(await scoria('placement', 'explain', '--size', '3'), {
    candidates: [{ pool: 'alone@large#pool', weighers: { GoodnessWeigher: 0 } }],
    rejected: [{ pool: 'alone@small#pool', filter: 'DriverFilter', needed: 'true of volume.size <= 2' }],
  })
  const apart = await scoria('volume', 'create', 'apart', '--size', '1', '--hint', `different_host=${first.volume.id}`, '--wait')
  t.equal(apart.volume['os-vol-host-attr:host'], 'alone@large#pool')
})
