/** Work in lots on several threads: each asks for the next lot when it is done with the one before. */
import { Worker } from 'node:worker_threads'

/** Most of what a world makes is garbage a moment later: room for it saves a tenth of the time. */
const YOUNG_MB = 64

export interface Work<Lot, Result> {
  /** Of the thread, compiled: answers each message with one. */
  readonly script: URL
  readonly jobs: number
  /** null: there is nothing left to do. */
  readonly takeLot: () => Lot | null
  readonly onResult: (result: Result) => void
}

/** Resolves when all is done; rejects if a thread dies. */
export async function runThreads<Lot, Result>(work: Work<Lot, Result>): Promise<void> {
  await Promise.all(Array.from({ length: work.jobs }, () => runThread(work)))
}

function runThread<Lot, Result>({ script, takeLot, onResult }: Work<Lot, Result>): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { execArgv: ['--enable-source-maps'], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    const next = (): void => {
      const lot = takeLot()
      if (lot === null) void worker.terminate()
      else worker.postMessage(lot)
    }
    worker.on('message', (result: Result) => {
      onResult(result)
      next()
    })
    worker.on('error', reject)
    worker.on('exit', () => resolve())
    next()
  })
}
