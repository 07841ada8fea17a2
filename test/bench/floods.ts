/**
 * What strangers cost everybody else: the 99th percentile of a steady client's reads while somebody floods the same peer,
 * beside that in the calm before and after.
 */
import { connect, type Socket } from 'node:net'
import { anybody } from './caller.ts'
import { Cluster, pause } from './cluster.ts'
import { type Figure, round } from './figure.ts'
import { type HttpAddress, HttpConnection } from './http-connection.ts'
import { quantile } from './quantiles.ts'
import { createVolumes, showRequest, untilAvailable } from './volumes.ts'
import type { World } from './world.ts'

const PROJECT = 'bench'
const CALLER = anybody(PROJECT)
const CLIENTS = 8
const ASK_EVERY_MS = 10
const LOOK_MS = 4000
const TARGET = { atMost: 2 } as const
const IDLE = 10_000
const SLOW = 500
const SLOW_BYTE_MS = 250
const LARGE = 1
const LARGE_BYTES = 100 * 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'a')

/** Goes on until it is stopped. */
interface Flood {
  readonly what: string
  start(address: HttpAddress): Promise<() => void>
}

const FLOODS: readonly Flood[] = [
  { what: `${IDLE} connections that ask nothing`, start: idle },
  { what: `${SLOW} requests at four bytes a second`, start: slow },
  { what: 'bodies of 100 MB, one after the other', start: large },
]

export async function floods({ profile }: World): Promise<readonly Figure[]> {
  const cluster = await Cluster.start({ peers: 3, profile })
  try {
    const made = await createVolumes({ cluster, callers: [CALLER], clients: 1, goesOn: (count) => count < 1 })
    await untilAvailable(cluster, made)
    const request = showRequest(CALLER, made.get(CALLER)?.[0] ?? '')
    const address = cluster.api(0)
    await readP99(address, request)
    const figures: Figure[] = []
    for (const { what, start } of FLOODS) {
      const before = await readP99(address, request)
      const stop = await start(address)
      const during = await readP99(address, request)
      stop()
      // What is left of it is cleared away.
      await pause(LOOK_MS)
      const after = await readP99(address, request)
      const calm = (before + after) / 2
      const against = `p99 ${round(during)} ms to ${round(calm)} ms in the calm, ${CLIENTS} clients that ask every ${ASK_EVERY_MS} ms`
      figures.push({ what, value: during / calm, unit: 'of calm', against, target: TARGET })
    }
    return figures
  } finally {
    await cluster.stop()
  }
}

/** Milliseconds; every request has to be answered. */
async function readP99(address: HttpAddress, request: Buffer): Promise<number> {
  const connections = await Promise.all(Array.from({ length: CLIENTS }, () => HttpConnection.open(address)))
  const times: number[] = []
  const endsMs = performance.now() + LOOK_MS
  const ask = async (connection: HttpConnection): Promise<void> => {
    while (performance.now() < endsMs) {
      const beganMs = performance.now()
      const { status } = await connection.ask(request)
      if (status !== 200) throw new Error(`a read was answered ${status}`)
      times.push(performance.now() - beganMs)
      await pause(ASK_EVERY_MS)
    }
  }
  await Promise.all(connections.map(ask))
  for (const connection of connections) connection.close()
  return quantile(times, 0.99)
}

/** One that is hung up on comes again. */
async function idle(address: HttpAddress): Promise<() => void> {
  const open = new Set<Socket>()
  let isOver = false
  const dial = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(address)
      open.add(socket)
      socket.once('connect', () => resolve())
      socket.once('error', () => resolve())
      socket.once('close', () => {
        open.delete(socket)
        if (!isOver) void dial()
      })
    })
  for (let count = 0; count < IDLE; count += 100) await Promise.all(Array.from({ length: 100 }, dial))
  return () => {
    isOver = true
    for (const socket of open) socket.destroy()
  }
}

async function slow(address: HttpAddress): Promise<() => void> {
  const open = new Set<Socket>()
  let isOver = false
  const dial = (): void => {
    const socket = connect(address)
    open.add(socket)
    socket.write(`GET /v3/${PROJECT}/volumes HTTP/1.1\r\nX-Slow: `)
    const drip = setInterval(() => socket.write('a'), SLOW_BYTE_MS)
    socket.once('error', () => socket.destroy())
    socket.once('close', () => {
      clearInterval(drip)
      open.delete(socket)
      if (!isOver) dial()
    })
  }
  for (let count = 0; count < SLOW; count += 1) dial()
  await pause(SLOW_BYTE_MS)
  return () => {
    isOver = true
    for (const socket of open) socket.destroy()
  }
}

/** As fast as the peer takes them, whatever it says meanwhile. */
async function large(address: HttpAddress): Promise<() => void> {
  const open = new Set<Socket>()
  let isOver = false
  const dial = (): void => {
    const socket = connect(address)
    open.add(socket)
    let leftBytes = LARGE_BYTES
    const pour = (): void => {
      while (leftBytes > 0 && !socket.destroyed) {
        leftBytes -= CHUNK.length
        if (!socket.write(CHUNK)) return
      }
    }
    socket.on('drain', pour)
    socket.once('connect', () => {
      const head = `POST /v3/${PROJECT}/volumes HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: bench:${PROJECT}\r\nContent-Type: application/json`
      socket.write(`${head}\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`)
      pour()
    })
    socket.once('error', () => socket.destroy())
    socket.resume()
    socket.once('close', () => {
      open.delete(socket)
      // Not in a loop of its own: a peer that hangs up at once is not worth a core of the client.
      if (!isOver) setTimeout(dial, ASK_EVERY_MS)
    })
  }
  for (let count = 0; count < LARGE; count += 1) dial()
  return () => {
    isOver = true
    for (const socket of open) socket.destroy()
  }
}
