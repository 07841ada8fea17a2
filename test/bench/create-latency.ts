/**
 * One create at a time: from the POST until the same agent shows the volume as available.
 *
 * The client asks again at once, the only way that it has to know. Before each create stands a bare write of the same kind
 * to the same disk, so that whatever else the disk does hits both alike.
 */
import { join } from 'node:path'
import { Level } from 'level'
import { anybody } from './caller.ts'
import { Cluster } from './cluster.ts'
import { type Figure, round } from './figure.ts'
import { HttpConnection } from './http-connection.ts'
import type { World } from './world.ts'
import { quantile } from './quantiles.ts'
import { createRequest, createVolumes, idIn, isAvailable, showRequest, untilAvailable } from './volumes.ts'

/** Enough for the compiler to have seen every path often; an agent runs for months. */
const WARM_VOLUMES = 2000
const WARM_CLIENTS = 16
const MEASURED = 300
const CALLER = anybody('bench')
/** The mean of what the batches of one create are, with their chain entries. */
const BATCH_BYTES = 2000

export async function createLatency({ profile }: World): Promise<readonly Figure[]> {
  const cluster = await Cluster.start({ peers: 3, profile })
  try {
    const warm = await createVolumes({ cluster, callers: [CALLER], clients: WARM_CLIENTS, goesOn: (made) => made < WARM_VOLUMES })
    await untilAvailable(cluster, warm)
    const bare = new Level(join(cluster.directory, 'bare'))
    const connections = await Promise.all([0, 1, 2].map((k) => HttpConnection.open(cluster.api(k))))
    const fsyncMs: number[] = []
    const answeredMs: number[] = []
    const availableMs: number[] = []
    for (let n = 0; n < MEASURED; n += 1) {
      const connection = connections[n % connections.length]
      if (connection === undefined) break
      const fsync = await bareWrite(bare, n)
      const create = await createOne(connection, `volume-${n}`)
      fsyncMs.push(fsync)
      answeredMs.push(create.answeredMs)
      availableMs.push(create.availableMs)
    }
    for (const connection of connections) connection.close()
    await bare.close()
    return figures(fsyncMs, answeredMs, availableMs)
  } finally {
    await cluster.stop()
  }
}

async function bareWrite(bare: Level, n: number): Promise<number> {
  const beganMs = performance.now()
  await bare.put(`key-${n}`, String(n).padEnd(BATCH_BYTES, 'x'), { sync: true })
  return performance.now() - beganMs
}

async function createOne(connection: HttpConnection, name: string): Promise<{ readonly answeredMs: number; readonly availableMs: number }> {
  const beganMs = performance.now()
  const { status, body } = await connection.ask(createRequest(CALLER, name))
  if (status !== 202) throw new Error(`a create was answered ${status}: ${body}`)
  const answeredMs = performance.now() - beganMs
  const show = showRequest(CALLER, idIn(body))
  for (;;) {
    const shown = await connection.ask(show)
    if (isAvailable(shown.body)) return { answeredMs, availableMs: performance.now() - beganMs }
    if (shown.status !== 200) throw new Error(`a volume was answered ${shown.status}: ${shown.body}`)
  }
}

function figures(fsyncMs: readonly number[], answeredMs: readonly number[], availableMs: readonly number[]): readonly Figure[] {
  const unit = 'bare fsyncs'
  const of = (share: number, values: readonly number[]) => {
    const bareMs = quantile(fsyncMs, share)
    const ms = quantile(values, share)
    return { value: ms / bareMs, unit, against: `${round(ms)} ms; a synced LevelDB put of ${BATCH_BYTES} bytes ${round(bareMs)} ms` }
  }
  return [
    { what: 'create: POST to available, p50', ...of(0.5, availableMs), target: { atMost: 10 } },
    { what: 'create: POST to available, p99', ...of(0.99, availableMs), target: null },
    { what: 'create: POST to 202, p50', ...of(0.5, answeredMs), target: null },
  ]
}
