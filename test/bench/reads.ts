/**
 * What a read costs beside a bare fastify route that sends the same bytes to the same client.
 *
 * The two take turns, so that a machine that slows down slows both. One processor serves and one asks; the ratio of the
 * servers' processor time says the same without the client. Once as it is on loopback, and once with a token in each request.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { anybody, AUTHS, type BenchAuth, requestBytes, withAuth } from './caller.ts'
import { Cluster } from './cluster.ts'
import { type Figure, round } from './figure.ts'
import { type HttpAddress, HttpConnection } from './http-connection.ts'
import { median } from './quantiles.ts'
import type { World } from './world.ts'
import { cpuSeconds } from './process-facts.ts'
import { startRival } from './rival.ts'
import { createVolumes, showRequest, untilAvailable } from './volumes.ts'

const PROJECT = 'bench'
const VOLUMES = 1000
const CONNECTIONS = 8
const TURNS = 6
const TURN_MS = 600
const ROUNDS = 50
const WARM_ROUNDS = 10

export async function reads(world: World): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const auth of AUTHS) figures.push(...(await readsWith(world, auth)))
  return figures
}

async function readsWith({ profile }: World, auth: BenchAuth): Promise<readonly Figure[]> {
  const cluster = await Cluster.start({ peers: 3, profile, auth })
  try {
    const caller = await cluster.caller(PROJECT)
    const made = await createVolumes({ cluster, callers: [caller], clients: 32, goesOn: (count) => count < VOLUMES })
    await untilAvailable(cluster, made)
    const [id = ''] = made.get(caller) ?? []
    const detail = requestBytes('GET', `/v3/${caller.project}/volumes/detail`, caller.token)
    const show = await measureRead(cluster, showRequest(caller, id))
    const list = await measureRead(cluster, detail)
    return [
      readFigure(withAuth('GET /volumes/{id}', auth), show),
      readFigure(withAuth(`GET /volumes/detail, ${VOLUMES} volumes`, auth), list),
      againstStringify(withAuth(`GET /volumes/detail, ${VOLUMES} volumes, processor`, auth), list),
    ]
  } finally {
    await cluster.stop()
  }
}

interface Measured {
  readonly body: Buffer
  readonly ours: readonly Turn[]
  readonly bare: readonly Turn[]
}

async function measureRead(cluster: Cluster, request: Buffer): Promise<Measured> {
  const connection = await HttpConnection.open(cluster.api(0))
  const { body } = await connection.ask(request)
  connection.close()
  const file = join(cluster.directory, 'body.json')
  await writeFile(file, body)
  const rival = await startRival('route', file)
  try {
    const ours: Turn[] = []
    const bare: Turn[] = []
    for (let turn = 0; turn <= TURNS; turn += 1) {
      const our = await serve(cluster.api(0), cluster.pid(0), request)
      const their = await serve(rival.address, rival.pid, showRequest(anybody(PROJECT), 'any'))
      // The first turn warms up.
      if (turn === 0) continue
      ours.push(our)
      bare.push(their)
    }
    return { body, ours, bare }
  } finally {
    await rival.stop()
  }
}

function readFigure(what: string, { body, ours, bare }: Measured): Figure {
  const ourRate = rateOf(ours)
  const bareRate = rateOf(bare)
  const cpu = `processor ${round(cpuMicros(ours))} to ${round(cpuMicros(bare))} us`
  const against = `${round(ourRate)}/s to ${round(bareRate)}/s of a bare fastify route, ${body.length} bytes; ${cpu}`
  return { what, value: ourRate / bareRate, unit: 'of bare', against, target: { atLeast: 0.3 } }
}

/** What nobody can do without who makes the same text of the same rows anew, in this process. */
function againstStringify(what: string, { body, ours }: Measured): Figure {
  const rows: unknown = JSON.parse(body.toString())
  const times: number[] = []
  for (let turn = -WARM_ROUNDS; turn < ROUNDS; turn += 1) {
    const beganMs = performance.now()
    JSON.stringify(rows)
    if (turn >= 0) times.push((performance.now() - beganMs) * 1000)
  }
  const ourUs = cpuMicros(ours)
  const against = `${round(ourUs)} us of processor for the whole request, ${round(median(times))} us for JSON.stringify of its rows`
  return { what, value: ourUs / median(times), unit: 'of JSON.stringify', against, target: { atMost: 2 } }
}

interface Turn {
  readonly requests: number
  readonly ms: number
  readonly cpuS: number
}

async function serve(address: HttpAddress, pid: number, request: Buffer): Promise<Turn> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(address)))
  const cpuBefore = cpuSeconds(pid)
  const beganMs = performance.now()
  let requests = 0
  const ask = async (connection: HttpConnection): Promise<void> => {
    while (performance.now() - beganMs < TURN_MS) {
      const { status } = await connection.ask(request)
      if (status !== 200) throw new Error(`a read was answered ${status}`)
      requests += 1
    }
  }
  await Promise.all(connections.map(ask))
  const turn = { requests, ms: performance.now() - beganMs, cpuS: cpuSeconds(pid) - cpuBefore }
  for (const connection of connections) connection.close()
  return turn
}

function total(turns: readonly Turn[], of: (turn: Turn) => number): number {
  return turns.reduce((sum, turn) => sum + of(turn), 0)
}

const rateOf = (turns: readonly Turn[]): number => (total(turns, ({ requests }) => requests) * 1000) / total(turns, ({ ms }) => ms)
const cpuMicros = (turns: readonly Turn[]): number => (total(turns, ({ cpuS }) => cpuS) * 1e6) / total(turns, ({ requests }) => requests)
