/**
 * Looks after the agents of a chaos run as an init system does: whoever ends is started again.
 *
 * It tells an end that a fault brought about from one that an agent chose itself, which is a finding. A fault takes its
 * host and gives it back, so that two never work on one; links belong to nobody.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../cluster/host.ts'
import { http } from '../cluster/http.ts'
import type { ProcessEnd } from '../cluster/process.ts'
import type { Random } from '../sim/random.ts'

export interface Kept {
  readonly host: Host
  /** For how long its agent has been up, in milliseconds; 0 while it is down. */
  upMs(): number
  /** It has answered since its start. */
  isReady(): boolean
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  start(): void
  /** Resolves when the agent answers, also with a refusal. @throws if it does not come up */
  untilReady(): Promise<void>
  /** From now on the agent may end by itself. Resolves when it has, or with null when the time is up. */
  untilEnd(withinMs: number): Promise<ProcessEnd | null>
}

export interface Keeper {
  /** A host that no fault works on, out of `hosts` if given; null if there is none. */
  take(random: Random, hosts?: readonly Host[]): Kept | null
  giveBack(kept: Kept): void
  /** Every agent runs and answers. */
  untilAllReady(): Promise<void>
  /** From now on nothing is started, and whoever ends may. */
  stop(): void
}

interface Life {
  readonly sinceMs: number
  isEndExpected: boolean
  isReady: boolean
}

const READY_MS = 60_000
const LOOK_EVERY_MS = 50
const RESTART_AFTER_MS = 1000

/** @param onEnd hears of an agent that ended by itself */
export function createKeeper(hosts: readonly Host[], onEnd: (host: Host, end: ProcessEnd) => void): Keeper {
  const stopping = new AbortController()
  const taken = new Set<Host>()
  const kept = hosts.map((host) => keep(host, onEnd, stopping.signal))
  return {
    take(random, among = hosts) {
      const free = kept.filter(({ host }) => among.includes(host) && !taken.has(host))
      if (free.length === 0) return null
      const one = random.pick(free)
      taken.add(one.host)
      return one
    },
    giveBack: ({ host }) => void taken.delete(host),
    stop: () => stopping.abort(),
    untilAllReady: async () => void (await Promise.all(kept.map((one) => one.untilReady()))),
  }
}

function keep(host: Host, onEnd: (host: Host, end: ProcessEnd) => void, signal: AbortSignal): Kept {
  const begin = (): Life => {
    const life: Life = { sinceMs: performance.now(), isEndExpected: false, isReady: false }
    void host.ended().then(async (end) => {
      if (life.isEndExpected || signal.aborted) return
      onEnd(host, end)
      await pause(RESTART_AFTER_MS)
      if (!host.isRunning()) start()
    })
    return life
  }
  const start = (): void => {
    if (signal.aborted) return
    host.start()
    current = begin()
  }
  // It was started by whoever formed the cluster.
  let current = begin()
  current.isReady = true
  return {
    host,
    upMs: () => (host.isRunning() ? performance.now() - current.sinceMs : 0),
    isReady: () => host.isRunning() && current.isReady,
    start,
    async kill() {
      current.isEndExpected = true
      await host.kill()
    },
    async untilReady() {
      const endsAtMs = performance.now() + READY_MS
      while (!(await answers(host))) {
        if (performance.now() > endsAtMs) throw new Error(`the agent of ${host.name} does not answer; log: ${host.logFile}`)
        await pause(LOOK_EVERY_MS)
      }
      current.isReady = true
    },
    async untilEnd(withinMs) {
      current.isEndExpected = true
      const ended = host.ended()
      const end = await Promise.race([ended, pause(withinMs, null, { ref: false })])
      if (end === null) current.isEndExpected = false
      return end
    },
  }
}

/** A host that recovers refuses, and is up. */
async function answers(host: Host): Promise<boolean> {
  const answer = await http({ method: 'GET', url: `${host.endpoint}/healthcheck`, timeoutMs: 2000 })
  return answer.kind === 'answer' && (answer.status === 200 || answer.status === 503)
}
