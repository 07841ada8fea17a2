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
  /** Runs `work`, which never rejects, after every call for these volumes that was begun. */
  take<Value>(volumes: readonly VolumeId[], work: () => Promise<Outcome<Value>>, signal: AbortSignalLike): Promise<Outcome<Value>>
}

/** @param tool named in what is told when the time is up */
export function createTurns(tool: string): Turns {
  const running = new Map<VolumeId, Promise<unknown>>()

  async function inTurn<Value>(
    volumes: readonly VolumeId[],
    work: () => Promise<Outcome<Value>>,
    signal: AbortSignalLike,
  ): Promise<Outcome<Value>> {
    const before = (): Promise<unknown> | undefined => volumes.map((volume) => running.get(volume)).find((turn) => turn !== undefined)
    for (let other = before(); other !== undefined; other = before()) await other
    if (signal.aborted) return timeIsUp(tool)
    const turn = work()
    for (const volume of volumes) running.set(volume, turn)
    const outcome = await turn
    for (const volume of volumes) running.delete(volume)
    return outcome
  }

  return { take: (volumes, work, signal) => inTime(tool, () => inTurn(volumes, work, signal), signal) }
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
