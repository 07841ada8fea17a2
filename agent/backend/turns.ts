/**
 * Time limits for calls that cannot be called off, and an order that outlives them.
 *
 * Whoever waits too long is told `unknown`, while the call goes on. The next call for the same volume waits until it has
 * really ended, so that what is seen then stays so. Nothing is begun after its time limit.
 */
import type { VolumeId } from '../../lib/model/ids.ts'
import type { AbortSignalLike } from '../../lib/ports/backend.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'

export interface Turns {
  /** Runs `work`, which never rejects, after every call for this volume that was begun. */
  take<Value>(volume: VolumeId, work: () => Promise<Outcome<Value>>, signal: AbortSignalLike): Promise<Outcome<Value>>
}

/** @param tool named in what is told when the time is up */
export function createTurns(tool: string): Turns {
  const running = new Map<VolumeId, Promise<unknown>>()

  async function inTurn<Value>(volume: VolumeId, work: () => Promise<Outcome<Value>>, signal: AbortSignalLike): Promise<Outcome<Value>> {
    for (let before = running.get(volume); before !== undefined; before = running.get(volume)) await before
    if (signal.aborted) return timeIsUp(tool)
    const turn = work()
    running.set(volume, turn)
    const outcome = await turn
    running.delete(volume)
    return outcome
  }

  return { take: (volume, work, signal) => inTime(tool, () => inTurn(volume, work, signal), signal) }
}

/** What `work` came to, or `unknown` when the time is up before. */
export async function inTime<Value>(tool: string, work: () => Promise<Outcome<Value>>, signal: AbortSignalLike): Promise<Outcome<Value>> {
  if (signal.aborted) return timeIsUp(tool)
  let onAbort = (): void => {}
  const aborted = new Promise<Outcome<Value>>((resolve) => {
    onAbort = () => resolve(timeIsUp(tool))
    signal.addEventListener('abort', onAbort)
  })
  const ended = await Promise.race([work(), aborted])
  signal.removeEventListener('abort', onAbort)
  return ended
}

function timeIsUp<Value>(tool: string): Outcome<Value> {
  return { kind: 'unknown', tool, detail: 'the time limit passed' }
}
