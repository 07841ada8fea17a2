/**
 * Cuts a storage host's power at a step of its agent that the test names, and brings the host back.
 *
 * The agent runs with `guest/cut-points.ts`, which counts its steps and stands still at the one that was named. What it stood
 * at is gone with the memory of the host, as it is when somebody pulls the plug.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AGENT_PROGRAM } from '../cluster/process.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { createService } from './service.ts'
import type { StorageHost } from './storage-host.ts'

/** One step, and where in it. Only a command has an inside. */
export interface Point {
  readonly kind: string
  readonly n: number
  readonly when: 'before' | 'within' | 'after'
  /** What the step was when it was seen. */
  readonly what: string
}

export interface CutHost {
  /** Starts the agent, watched. Resolves when it takes part. */
  start(): Promise<void>
  /** Does `work`, and says which steps the agent took for it. */
  stepsOf(work: () => Promise<void>): Promise<readonly Point[]>
  /** Has `work` begun, and cuts the power at the point, or when `work` ended without reaching it; then the host is back. */
  cutIn(point: Point, work: () => Promise<void>): Promise<{ readonly reached: boolean }>
}

const CUT_POINTS = fileURLToPath(new URL('./guest/cut-points.js', import.meta.url))
/** From when a command was begun: most take some hundreds of milliseconds. */
const WITHIN_MS = 150
/** What a step leads to comes within this time, or not at all. */
const REST_MS = 1500
const REACHED_MS = 60_000

export function cuttable(host: StorageHost): CutHost {
  const [steps, reached] = [join(host.outbox, 'steps'), join(host.outbox, 'reached')]
  const agent = createService(
    host,
    'agent',
    `env NODE_OPTIONS=--import=${CUT_POINTS} node ${AGENT_PROGRAM} agent --config /var/lib/scoria/agent.yaml`,
  )
  let lives = 0
  let counts = 0

  const arm = async (text: string): Promise<void> => {
    for (const file of [steps, reached]) rmSync(file, { force: true })
    counts += 1
    await host.must(`echo '${counts} ${text}' > /run/cut.new && mv /run/cut.new /run/cut`)
  }
  const readyCount = (): number => host.agentLog().split('"agent-ready"').length - 1

  const start = async (): Promise<void> => {
    await agent.start()
    lives += 1
    const look = async (): Promise<undefined | NotYet> => {
      if (readyCount() >= lives) return undefined
      if (agent.hasEnded()) throw new Error(`the agent ended: ${host.agentLog().slice(-600)}`)
      return new NotYet('it recovers')
    }
    await waitFor('the agent takes part', look, { timeoutMs: 240_000, everyMs: 200, logs: [host.logFile] })
  }

  return {
    start,
    async stepsOf(work) {
      await arm('none')
      await work()
      await pause(REST_MS)
      const seen = existsSync(steps) ? readFileSync(steps, 'utf8').trimEnd().split('\n') : []
      await host.must(['rm', '/run/cut'])
      return seen.flatMap(pointsOf)
    },
    async cutIn({ kind, n, when }, work) {
      await arm(`${kind} ${n} ${when}`)
      const end = { isOver: false }
      void work().then(
        () =>
          pause(REST_MS).then(() => {
            end.isOver = true
          }),
        () => undefined,
      )
      const look = async (): Promise<boolean | NotYet> => (existsSync(reached) ? true : end.isOver ? false : new NotYet('not reached'))
      const isReached = await waitFor(`${kind} ${n} ${when}`, look, { timeoutMs: REACHED_MS, everyMs: 10, logs: [host.logFile] })
      if (when === 'within') await pause(WITHIN_MS)
      await host.powerCut()
      await host.boot()
      await start()
      return { reached: isReached }
    },
  }
}

/** A line is what the agent was about to do. */
function pointsOf(line: string): readonly Point[] {
  const [, kind = '', number = '', what = ''] = /^(\S+) (\d+) (.*)$/.exec(line) ?? []
  const whens: readonly Point['when'][] =
    kind === 'command' ? ['before', 'within', 'after'] : kind === 'journal' ? ['before', 'after'] : ['before']
  return whens.map((when) => ({ kind, n: Number(number), when, what }))
}
