/**
 * Runs backend and target jobs: those of one volume one after the other, in order; those of different volumes side by
 * side, at most so many at once.
 */
import type { VolumeId } from '../../lib/model/ids.ts'

export interface Jobs {
  /** Runs `job` after every earlier job of this volume. A job never rejects; it reports its own outcome. */
  run(volume: VolumeId, job: () => Promise<void>): void
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>
}

export function createJobs(options: { readonly atOnce: number }): Jobs {
  const waiting = new Map<VolumeId, (() => Promise<void>)[]>()
  const ready: VolumeId[] = []
  let running = 0
  let onIdle: (() => void)[] = []

  const startNext = (): void => {
    while (running < options.atOnce) {
      const volume = ready.shift()
      const job = volume === undefined ? undefined : waiting.get(volume)?.[0]
      if (volume === undefined || job === undefined) break
      running += 1
      void job().finally(() => finished(volume))
    }
    if (running === 0 && ready.length === 0) {
      const tell = onIdle
      onIdle = []
      for (const done of tell) done()
    }
  }
  const finished = (volume: VolumeId): void => {
    running -= 1
    const left = waiting.get(volume)
    left?.shift()
    if (left === undefined || left.length === 0) waiting.delete(volume)
    else ready.push(volume)
    startNext()
  }

  return {
    run(volume, job) {
      const queue = waiting.get(volume)
      if (queue !== undefined) {
        queue.push(job)
        return
      }
      waiting.set(volume, [job])
      ready.push(volume)
      startNext()
    },
    idle() {
      return new Promise((resolve) => {
        onIdle.push(resolve)
        startNext()
      })
    },
  }
}
