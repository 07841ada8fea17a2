import t from 'tap'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { parse } from 'yaml'
import { readArguments } from '../../../agent/command/arguments.ts'
import { openClusterFiles } from '../../../agent/cluster-files.ts'
import { CommandProblem } from '../../../agent/command/command-problem.ts'
import { HOST_OPTION_ROWS, hostOptions } from '../../../agent/command/host-options.ts'
import type { StepReport } from '../../../agent/command/host-steps.ts'
import { initHost, type InitOptions } from '../../../agent/command/init.ts'
import { readVolumeTypes } from '../../../agent/command/volume-types-file.ts'
import { parseAgentConfig } from '../../../lib/config/agent-config.ts'
import { directoryFiles } from '../../../lib/config/directory.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

function optionsFor(directory: string, ...more: readonly string[]): InitOptions {
  const host = hostOptions(readArguments(['--name', 'a', '--dir', directory, ...more], HOST_OPTION_ROWS, 0))
  return { host, expect: 3, types: [], limits: DEFAULT_LIMITS, isDryRun: false }
}

/** Runs init; `cutAfter` steps it dies, as a process does between two steps. */
async function runInit(
  options: InitOptions,
  cutAfter = Number.POSITIVE_INFINITY,
): Promise<{ readonly steps: readonly StepReport[]; readonly wasCut: boolean }> {
  const steps: StepReport[] = []
  try {
    await initHost(options, (step) => {
      steps.push(step)
      if (steps.length > cutAfter) throw new Error('cut off')
    })
    return { steps, wasCut: false }
  } catch (error) {
    if (error instanceof Error && error.message === 'cut off') return { steps, wasCut: true }
    throw error
  }
}

t.test('init makes a directory that an agent accepts, and a configuration that is valid', async (t) => {
  const directory = `${t.testdir({})}/scoria`
  const { steps } = await runInit(optionsFor(directory, '--join-listen', '127.0.0.1:8778', '--zone', 'z1'))
  t.ok(steps.every((step) => step.state === 'made'))
  const files = await openClusterFiles(directoryFiles(directory), SILENT)
  t.match(files.signedManifest().manifest, {
    epoch: 1,
    expect: 3,
    hosts: [{ name: 'a', zone: 'z1', voter: true, addrs: ['/ip4/127.0.0.1/tcp/8777'] }],
    types: [{ name: '__DEFAULT__' }],
  })
  t.ok(files.sign !== null, 'it holds the cluster key')
  const config = parseAgentConfig(parse(readFileSync(`${directory}/agent.yaml`, 'utf8')))
  t.match(config, {
    ok: true,
    config: {
      name: 'a',
      zone: 'z1',
      directory,
      join: { listen: { port: 8778 } },
      backends: [{ kind: 'file', path: `${directory}/volumes` }],
    },
  })
})

t.test('a host with a volume group keeps its volumes there, and exports them', async (t) => {
  const directory = `${t.testdir({})}/scoria`
  await runInit(optionsFor(directory, '--vg', 'vg0', '--thin-pool', 'pool0', '--capacity', '500'))
  t.match(parseAgentConfig(parse(readFileSync(`${directory}/agent.yaml`, 'utf8'))), {
    ok: true,
    config: { backends: [{ kind: 'lvm', name: 'lvm', vg: 'vg0', thinPool: 'pool0', thinPoolGiB: 500 }], target: { kind: 'tgt' } },
  })
})

t.test('nobody but the owner can read the keys', async (t) => {
  const directory = `${t.testdir({})}/scoria`
  await runInit(optionsFor(directory))
  t.equal(statSync(directory).mode & 0o077, 0)
  for (const name of readdirSync(directory).filter((item) => item.endsWith('.key')))
    t.equal(statSync(`${directory}/${name}`).mode & 0o777, 0o600, name)
})

t.test('a second init changes nothing and says that all is there', async (t) => {
  const directory = `${t.testdir({})}/scoria`
  await runInit(optionsFor(directory))
  const before = snapshot(directory)
  const { steps } = await runInit(optionsFor(directory))
  t.ok(steps.every((step) => step.state === 'there'))
  t.same(snapshot(directory), before)
})

