/** `scoria dev` with storage: volumes, exports and bytes outlive Ctrl-C and even a kill -9, and no tgtd outlives its cluster. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { at, connectionIn, createClient, type SeenConnection, volumeIn } from '../cluster/client.ts'
import { makeRunFolder } from '../cluster/folder.ts'
import { MIB, readPattern, writePattern } from '../cluster/initiator.ts'
import { isFree } from '../cluster/ports.ts'
import { CLI_PROGRAM, processesWith, type RunningProcess, startProcess } from '../cluster/process.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'

const PEERS = 2
const INITIATOR = 'iqn.2026-01.test:web-1'
const PATTERN = 0x77
const READY_MS = 60_000

t.setTimeout(240_000)

t.test('a local cluster with storage goes on where it was stopped or killed', async (t) => {
  const apiPort = await freeApiPort()
  const folder = makeRunFolder()
  const dir = join(folder.path, 'cluster')
  const log = join(folder.path, 'dev.log')
  t.teardown(() => {
    for (const pid of pidsOf(dir)) process.kill(pid, 'SIGKILL')
    for (const pid of tgtdsOf(apiPort)) process.kill(pid, 'SIGKILL')
    folder.remove()
  })
  const start = (): Promise<RunningProcess> => startDev(log, ['--dir', dir, '--peers', String(PEERS), '--api-port', String(apiPort)])

  const first = await start()
  const connection = await attachedVolume(apiPort)
  t.ok((await writePattern(connection, INITIATOR, PATTERN, MIB)).ok, 'an initiator writes')
  await endsWith(t, first, 'SIGINT', dir, apiPort)

  const second = await start()
  await untilReadable(t, connection, log)
  // The runner and the command that started it, at once: nobody stops anything in order.
  for (const pid of pidsOf(`dev --dir ${dir}`)) process.kill(pid, 'SIGKILL')
  await second.ended
  await waitFor('the agents end with their runner', async () => {
    const left = processesWith(dir)
    return left.length === 0 ? undefined : new NotYet(left)
  })
  t.equal(tgtdsOf(apiPort).length, PEERS, 'tgtd outlives a crash, as on a real host')

  const third = await start()
  await untilReadable(t, connection, log)
  await endsWith(t, third, 'SIGTERM', dir, apiPort)
})

async function startDev(log: string, args: readonly string[]): Promise<RunningProcess> {
  const before = said(log).length
  const running = startProcess([process.execPath, CLI_PROGRAM, 'dev', ...args], log)
  await waitFor(
    'scoria dev is ready',
    async () => {
      const text = said(log).slice(before)
      if (!running.isRunning()) throw new Error(`scoria dev ended: ${text}`)
      return /^ready /m.test(text) ? undefined : new NotYet(text)
    },
    { timeoutMs: READY_MS },
  )
  return running
}

async function endsWith(t: Test, running: RunningProcess, signal: NodeJS.Signals, dir: string, apiPort: number): Promise<void> {
  running.signal(signal)
  t.equal((await running.ended).exitCode, 0, `${signal} ends it in order`)
  t.same(processesWith(dir), [], 'no process is left')
  t.same(tgtdsOf(apiPort), [], 'no tgtd is left')
}

async function attachedVolume(apiPort: number): Promise<SeenConnection> {
  const client = createClient(`http://127.0.0.1:${apiPort + 1}`, 'dev')
  const { id } = volumeIn(at(await client.call('POST', '/volumes', 202, { volume: { name: 'db', size: 1 } }), 'volume'))
  await waitFor('the volume is available', async () => {
    const seen = await client.volume(id)
    return seen.status === 'available' ? undefined : new NotYet(seen)
  })
  const connector = { initiator: INITIATOR, host: 'web-1', multipath: false }
  return connectionIn(at(await client.call('POST', '/attachments', 200, { attachment: { volume_uuid: id, connector } }), 'attachment'))
}

async function untilReadable(t: Test, connection: SeenConnection, log: string): Promise<void> {
  const read = await waitFor(
    'the initiator reads its bytes again',
    async () => {
      const end = await readPattern(connection, INITIATOR, PATTERN, MIB)
      return end.ok || /verification/.test(end.text) ? end : new NotYet(end.text)
    },
    { logs: [log] },
  )
  t.ok(read.ok, 'the same target, secret and bytes', { text: read.text })
}

function tgtdsOf(apiPort: number): readonly number[] {
  return Array.from({ length: PEERS }, (_, k) => pidsOf(`tgtd -f -C ${apiPort + k} `)).flat()
}

function pidsOf(text: string): readonly number[] {
  return processesWith(text).map((line) => Number(line.split(' ')[0]))
}

function said(log: string): string {
  try {
    return readFileSync(log, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/** One whose followers are free too: `dev` derives every port from it. */
async function freeApiPort(): Promise<number> {
  for (let port = 13_000 + (process.pid % 900) * 10; ; port += 10) {
    const ports = [0, 1000, 2000].flatMap((offset) => Array.from({ length: PEERS }, (_, k) => port + offset + k))
    const free = await Promise.all([...ports, port + 3000].map(isFree))
    if (free.every(Boolean)) return port
  }
}
