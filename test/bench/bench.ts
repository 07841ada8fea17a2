/** Runs the parts one after the other and prints what they measured. */
import { loadavg } from 'node:os'
import { type Figure, figuresJson, figuresTable, isMet } from './figure.ts'
import { PARTS } from './parts.ts'
import type { World } from './world.ts'

export interface BenchOptions extends World {
  readonly names: readonly string[] | null
  readonly isJson: boolean
}

/** @returns exit code: 0 whatever was missed, 2 for wrong use; what fails throws */
export async function runBench({ names, isJson, ...world }: BenchOptions): Promise<number> {
  const unknown = names?.filter((name) => !PARTS.has(name)) ?? []
  if (unknown.length > 0) {
    console.error(`no part ${unknown.join(', ')}; there are ${[...PARTS.keys()].join(', ')}`)
    return 2
  }
  const figures: Figure[] = []
  const beganMs = performance.now()
  for (const [name, measure] of PARTS) {
    if (names !== null && !names.includes(name)) continue
    const partMs = performance.now()
    if (!isJson) console.error(`${name} … (load ${loadavg()[0]?.toFixed(1)})`)
    figures.push(...(await measure(world)))
    if (!isJson) console.error(`${name}: ${((performance.now() - partMs) / 1000).toFixed(0)} s`)
  }
  if (isJson) console.log(figuresJson(figures))
  else console.log(`\n${figuresTable(figures)}\n\n${summary(figures)}, ${((performance.now() - beganMs) / 1000).toFixed(0)} s`)
  return 0
}

function summary(figures: readonly Figure[]): string {
  const count = (verdict: boolean): number => figures.filter((figure) => isMet(figure) === verdict).length
  return `${count(true)} targets met, ${count(false)} missed`
}
