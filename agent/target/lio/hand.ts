/**
 * This side of the thread that works on configfs (worker.ts): calls go over in order, and each is answered in time.
 *
 * Who waits too long is told `unknown`, while the call goes on to its next step. The thread is started when it is first
 * needed, and anew if it should end; what it was asked then is unknown too.
 */
import { Worker } from 'node:worker_threads'
import type { AbortSignalLike } from '../../../lib/ports/backend.ts'
import type { Outcome } from '../../../lib/ports/outcome.ts'
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { timeIsUp } from './execute.ts'
import type { ListedExport } from './list.ts'

export type Call =
  | { readonly kind: 'expose'; readonly spec: ExportSpec; readonly known: ExportSpec | null }
  | { readonly kind: 'fence'; readonly iqn: string }
  | { readonly kind: 'list'; readonly known: readonly ExportSpec[] }

/** Empty for all calls but `list`. */
export type Answer = readonly ListedExport[]

export interface Setting {
  readonly root: string
  readonly portal: string
}

export interface ToWorker {
  readonly id: number
  readonly call: Call
  /** One integer; not 0: the time is up. */
  readonly clock: SharedArrayBuffer
}

export interface FromWorker {
  readonly id: number
  readonly outcome: Outcome<Answer>
}

export interface Hand {
  call(call: Call, signal: AbortSignalLike): Promise<Outcome<Answer>>
  /** Ends the thread; one that the kernel keeps waiting ends with the process. */
  stop(): Promise<void>
}

export function createHand(setting: Setting): Hand {
  const waiting = new Map<number, (outcome: Outcome<Answer>) => void>()
  let worker: Worker | null = null
  let calls = 0
  let underWay = 0

  function running(): Worker {
    if (worker !== null) return worker
    const started = new Worker(new URL('./worker.js', import.meta.url), { workerData: setting })
    // The thread must not keep a process alive that has nothing else to do.
    started.unref()
    started.on('message', ({ id, outcome }: FromWorker) => {
      underWay -= 1
      waiting.get(id)?.(outcome)
    })
    const onEnd = (detail: string): void => {
      if (worker === started) worker = null
      underWay = 0
      for (const answer of [...waiting.values()]) answer({ kind: 'unknown', tool: 'lio', detail })
    }
    started.on('error', (error) => onEnd(`the thread for configfs ended: ${error.message}`))
    started.on('exit', () => onEnd('the thread for configfs ended'))
    worker = started
    return started
  }

  return {
    call(call, signal) {
      calls += 1
      const id = calls
      const clock = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
      const hands = new Int32Array(clock)
      return new Promise((resolve) => {
        const answer = (outcome: Outcome<Answer>): void => {
          waiting.delete(id)
          signal.removeEventListener('abort', onAbort)
          resolve(outcome)
        }
        const onAbort = (): void => {
          Atomics.store(hands, 0, 1)
          Atomics.notify(hands, 0)
          answer(timeIsUp(`while the kernel was at: ${call.kind}`))
        }
        if (signal.aborted) return resolve(timeIsUp('before it was begun'))
        waiting.set(id, answer)
        signal.addEventListener('abort', onAbort)
        underWay += 1
        const message: ToWorker = { id, call, clock }
        running().postMessage(message)
      })
    },
    async stop() {
      const ending = worker
      if (ending !== null && underWay === 0) await ending.terminate()
    },
  }
}
