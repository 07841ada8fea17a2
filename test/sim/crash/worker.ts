/** A thread that lets lives be cut off: one after the other, as it is told. */
import { parentPort } from 'node:worker_threads'
import { type LifeRun, runLife } from './run-life.ts'

export interface LifeOrder {
  readonly life: string
  readonly at: readonly number[]
  readonly bug: number | null
}

parentPort?.on('message', (orders: readonly LifeOrder[]) => {
  const runs: readonly LifeRun[] = orders.map(({ life, at, bug }) => runLife(life, at, bug))
  parentPort?.postMessage(runs)
})