t.test('an init that was cut off after any of its steps is finished by repeating it', async (t) => {
  const whole = await runInit(optionsFor(`${t.testdir({})}/scoria`))
  for (let cutAfter = 0; cutAfter < whole.steps.length; cutAfter += 1) {
    const directory = `${t.testdir({})}/scoria-${cutAfter}`
    const first = await runInit(optionsFor(directory), cutAfter)
    t.ok(first.wasCut, `cut after step ${cutAfter}`)
    const keys = keysIn(directory)
    const second = await runInit(optionsFor(directory))
    t.equal(second.steps.filter((step) => step.state === 'there').length, cutAfter + 1, 'what was made is kept')
    t.match(keysIn(directory), keys, 'no key was written over')
    await t.resolves(openClusterFiles(directoryFiles(directory), SILENT), 'an agent accepts it')
  }
})

t.test('a dry run says what it would make and makes nothing', async (t) => {
  const root = t.testdir({})
  const { steps } = await runInit({ ...optionsFor(`${root}/scoria`), isDryRun: true })
  t.ok(steps.length > 5 && steps.every((step) => step.state === 'missing'))
  t.same(readdirSync(root), [])
})

t.test('a directory of another host is refused, with the way out', async (t) => {
  const directory = `${t.testdir({})}/scoria`
  await runInit(optionsFor(directory))
  const renamed = { ...optionsFor(directory), host: { ...optionsFor(directory).host, name: 'b' } }
  await t.rejects(runInit(renamed), { exitCode: 4, message: /member already, under the name a\n.*--name a/ })
})

t.test('a host exports through the kernel’s target if it is told so', async (t) => {
  const directory = `${t.testdir({})}/scoria`
  await runInit(optionsFor(directory, '--target', 'lio', '--portal', '10.0.0.1:3260'))
  const written: unknown = parse(readFileSync(`${directory}/agent.yaml`, 'utf8'))
  t.match(written, { target: { kind: 'lio', portal: '10.0.0.1:3260' } })
  t.ok(parseAgentConfig(written).ok)
})

t.test('options that would make a broken host are refused before anything is made', async (t) => {
  const root = t.testdir({})
  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [['--listen', '0.0.0.0:8777'], /other hosts cannot dial 0.0.0.0:8777/],
    [['--listen', 'nonsense'], /is no address/],
    [['--capacity', '1.5'], /whole number/],
    [['--backend', 'zfs'], /--backend "zfs" is unknown/],
    [['--backend', 'lvm'], /--vg is missing/],
    [['--tgt-control', '40000'], /0 to 32767/],
    [['--target', 'scst'], /--target "scst" is unknown\n.*tgt, lio/],
    [['--target', 'lio', '--tgt-control', '1'], /--tgt-control is for tgt/],
    [['--unknown'], /--unknown/],
  ]
  for (const [more, text] of refusals) {
    t.throws(() => optionsFor(`${root}/scoria`, ...more), { name: 'CommandProblem', exitCode: 2, message: text }, more.join(' '))
  }
  await t.rejects(runInit(optionsFor(`${root}/scoria`, '--api', '0.0.0.0:8776')), {
    exitCode: 2,
    message: /api\.listen: expected a loopback address/,
  })
  await t.rejects(runInit(optionsFor(`${root}/scoria`, '--join-listen', '0.0.0.0:1')), CommandProblem)
  t.same(readdirSync(root), [])
})

t.test('a folder for volumes that lies elsewhere has to be there: it may be a mount that is missing', async (t) => {
  const root = t.testdir({})
  await t.rejects(runInit(optionsFor(`${root}/scoria`, '--path', `${root}/mount`)), { message: /mount does not exist/ })
})

t.test('volume types come from a file, in Cinder’s words, and every mistake names its entry', async (t) => {
  const dir = t.testdir({
    'good.yaml': '- {name: fast, extra_specs: {volume_backend_name: ssd, multiattach: <is> True, replicas: 2}}\n- name: slow\n',
    'bad.yaml': '- {name: fast, extra-specs: {}}\n',
    'twice.yaml': '- name: a\n- name: a\n',
  })
  const types = await readVolumeTypes(`${dir}/good.yaml`)
  t.match(types, [
    { name: 'fast', extraSpecs: { multiattach: '<is> True', replicas: '2' } },
    { name: 'slow', description: null },
  ])
  await t.rejects(readVolumeTypes(`${dir}/bad.yaml`), { message: /entry 1: there is no key extra-specs/ })
  await t.rejects(readVolumeTypes(`${dir}/twice.yaml`), { message: /two types are named a/ })
})

function snapshot(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => item.name)
  return Object.fromEntries(names.map((name) => [name, readFileSync(`${directory}/${name}`).toString('hex')]))
}

function keysIn(directory: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(snapshot(directory)).filter(([name]) => name.endsWith('.key')))
}
