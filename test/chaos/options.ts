/** What `npm run chaos` may be told. */
import { parseArgs } from 'node:util'
import type { Storage } from '../load/audit.ts'

export interface ChaosOptions {
  readonly seed: string
  /** Agents that are killed in all. */
  readonly kills: number
  /** How long faults are made at least. */
  readonly minutes: number
  /** Agents on loopback, or null: five in networks of their own. */
  readonly agents: number | null
  /** `drill`: a backend that keeps no bytes and makes faults; `none`: one that makes none. */
  readonly storage: Storage
  /** Keeps the folder with the logs in any case. */
  readonly isKept: boolean
}

export const USAGE = `npm run chaos -- [options]

Real agents under load, with faults drawn from a seed; then everything is healed and every promise is looked after.

  --kills N     agents to kill -9 in all (default 60; with --agents 0)
  --seed TEXT   the faults of an earlier run; how they meet the requests is up to the machine
  --minutes N   go on at least for so long
  --agents N    N agents on loopback that store nothing; no cut, no full disk
  --backend none    store nothing, and let each backend refuse, hang, be late and lie
  --keep        keep the folder of the run`

const KILLS = 60

/** @returns what is wrong, in one line, if something is */
export function parseChaosOptions(args: readonly string[], freshSeed: () => string): ChaosOptions | string {
  const read = readArgs(args)
  if (typeof read === 'string') return read
  const { values } = read
  const agents = values.agents === undefined ? null : count(values.agents)
  const kills = values.kills === undefined ? (agents === null ? KILLS : 0) : count(values.kills)
  if (values.backend !== undefined && values.backend !== 'none') return '--backend is none, or not given'
  const storage = values.backend === 'none' ? 'drill' : agents === null ? 'file' : 'none'
  const minutes = values.minutes === undefined ? 0 : Number(values.minutes)
  if (agents !== null && (Number.isNaN(agents) || agents < 1)) return '--agents is a whole number from 1'
  if (Number.isNaN(kills)) return '--kills is a whole number'
  if (!(minutes >= 0)) return '--minutes is a number'
  if (kills === 0 && minutes === 0) return 'nothing to do: say --kills or --minutes'
  return { seed: values.seed ?? freshSeed(), kills, minutes, agents, storage, isKept: values.keep }
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kills: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        agents: { type: 'string' },
        backend: { type: 'string' },
        keep: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
}

function count(text: string): number {
  return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
}
