/**
 * A cluster of real agents on this machine, made as `scoria dev` makes it, but each agent can be stopped and timed.
 *
 * The agents end when this process does, however it ends: they watch their standard input. Logging is as by default, to a
 * file; the backend stores nothing, so that what is measured is the control plane.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeCluster } from '../../agent/local/dev-cluster.ts'
import { type DevPeer, planPeers } from '../../agent/local/dev-plan.ts'
import { adminTokenOf, seesAll } from '../../agent/local/dev-ready.ts'
import { makeFolder } from '../../agent/system/durable-file.ts'
import { AGENT_NODE_FLAGS } from '../../lib/config/node-flags.ts'
import { anybody, type BenchAuth, type Caller, newUser, requestBytes } from './caller.ts'
import { HttpConnection, type HttpAddress } from './http-connection.ts'

const PROGRAM = fileURLToPath(new URL('../../agent/main.js', import.meta.url))
const PORTS_FROM = 12_000
const PORTS_STEP = 10
const PORTS_TO = 28_000
/** More than any benchmark fills. */
const CAPACITY_GIB = 10_000_000
const REQUESTS_PER_SECOND = 1_000_000
const READY_LOOK_MS = 50
const READY_WITHIN_MS = 60_000
const DOOR_LOOK_MS = 2

export interface ClusterOptions {
  readonly peers: number
  /** Folder for processor profiles of the agents, or null. */
  readonly profile: string | null
  /** Default: anybody is who he says he is. */
  readonly auth?: BenchAuth
}

export class Cluster {
  readonly directory: string
  readonly #peers: readonly DevPeer[]
  readonly #profile: string | null
  readonly #auth: BenchAuth
  readonly #running = new Map<number, ChildProcess>()

  private constructor(directory: string, peers: readonly DevPeer[], { profile, auth = 'none' }: ClusterOptions) {
    this.directory = directory
    this.#peers = peers
    this.#profile = profile
    this.#auth = auth
  }

  /** Resolves when every agent sees every other one and knows its pool. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { peers: count, auth = 'none' } = options
    const directory = await mkdtemp(join(tmpdir(), 'scoria-bench-'))
    const apiPort = await freePorts(count)
    const peers = planPeers(directory, count, apiPort)
    await makeFolder(directory)
    await makeCluster(directory, peers, {
      peers: count,
      apiPort,
      directory,
      backend: 'none',
      auth: { kind: auth },
      capacityGiB: CAPACITY_GIB,
      limits: { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 },
    })
    // A limit would be measured, where callers are told apart, and not what is beyond it.
    for (const peer of peers) await appendFile(peer.configFile, `limits:\n  requestsPerSecond: ${REQUESTS_PER_SECOND}\n`)
    const cluster = new Cluster(directory, peers, options)
    try {
      await Promise.all(peers.map((_, k) => cluster.startAgent(k)))
      await cluster.ready()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get size(): number {
    return this.#peers.length
  }

  api(k: number): HttpAddress {
    return this.#peer(k).api
  }

  pid(k: number): number {
    return this.#running.get(k)?.pid ?? 0
  }

  /** An admin of a project of this name; once for each name. */
  async caller(name: string): Promise<Caller> {
    if (this.#auth === 'none') return anybody(name)
    const admin = await adminTokenOf(this.#peer(0))
    if (admin === null) throw new Error('agent 0 has left no token')
    return newUser(this.api(0), admin, name)
  }

  /** Starts agent `k`. @returns milliseconds until its API answered */
  async startAgent(k: number): Promise<number> {
    const peer = this.#peer(k)
    const beganMs = performance.now()
    const profiling = this.#profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profile}`]
    const log = openSync(peer.logFile, 'a', 0o600)
    const args = [...AGENT_NODE_FLAGS, ...profiling, PROGRAM, 'agent', '--config', peer.configFile, '--until-stdin-ends']
    const child = spawn(process.execPath, args, { stdio: ['pipe', log, log] })
    closeSync(log)
    this.#running.set(k, child)
    for (;;) {
      if (child.exitCode !== null) throw new Error(`agent ${k} ended with ${child.exitCode}; its log: ${peer.logFile}`)
      if (await answers(peer.api)) return performance.now() - beganMs
      await pause(DOOR_LOOK_MS)
    }
  }

  async ready(): Promise<void> {
    const endsMs = performance.now() + READY_WITHIN_MS
    for (;;) {
      const seen = await Promise.all(this.#peers.map((peer) => seesAll(peer, { kind: this.#auth }, this.size)))
      if (seen.every(Boolean)) return
      if (performance.now() > endsMs) throw new Error('the agents do not find each other')
      await pause(READY_LOOK_MS)
    }
  }

  async stopAgent(k: number): Promise<void> {
    const child = this.#running.get(k)
    this.#running.delete(k)
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    await ended
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((k) => this.stopAgent(k)))
    await rm(this.directory, { recursive: true, force: true })
  }

  #peer(k: number): DevPeer {
    const peer = this.#peers[k]
    if (peer === undefined) throw new RangeError(`there is no agent ${k}`)
    return peer
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function answers(api: HttpAddress): Promise<boolean> {
  try {
    const connection = await HttpConnection.open(api)
    const { status } = await connection.ask(requestBytes('GET', '/healthcheck', 'none'))
    connection.close()
    return status === 200
  } catch (error) {
    // Nobody listens there yet, or only the agent's own look whether the port is free.
    if (error instanceof Error) return false
    throw error
  }
}

/** An API port from which on `scoria dev`'s offsets are free, too. */
async function freePorts(count: number): Promise<number> {
  for (let port = PORTS_FROM; port < PORTS_TO; port += PORTS_STEP) {
    const wanted = Array.from({ length: count }, (_, k) => [port + k, port + 1000 + k]).flat()
    const free = await Promise.all([...wanted, port + 3000].map(isFree))
    if (free.every(Boolean)) return port
  }
  throw new Error(`no ports are free from ${PORTS_FROM} on`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}
