/**
 * A storage host: the agent, tgtd, and the way to its API from this machine.
 *
 * Its configuration and journal are in `/var/lib/scoria`, its own disk. Its log is a file of this machine, which tells
 * the last line before a power cut too.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Client, createClient } from '../cluster/client.ts'
import { http } from '../cluster/http.ts'
import { AGENT_PROGRAM, CLI_PROGRAM } from '../cluster/process.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { Guest } from './guest.ts'
import { createService } from './service.ts'

export type Config = Readonly<Record<string, unknown>>

export interface StorageHost extends Guest {
  /** URL that leads from this machine's own network to its API. */
  readonly endpoint: string
  /** Of its agent. */
  readonly logFile: string
  client(project?: string): Client
  /** `scoria …` on this host, as an operator types it. @returns what it printed. @throws with what it said */
  scoria(...args: readonly string[]): Promise<string>
  /** Writes the agent's configuration: what `change` makes of the one that is there, if any. */
  configure(change: (config: Config) => Config): Promise<void>
  /** Starts the agent; resolves when its API answers. @param config is written first; else the one that is there holds */
  startAgent(config?: Config): Promise<void>
  /** Resolves when the agent that runs has recovered: until then it refuses changes. */
  untilReady(): Promise<void>
  /** SIGTERM, or SIGKILL; resolves when it is gone. */
  stopAgent(signal?: 'TERM' | 'KILL'): Promise<void>
  /** All that it has logged, over all its lives. */
  agentLog(): string
  /** Starts a tgtd, as its service would: on loopback only, until the agent opens the portal. */
  startTgtd(): Promise<void>
  /** All its targets are gone. */
  killTgtd(): Promise<void>
}

const STATE_FOLDER = '/var/lib/scoria'
const CONFIG_FILE = `${STATE_FOLDER}/agent.yaml`
const TGTD_PORTAL = '127.0.0.1:3260'
const READY_MS = 180_000
/** A start of Node takes a second there, and a minute on a machine that many share. */
const SCORIA_MS = 240_000

export function createStorageHost(guest: Guest, endpoint: string): StorageHost {
  const logFile = join(guest.outbox, 'agent.log')
  const logs = [logFile, guest.consoleFile]
  const agent = createService(guest, 'agent', `node --enable-source-maps ${AGENT_PROGRAM} agent --config ${CONFIG_FILE}`)
  const tgtd = createService(guest, 'tgtd', `tgtd -f --iscsi portal=${TGTD_PORTAL}`)
  const agentLog = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')

  const configure: StorageHost['configure'] = async (change) => {
    const there = await guest.run(['cat', CONFIG_FILE])
    const config = change(there.code === 0 ? parse(there.stdout) : {})
    await guest.must(
      `umask 077; cat > ${CONFIG_FILE}.new << 'END' && sync ${CONFIG_FILE}.new && mv ${CONFIG_FILE}.new ${CONFIG_FILE}\n${stringify(config)}END`,
    )
  }
  return {
    ...guest,
    endpoint,
    logFile,
    agentLog,
    configure,
    client: (project = 'demo') => createClient(endpoint, project),
    scoria: (...args) => guest.must(['node', CLI_PROGRAM, ...args], { timeoutMs: SCORIA_MS }),
    async startAgent(config) {
      if (config !== undefined) await configure(() => config)
      await agent.start()
      const look = async (): Promise<undefined | NotYet> => {
        const answer = await http({ method: 'GET', url: `${endpoint}/healthcheck`, timeoutMs: 2000 })
        if (answer.kind === 'answer' && answer.status === 200) return undefined
        if (agent.hasEnded()) throw new Error(`the agent of ${guest.name} ended: ${lastLine(agentLog())}`)
        return new NotYet(answer)
      }
      await waitFor(`the agent of ${guest.name} answers`, look, { timeoutMs: READY_MS, everyMs: 250, logs })
    },
    untilReady() {
      const look = async (): Promise<undefined | NotYet> => {
        const life = agentLog().split('"agent-starting"').at(-1) ?? ''
        return life.includes('"agent-ready"') ? undefined : new NotYet(lastLine(life))
      }
      return waitFor(`the agent of ${guest.name} is ready`, look, { timeoutMs: READY_MS, logs })
    },
    stopAgent: (signal = 'TERM') => agent.stop(signal),
    async startTgtd() {
      await tgtd.start()
      await guest.must('for look in $(seq 100); do tgtadm --mode sys --op show > /dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1')
    },
    killTgtd: () => tgtd.stop('KILL'),
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.slice(0, 400) ?? ''
}
