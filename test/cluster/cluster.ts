/**
 * A real cluster on this machine: for each host a tgtd and an agent, made by the very commands that operators type.
 *
 * Whatever it starts ends with it: `stop` ends everything in order and then looks whether something is left.
 */
import { mkdirSync } from 'node:fs'
import type { Drill } from '../../lib/config/drill.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { at, type Client, createClient, items } from './client.ts'
import { makeRunFolder, type RunFolder } from './folder.ts'
import { createHost, type Host } from './host.ts'
import { type Landscape, layLandscape } from './landscape.ts'
import { freePorts } from './ports.ts'
import { processesWith, runScoria } from './process.ts'
import { untilSettled } from './settled.ts'
import { type NotYet, waitFor, type WaitOptions } from './wait-for.ts'

export interface ClusterOptions {
  /** Names of the hosts; the first runs `init`. */
  readonly names?: readonly string[]
  readonly backend?: 'file' | 'none'
  /** GiB that each host's pool gives out, in the order of the names; 100 where there is none. */
  readonly capacityGiB?: readonly number[]
  /** Limits of each project; none if not given. */
  readonly quota?: string
  /** Of the looks at tgtd; the product's default if not given. */
  readonly lookIntervalMs?: number
  /** A network for each host, with links that can be cut; without it all share this machine's. */
  readonly namespaces?: boolean
  /** The volumes lie on a disk of their own, beside the host's folder. */
  readonly volumesApart?: boolean
  /** Faults of the backend, which is `none` then; each host has a memory and faults of its own. */
  readonly drill?: Omit<Drill, 'file'>
  /** Each host is an availability zone of its own, which has its name. */
  readonly zones?: boolean
}

export type FormingStep =
  | { readonly kind: 'tgtd' }
  | { readonly kind: 'founded'; readonly host: string }
  | { readonly kind: 'joined'; readonly hosts: readonly string[] }
  | { readonly kind: 'formed' }

export interface Cluster {
  readonly folder: string
  readonly hosts: readonly Host[]
  /** Host by its place. @throws if there is none */
  host(k: number): Host
  named(name: string): Host
  client(k: number, project?: string): Client
  /** Makes and starts the hosts, once; hears of each step when it is done. @throws if a command fails */
  form(tell?: (step: FormingStep) => void): Promise<void>
  waitFor<Value>(what: string, look: () => Promise<Value | NotYet>, options?: Pick<WaitOptions, 'timeoutMs' | 'everyMs'>): Promise<Value>
  /** Resolves when every running agent sees `up` hosts up, with their pools unless in a drill; all if not given. */
  settled(up?: number): Promise<void>
  kill(k: number): Promise<void>
  /** Starts the agent again and waits until it answers. */
  start(k: number): Promise<void>
  /** Cuts every link between hosts of different sides, both ways. @throws if the hosts share one network */
  split(...sides: readonly (readonly string[])[]): Promise<void>
  /** Nothing that `from` sends reaches `to` any more. @throws if the hosts share one network */
  cut(from: string, to: string): Promise<void>
  /** Undoes one cut. */
  mend(from: string, to: string): Promise<void>
  /** Undoes all cuts. */
  heal(): Promise<void>
  /**
   * Ends everything in order, also while it is forming; removes the folder, or keeps it for its logs.
   * @returns one line for each thing that should not be there any more
   */
  stop(options?: { readonly keep?: boolean }): Promise<readonly string[]>
}

const PORTS_PER_HOST = 4
const CAPACITY_GIB = 100
const JOINS_AT_ONCE = 4
const CALL_TIMEOUT_MS = 3000

/** A cluster that is formed. @throws if it cannot be; then nothing is left running, and the folder with the logs is named */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = await createCluster(options)
  try {
    await cluster.form()
    return cluster
  } catch (error) {
    await cluster.stop({ keep: true })
    throw new Error(`${error instanceof Error ? error.message : String(error)}; logs: ${cluster.folder}`, { cause: error })
  }
}

/** Its folder and its addresses; nothing runs yet. */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const {
    names = ['a', 'b', 'c'],
    drill = null,
    backend = drill === null ? 'file' : 'none',
    capacityGiB = [],
    quota = 'volumes=-1,gigabytes=-1',
    lookIntervalMs,
  } = options
  const { namespaces = false, volumesApart = false, zones = false } = options
  const folder = makeRunFolder()
  const ports = await freePorts(names.length * PORTS_PER_HOST)
  const plans = names.map((name, k) => {
    const [api = 0, peer = 0, portal = 0, join = 0] = ports.slice(k * PORTS_PER_HOST)
    return { name, ports: { api, peer, portal, join }, capacityGiB: capacityGiB[k] ?? CAPACITY_GIB }
  })
  const plots = plans.map((plan) => ({ name: plan.name, apiPort: plan.ports.api }))
  const landscape = await layLandscape(plots, namespaces ? folder.run : null).catch((error: unknown) => {
    folder.remove()
    throw error
  })
  const hosts = plans.map((plan) =>
    createHost({
      ...plan,
      folder: folder.path,
      backend,
      volumesApart,
      place: landscape.place(plan.name),
      ...(zones ? { zone: plan.name } : {}),
    }),
  )
  if (volumesApart) for (const { volumesFolder } of hosts) mkdirSync(volumesFolder, { mode: 0o700 })
  return assemble(folder, hosts, landscape, { backend, quota, lookIntervalMs, drill })
}

