/**
 * One storage host of a run: its folder, its addresses, its tgtd and its agent, each a process of its own.
 *
 * The agent can be killed and started again as often as a test likes; tgtd lives on beside it, as on a real host.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Kept, readKept } from '../../agent/backend/none/kept.ts'
import { http } from './http.ts'
import type { Place } from './place.ts'
import { AGENT_PROGRAM, type ProcessEnd, type RunningProcess, startProcess } from './process.ts'
import { createHostTgtd, type HostTgtd } from './tgtd.ts'
import { NotYet, waitFor } from './wait-for.ts'

export interface HostPlan {
  readonly name: string
  /** Folder of the run. */
  readonly folder: string
  readonly ports: { readonly api: number; readonly peer: number; readonly portal: number; readonly join: number }
  readonly backend: 'file' | 'none'
  readonly capacityGiB: number
  readonly place: Place
  /** The volumes lie beside its folder, and not in it: a disk of their own. */
  readonly volumesApart?: boolean
  /** Availability zone; the product's default if not given. */
  readonly zone?: string
}

export interface Host {
  readonly name: string
  readonly place: Place
  readonly ports: HostPlan['ports']
  readonly endpoint: string
  readonly portal: string
  readonly directory: string
  readonly volumesFolder: string
  readonly configFile: string
  readonly logFile: string
  /** Memory of its backend in a drill; it lies on no disk that is filled. */
  readonly drillFile: string
  readonly tgtd: HostTgtd
  /** Options of `scoria init` and `scoria join` that make this host. */
  readonly options: readonly string[]
  /** Starts the agent (`program`: of another version); does not wait until it answers. */
  start(program?: string): void
  /** Resolves when its API answers. */
  ready(timeoutMs?: number): Promise<void>
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>
  /** SIGTERM, and wait until it is gone. */
  stop(): Promise<ProcessEnd>
  isRunning(): boolean
  /** Of the agent, or null before its first start. */
  pid(): number | null
  /** Resolves when the agent ends, however. */
  ended(): Promise<ProcessEnd>
  /** SIGSTOP and SIGCONT: it hears and says nothing, and loses nothing. */
  freeze(): void
  thaw(): void
  /** Changes its configuration file, as an operator does; holds from the next start. */
  configure(change: (config: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): void
  /** File names in the folder of its volumes, sorted. */
  files(): readonly string[]
  /** What its backend keeps in mind, in a drill. */
  kept(): Kept
  /** Log lines of this event, parsed. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[]
}

const NOT_STARTED: ProcessEnd = { exitCode: null, signal: null }
const READY_MS = 30_000
const STOP_MS = 20_000

export function createHost({ name, folder, ports, backend, capacityGiB, place, volumesApart = false, zone }: HostPlan): Host {
  const directory = join(folder, name)
  const volumesFolder = volumesApart ? join(folder, `${name}-volumes`) : join(directory, 'volumes')
  const configFile = join(directory, 'agent.yaml')
  const logFile = join(folder, `${name}.log`)
  const drillFile = join(folder, `${name}-drill.json`)
  const { address, enter, endpoint } = place
  const here = (port: number): string => `${address}:${port}`
  const portal = here(ports.portal)
  let agent: RunningProcess | null = null

  const isRunning = (): boolean => agent?.isRunning() === true
  return {
    name,
    place,
    ports,
    endpoint,
    portal,
    directory,
    volumesFolder,
    configFile,
    logFile,
    tgtd: createHostTgtd({ controlPort: ports.portal, portal, enter, logFile: join(folder, `${name}-tgtd.log`) }),
    options: [
      ...['--name', name, '--dir', directory, '--listen', here(ports.peer), '--api', `127.0.0.1:${ports.api}`],
      ...['--join-listen', here(ports.join), '--portal', portal, '--tgt-control', String(ports.portal), '--backend', backend],
      ...['--capacity', String(capacityGiB), ...(volumesApart ? ['--path', volumesFolder] : [])],
      ...(zone === undefined ? [] : ['--zone', zone]),
    ],
    start(program = AGENT_PROGRAM) {
      if (isRunning()) throw new Error(`the agent of ${name} runs already`)
      agent = startProcess([...enter, process.execPath, '--enable-source-maps', program, 'agent', '--config', configFile], logFile)
    },
    async ready(timeoutMs = READY_MS) {
      await waitFor(
        `the agent of ${name} answers`,
        async () => {
          if (!isRunning()) throw new Error(`the agent of ${name} ended: ${lastLine(logFile)}; log: ${logFile}`)
          const answer = await http({ method: 'GET', url: `${endpoint}/healthcheck`, timeoutMs: 1000 })
          return answer.kind === 'answer' && answer.status === 200 ? undefined : new NotYet(answer)
        },
        { timeoutMs, logs: [logFile] },
      )
    },
    async kill() {
      agent?.signal('SIGKILL')
      await agent?.ended
    },
    async stop() {
      if (agent === null) return NOT_STARTED
      const stopping = agent
      stopping.signal('SIGTERM')
      const insist = setTimeout(() => stopping.signal('SIGKILL'), STOP_MS)
      const end = await stopping.ended
      clearTimeout(insist)
      return end
    },
    isRunning,
    pid: () => agent?.pid ?? null,
    ended: async () => agent?.ended ?? NOT_STARTED,
    freeze: () => agent?.signal('SIGSTOP'),
    thaw: () => agent?.signal('SIGCONT'),
    configure: (change) => writeFileSync(configFile, stringify(change(parse(readFileSync(configFile, 'utf8'))))),
    files: () => readdirSync(volumesFolder).sort(),
    drillFile,
    kept: () => readKept(drillFile),
    logged: (event) => logLines(logFile).filter((line) => line['msg'] === event || line['event'] === event),
  }
}

function logLines(file: string): readonly Readonly<Record<string, unknown>>[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [parsedLine(line)] : []))
}

/** A line that a kill cut off is no line. */
function parsedLine(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.slice(0, 400) ?? ''
}
