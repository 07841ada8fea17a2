/**
 * `scoria dev`: a cluster on this machine, in the foreground, until Ctrl-C.
 *
 * One process per peer, as in a real cluster; for volumes that can be attached also one tgtd per peer, which outlives
 * a restart of its agent as it does on a real host. Stopped in the reverse order of starting.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatHostPort } from '../../lib/config/address.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CommandProblem, wrongUse } from '../command/command-problem.ts'
import { type DevChild, startDevChild } from './dev-child.ts'
import { makeCluster, readDevRecord } from './dev-cluster.ts'
import { type DevAuth, type DevOptions, type DevPeer, endpointOf, planPeers } from './dev-plan.ts'
import { seesAll } from './dev-ready.ts'
import { type DevUsers, makeUsers } from './dev-users.ts'
import { endLeftoverTarget, startDevTarget } from './dev-target.ts'
import { makeFolder } from '../system/durable-file.ts'
import { type Lock, takeLockWhenOver } from '../system/process-lock.ts'
import { checkPortFree } from '../system/start-checks.ts'

/** Options as they were given; null where the folder or the default decides. */
export interface DevWish extends Omit<DevOptions, 'peers' | 'apiPort' | 'backend' | 'auth'> {
  readonly peers: number | null
  readonly apiPort: number | null
  readonly backend: DevOptions['backend'] | null
  readonly auth: DevAuth | null
}

export interface DevWorld {
  /** The agent's program. */
  readonly program: string
  /** For the one line that scripts wait for. */
  readonly out: (line: string) => void
  readonly tell: (line: string) => void
  /** Resolves at the first Ctrl-C; `now` at a later one. */
  readonly interrupted: Promise<void>
  readonly insisted: Promise<void>
}

interface Stoppable {
  stop(): Promise<void>
  kill(): void
}

const READY_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 100

/** Resolves with the exit code when everything has been stopped. @throws CommandProblem with the remedy */
export async function runDev(wish: DevWish, world: DevWorld): Promise<number> {
  const directory = wish.directory ?? (await mkdtemp(join(tmpdir(), 'scoria-dev-')))
  const running: Stoppable[] = []
  const killAll = (): void => {
    for (const part of running) part.kill()
  }
  process.on('exit', killAll)
  try {
    return await runIn(directory, wish, world, running)
  } finally {
    for (let last = running.pop(); last !== undefined; last = running.pop()) await Promise.race([last.stop(), world.insisted.then(killAll)])
    process.off('exit', killAll)
    if (wish.directory === null) await rm(directory, { recursive: true, force: true })
  }
}

async function runIn(directory: string, wish: DevWish, world: DevWorld, running: Stoppable[]): Promise<number> {
  await openFolder(directory, running)
  const options = await settleOptions(directory, wish)
  const peers = planPeers(directory, options.peers, options.apiPort)
  for (const peer of peers) await endLeftoverTarget(peer)
  await checkPorts(peers, options)
  await makeCluster(directory, peers, options)
  world.tell(`starting ${peers.length} ${peers.length === 1 ? 'peer' : 'peers'} in ${directory}`)
  if (options.backend === 'file') {
    await startTargets(peers, world, running)
  }
  const children = peers.map((peer) => startDevChild({ peer, program: world.program, tell: world.tell }))
  running.push(...children)
  const isReady = await Promise.race([untilReady(peers, options.auth, children), world.interrupted.then(() => false)])
  if (isReady) {
    const users = options.auth.kind === 'builtin' ? await makeUsers(directory, peers) : null
    world.out(`ready ${peers.map(endpointOf).join(' ')}`)
    world.tell(
      `${users === null ? '' : usersText(users)}try in another terminal: ${users === null ? commandFor(options) : `. ${users.memberRc}; scoria `}volume create db --size 1GiB --wait\nCtrl-C ends it${wish.directory === null ? ' and removes everything' : `; the state stays in ${directory}`}`,
    )
  }
  await world.interrupted
  world.tell('stopping')
  return EXIT.done
}

