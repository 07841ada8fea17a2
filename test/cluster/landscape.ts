/**
 * The ground that the hosts of a run stand on: all on loopback, or each in a network of its own with a relay to its API.
 *
 * On loopback nothing can be cut, and whoever tries is told so.
 */
import { makeNamespaces, type Namespaces } from './namespaces.ts'
import { type Place, placeOnLoopback } from './place.ts'
import { type Relay, startRelay } from './relay.ts'

export interface Plot {
  readonly name: string
  readonly apiPort: number
}

export interface Landscape {
  /** @throws if there is no such host */
  place(name: string): Place
  cut(from: string, to: string): Promise<void>
  mend(from: string, to: string): Promise<void>
  /** Cuts every link between hosts of different sides, both ways. */
  split(sides: readonly (readonly string[])[]): Promise<void>
  heal(): Promise<void>
  /** @returns one line for each thing that is still there */
  remove(): Promise<readonly string[]>
}

/** @param run name of the run for namespaces of its own, or null for loopback */
export function layLandscape(plots: readonly Plot[], run: string | null): Promise<Landscape> {
  return run === null ? onLoopback(plots) : inNamespaces(plots, run)
}

async function onLoopback(plots: readonly Plot[]): Promise<Landscape> {
  const refuse = async (): Promise<never> => {
    throw new Error('these hosts share one network, which cannot be cut: make the cluster with namespaces')
  }
  return {
    place(name) {
      const plot = plots.find((one) => one.name === name)
      if (plot === undefined) throw new Error(`there is no place for host ${name}`)
      return placeOnLoopback(plot.apiPort)
    },
    cut: refuse,
    mend: refuse,
    split: refuse,
    heal: async () => undefined,
    remove: async () => [],
  }
}

async function inNamespaces(plots: readonly Plot[], run: string): Promise<Landscape> {
  const spaces = await makeNamespaces(
    run,
    plots.map(({ name }) => name),
  )
  const relays = new Map<string, Relay>()
  const remove = async (): Promise<readonly string[]> => {
    for (const relay of relays.values()) await relay.stop()
    return await spaces.remove()
  }
  try {
    for (const { name, apiPort } of plots) relays.set(name, await startRelay(spaces.enter(name), { host: '127.0.0.1', port: apiPort }))
  } catch (error) {
    await remove()
    throw error
  }
  return {
    place: (name) => ({ address: spaces.addressOf(name), enter: spaces.enter(name), endpoint: relays.get(name)?.endpoint ?? '' }),
    cut: spaces.cut,
    mend: spaces.mend,
    split: (sides) => split(spaces, sides),
    heal: spaces.heal,
    remove,
  }
}

async function split(spaces: Namespaces, sides: readonly (readonly string[])[]): Promise<void> {
  for (const [k, side] of sides.entries()) {
    const others = sides.toSpliced(k, 1).flat()
    for (const from of side) for (const to of others) await spaces.cut(from, to)
  }
}
