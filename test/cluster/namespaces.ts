/**
 * A network of its own for each host: one namespace a host, one bridge between them, and links that can be cut.
 *
 * A link is cut in one direction, at its sender: a neighbour entry that leads to nobody drops what is sent without a word,
 * as a broken switch does. All entries are fixed, so no ARP mends a link. Cuts are counted: what two faults cut is whole
 * again when both have ended. The names hold the run's; what a killed run left is removed by the next.
 */
import { isRunAlive } from './folder.ts'
import { runCommand } from './process.ts'

export interface Namespaces {
  /** @throws if there is no such host */
  addressOf(host: string): string
  enter(host: string): readonly string[]
  /** Nothing that `from` sends reaches `to` any more; what `to` sends still arrives. */
  cut(from: string, to: string): Promise<void>
  /** Undoes one cut. */
  mend(from: string, to: string): Promise<void>
  /** Undoes all. */
  heal(): Promise<void>
  /** @returns one line for each that is still there */
  remove(): Promise<readonly string[]>
}

const PREFIX = 'scoria-'
const BRIDGE = 'bridge'
const DEVICE = 'eth0'
const NOBODY = '02:00:00:00:ff:ff'

interface Member {
  readonly space: string
  readonly address: string
  readonly mac: string
}

/**
 * @param run of letters and digits, unique on this machine
 * @throws if the kernel or the user may not make namespaces; then none is left
 */
export async function makeNamespaces(run: string, hosts: readonly string[]): Promise<Namespaces> {
  await sweepSpaces()
  const members = new Map(
    hosts.map((host, k): [string, Member] => [
      host,
      { space: `${PREFIX}${run}-${host}`, address: `10.213.0.${k + 1}`, mac: `02:00:00:00:00:${(k + 1).toString(16).padStart(2, '0')}` },
    ]),
  )
  const bridge = `${PREFIX}${run}-net`
  const spaces = [bridge, ...[...members.values()].map(({ space }) => space)]
  try {
    await lay(bridge, members)
  } catch (error) {
    await removeSpaces(spaces)
    throw error
  }
  const cuts = new Map<string, number>()
  const member = (host: string): Member => found(members.get(host), host)
  const point = (from: string, to: string, mac: string): Promise<void> => pointAt(member(from).space, member(to).address, mac)
  return {
    addressOf: (host) => member(host).address,
    enter: (host) => ['nsenter', `--net=/run/netns/${member(host).space}`, '--'],
    async cut(from, to) {
      const count = cuts.get(`${from} ${to}`) ?? 0
      cuts.set(`${from} ${to}`, count + 1)
      if (count === 0) await point(from, to, NOBODY)
    },
    async mend(from, to) {
      const count = cuts.get(`${from} ${to}`) ?? 0
      if (count === 0) return
      cuts.set(`${from} ${to}`, count - 1)
      if (count === 1) await point(from, to, member(to).mac)
    },
    async heal() {
      cuts.clear()
      for (const from of hosts) for (const to of hosts) if (from !== to) await point(from, to, member(to).mac)
    },
    remove: () => removeSpaces(spaces),
  }
}

async function lay(bridge: string, members: ReadonlyMap<string, Member>): Promise<void> {
  await ip('netns', 'add', bridge)
  await ip('-n', bridge, 'link', 'add', BRIDGE, 'type', 'bridge')
  await ip('-n', bridge, 'link', 'set', BRIDGE, 'up')
  for (const [host, { space, address, mac }] of members) {
    const port = `to-${host}`
    await ip('netns', 'add', space)
    await ip('link', 'add', DEVICE, 'netns', space, 'address', mac, 'type', 'veth', 'peer', 'name', port, 'netns', bridge)
    await ip('-n', bridge, 'link', 'set', port, 'master', BRIDGE, 'up')
    await ip('-n', space, 'address', 'add', `${address}/24`, 'dev', DEVICE)
    await ip('-n', space, 'link', 'set', 'lo', 'up')
    await ip('-n', space, 'link', 'set', DEVICE, 'up')
  }
  for (const [from, { space }] of members) {
    for (const [to, { address, mac }] of members) if (from !== to) await pointAt(space, address, mac)
  }
}

function pointAt(space: string, address: string, mac: string): Promise<void> {
  return ip('-n', space, 'neighbour', 'replace', address, 'lladdr', mac, 'dev', DEVICE, 'nud', 'permanent')
}

/** Removes what runs left that are no more. */
export async function sweepSpaces(): Promise<void> {
  const left = (await allSpaces()).filter((name) => {
    const run = /^scoria-([A-Za-z0-9]+)-/.exec(name)?.[1]
    return run !== undefined && !isRunAlive(run)
  })
  await removeSpaces(left)
}

/** @returns one line for each that is still there */
export async function removeSpaces(spaces: readonly string[]): Promise<readonly string[]> {
  const there = new Set(await allSpaces())
  for (const space of spaces.filter((name) => there.has(name))) await ip('netns', 'delete', space)
  const after = new Set(await allSpaces())
  return spaces.filter((name) => after.has(name)).map((name) => `namespace ${name}`)
}

async function allSpaces(): Promise<readonly string[]> {
  const { stdout } = await runCommand('ip', ['netns', 'list'])
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || [])
}

/** @throws Error with what it said */
export async function ip(...args: readonly string[]): Promise<void> {
  const end = await runCommand('ip', args)
  if (end.exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${end.stderr.trim()}`)
}

function found(member: Member | undefined, host: string): Member {
  if (member === undefined) throw new Error(`there is no namespace for host ${host}`)
  return member
}