function assemble(folder: RunFolder, hosts: readonly Host[], landscape: Landscape, making: Making): Cluster {
  const host = (k: number): Host => found(hosts[k], String(k))
  const logs = hosts.map(({ logFile }) => logFile)
  const stopping = new AbortController()
  let forming: Promise<void> = Promise.resolve()
  return {
    folder: folder.path,
    hosts,
    host,
    named: (name) =>
      found(
        hosts.find((one) => one.name === name),
        name,
      ),
    client: (k, project = 'demo') => createClient(host(k).endpoint, project),
    form(tell = () => undefined) {
      forming = form(hosts, making, stopping.signal, tell)
      return forming
    },
    waitFor: (what, look, options = {}) => waitFor(what, look, { ...options, logs }),
    settled: (up = hosts.length) => untilSettled(running(hosts), up, { withPools: making.drill === null }),
    kill: (k) => host(k).kill(),
    async start(k) {
      host(k).start()
      await host(k).ready()
    },
    split: (...sides) => landscape.split(sides),
    cut: (from, to) => landscape.cut(from, to),
    mend: (from, to) => landscape.mend(from, to),
    heal: () => landscape.heal(),
    async stop({ keep = false } = {}) {
      stopping.abort(new Error('the cluster was stopped while it was forming'))
      await forming.catch(() => undefined)
      const left = await endAll(hosts)
      left.push(...(await landscape.remove()))
      left.push(...processesWith(folder.path).map((line) => `process ${line}`))
      if (keep) folder.keep()
      else folder.remove()
      return left
    },
  }
}

function found(host: Host | undefined, wanted: string): Host {
  if (host === undefined) throw new Error(`there is no host ${wanted}`)
  return host
}

async function endAll(hosts: readonly Host[]): Promise<string[]> {
  const left: string[] = []
  for (const one of hosts) one.thaw()
  const ends = await Promise.all(hosts.map((one) => (one.isRunning() ? one.stop() : null)))
  for (const [k, end] of ends.entries()) {
    if (end !== null && end.exitCode !== 0) left.push(`the agent of ${hosts[k]?.name} ended with ${end.exitCode ?? end.signal} on SIGTERM`)
  }
  await Promise.all(hosts.map((one) => one.tgtd.kill()))
  for (const { ports } of hosts) left.push(...processesWith(`tgtd -f -C ${ports.portal} `).map((line) => `process ${line}`))
  return left
}

interface Making {
  readonly backend: 'file' | 'none'
  readonly quota: string
  readonly lookIntervalMs: number | undefined
  readonly drill: Omit<Drill, 'file'> | null
}

async function form(
  hosts: readonly Host[],
  { backend, quota, lookIntervalMs, drill }: Making,
  signal: AbortSignal,
  tell: (step: FormingStep) => void,
): Promise<void> {
  const [first, ...others] = hosts
  if (first === undefined) throw new Error('a cluster has a host')
  const scoria = async (at: Host, ...args: readonly string[]): Promise<string> => {
    signal.throwIfAborted()
    const printed = await mustRun(at, args)
    signal.throwIfAborted()
    return printed
  }
  if (backend === 'file') {
    await Promise.all(hosts.map((one) => one.tgtd.start()))
    tell({ kind: 'tgtd' })
  }
  await scoria(first, 'init', ...first.options, '--expect', String(hosts.length), '--quota', quota)
  const start = async (one: Host): Promise<void> => {
    if (lookIntervalMs !== undefined) one.configure((config) => ({ ...config, target: { ...objectAt(config, 'target'), lookIntervalMs } }))
    if (drill !== null) one.configure((config) => drilled(config, one, drill))
    one.start()
    await one.ready()
  }
  await start(first)
  tell({ kind: 'founded', host: first.name })
  const join = async (one: Host): Promise<void> => {
    const endpoint = `http://127.0.0.1:${first.ports.api}`
    const token = await scoria(first, 'invite', '--endpoint', endpoint, '--output', 'value', '--columns', 'token', '--no-headers')
    await scoria(one, 'join', token.trim(), ...one.options)
    await start(one)
  }
  // More at once would only wait for a processor, and time out at it.
  for (let k = 0; k < others.length; k += JOINS_AT_ONCE) await Promise.all(others.slice(k, k + JOINS_AT_ONCE).map(join))
  if (others.length > 0) tell({ kind: 'joined', hosts: others.map(({ name }) => name) })
  await untilSettled(running(hosts), hosts.length, { withPools: drill === null })
  tell({ kind: 'formed' })
}

/** A call that hangs holds its volume up until its time limit: a short one gives others their turn. */
function drilled(config: Readonly<Record<string, unknown>>, { name, drillFile }: Host, drill: Omit<Drill, 'file'>) {
  const ofHost = { ...drill, seed: `${drill.seed}/${name}`, file: drillFile }
  const backends = items(config, 'backends').map((backend) => (isObject(backend) ? { ...backend, drill: ofHost } : backend))
  return { ...config, backends, limits: { ...objectAt(config, 'limits'), callTimeoutMs: CALL_TIMEOUT_MS } }
}

function objectAt(value: unknown, key: string): object {
  const found = at(value, key)
  return isObject(found) ? found : {}
}

/** @returns what it printed */
async function mustRun({ place }: Host, args: readonly string[]): Promise<string> {
  const end = await runScoria(args, { enter: place.enter })
  if (end.exitCode === 0) return end.stdout
  throw new Error(`scoria ${args[0]} ended with ${end.exitCode}: ${end.stderr.trim()}`)
}

function running(hosts: readonly Host[]): readonly Host[] {
  return hosts.filter((host) => host.isRunning())
}
