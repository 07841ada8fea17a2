/**
 * The network of a lab: a namespace without a way out, a bridge in it, and a tap for each host.
 *
 * The namespace has the run's name, so that what a killed run left is removed by the next.
 */
import { ip, removeSpaces, sweepSpaces } from '../cluster/namespaces.ts'
import { runCommand } from '../cluster/process.ts'

export interface LabNetwork {
  /** Goes before a command that is to run in it, as a machine beside the hosts. */
  readonly enter: readonly string[]
  plug(name: string): Promise<Plug>
  /** Nothing passes between these two any more, or it does again; each still hears everybody else. One pair at a time. */
  part(one: Plug, other: Plug, parted: boolean): Promise<void>
  /** @returns one line for each thing that is still there */
  remove(): Promise<readonly string[]>
}

export interface Plug {
  readonly tap: string
  readonly address: string
  readonly prefix: number
  /** Fixed: after a power cut the others would look for the old one for half a minute. */
  readonly mac: string
}

const BRIDGE = 'bridge'
const NETWORK = '10.214.0'
const PREFIX = 24
const BESIDE = `${NETWORK}.254`
const HOSTS_MAX = 200

/** @param run of letters and digits, unique on this machine. @throws if the kernel or the user may not; then nothing is left */
export async function layNetwork(run: string): Promise<LabNetwork> {
  await sweepSpaces()
  const space = `scoria-${run}-lab`
  const remove = (): Promise<readonly string[]> => removeSpaces([space])
  const here = (...args: readonly string[]): Promise<void> => ip('-n', space, ...args)
  try {
    await ip('netns', 'add', space)
    await here('link', 'add', BRIDGE, 'type', 'bridge')
    await here('link', 'set', BRIDGE, 'up')
    await here('address', 'add', `${BESIDE}/${PREFIX}`, 'dev', BRIDGE)
  } catch (error) {
    await remove()
    throw error
  }
  let plugged = 0
  return {
    enter: ['nsenter', `--net=/run/netns/${space}`, '--'],
    async plug(name) {
      if (plugged === HOSTS_MAX) throw new Error(`a lab has at most ${HOSTS_MAX} hosts`)
      plugged += 1
      const tap = `to-${name}`
      await here('tuntap', 'add', tap, 'mode', 'tap')
      await here('link', 'set', tap, 'master', BRIDGE, 'up')
      return { tap, address: `${NETWORK}.${plugged}`, prefix: PREFIX, mac: `02:00:00:d6:00:${plugged.toString(16).padStart(2, '0')}` }
    },
    async part(one, other, parted) {
      for (const { tap } of [one, other]) await isolate(space, tap, parted)
    },
    remove,
  }
}

/** Isolated ports of a bridge hear everybody but each other. */
async function isolate(space: string, tap: string, isolated: boolean): Promise<void> {
  const args = ['-netns', space, 'link', 'set', 'dev', tap, 'isolated', isolated ? 'on' : 'off']
  const end = await runCommand('bridge', args)
  if (end.exitCode !== 0) throw new Error(`bridge ${args.join(' ')}: ${end.stderr.trim()}`)
}