/** All at once; those that did start are kept in `running` also when another did not. */
async function startTargets(peers: readonly DevPeer[], world: DevWorld, running: Stoppable[]): Promise<void> {
  const outcomes = await Promise.allSettled(peers.map((peer) => startDevTarget(peer, world.tell)))
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') running.push(outcome.value)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** @throws CommandProblem if the folder cannot be used or is in use */
async function openFolder(directory: string, running: Stoppable[]): Promise<void> {
  let lock: Lock
  try {
    await makeFolder(directory)
    lock = await takeLockWhenOver(`${directory}/dev.lock`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw CommandProblem.because(
      error,
      EXIT.failed,
      `${directory} cannot be written (${code})`,
      'take a folder that is yours with --dir, or none for a temporary one',
    )
  }
  if (!lock.ok)
    throw new CommandProblem(
      EXIT.conflict,
      `another scoria dev (process ${lock.pid}) runs in ${directory}`,
      'stop it with Ctrl-C, or take another folder with --dir',
    )
  running.push({ stop: async () => lock.release(), kill: lock.release })
}

async function settleOptions(directory: string, wish: DevWish): Promise<DevOptions> {
  const record = await readDevRecord(directory)
  const settled: DevOptions = {
    ...wish,
    peers: wish.peers ?? record?.peers ?? 3,
    apiPort: wish.apiPort ?? record?.apiPort ?? 8776,
    backend: wish.backend ?? record?.backend ?? 'file',
    auth: wish.auth ?? (record?.auth === 'builtin' ? { kind: 'builtin' } : { kind: 'none' }),
  }
  if (record === null) return settled
  const isSame =
    settled.peers === record.peers &&
    settled.apiPort === record.apiPort &&
    settled.backend === record.backend &&
    settled.auth.kind === record.auth
  if (isSame) return settled
  throw wrongUse(
    `${directory} holds a cluster of ${record.peers} peers with --api-port ${record.apiPort} --backend ${record.backend} --auth ${record.auth}`,
    'leave those options out to continue it, or take another folder with --dir',
  )
}

async function checkPorts(peers: readonly DevPeer[], options: DevOptions): Promise<void> {
  const addresses = peers.flatMap((peer) => [
    peer.api,
    peer.peer,
    ...(options.backend === 'file' ? [peer.portal] : []),
    ...(peer.joinListen === null ? [] : [peer.joinListen]),
  ])
  for (const address of addresses) {
    const problem = await checkPortFree(address, 'stop what listens there, or move the cluster with --api-port N')
    if (problem !== null) throw new CommandProblem(EXIT.failed, problem)
  }
}

/** @throws CommandProblem if a peer stays down, or the time is up */
async function untilReady(peers: readonly DevPeer[], auth: DevAuth, children: readonly DevChild[]): Promise<boolean> {
  const endsAtMs = Date.now() + READY_WITHIN_MS
  for (;;) {
    const down = children.find((child) => !child.isKept())
    if (down !== undefined)
      throw new CommandProblem(EXIT.failed, `${down.peer.name} does not start`, ...(await lastLines(down.peer.logFile)))
    const seen = await Promise.all(peers.map((peer) => seesAll(peer, auth, peers.length)))
    if (seen.every(Boolean)) return true
    if (Date.now() > endsAtMs) {
      const blind = peers.filter((_, index) => seen[index] !== true).map((peer) => `${peer.name} (${peer.logFile})`)
      throw new CommandProblem(
        EXIT.failed,
        `not ready after ${READY_WITHIN_MS / 1000} s: ${blind.join(', ')} did not answer or did not see all others`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function lastLines(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  return lines.slice(-2).map((line) => `  ${line.slice(0, 400)}`)
}

function usersText({ adminRc, memberRc, clouds }: DevUsers): string {
  return `users: admin (${adminRc}) and demo (${memberRc}); for other clients ${clouds}\n`
}

function commandFor(options: DevOptions): string {
  const first = formatHostPort({ host: '127.0.0.1', port: options.apiPort })
  return options.apiPort === 8776 ? 'scoria ' : `SCORIA_ENDPOINT=http://${first} scoria `
}
