/** The parts of the benchmark, in the order in which they run. */
import { callers } from './callers.ts'
import { createLatency } from './create-latency.ts'
import { createLoad } from './create-load.ts'
import type { Figure } from './figure.ts'
import { floods } from './floods.ts'
import { footprint } from './footprint.ts'
import { ranking } from './ranking.ts'
import { reads } from './reads.ts'
import type { World } from './world.ts'

export const PARTS: ReadonlyMap<string, (world: World) => Promise<readonly Figure[]>> = new Map([
  ['ranking', ranking],
  ['callers', callers],
  ['create', createLatency],
  ['load', createLoad],
  ['reads', reads],
  ['floods', floods],
  ['footprint', footprint],
])
