/**
 * Where a host of a run lives: in this machine's own network, or in a network of its own.
 *
 * Its API listens on loopback there, as the product demands; from outside it is asked at `endpoint`.
 */
export interface Place {
  /** What the other hosts reach it by. */
  readonly address: string
  /** Goes before a command that is to run there; empty for this machine's own network. */
  readonly enter: readonly string[]
  /** URL that leads from this machine's network to its API. */
  readonly endpoint: string
}

const LOOPBACK = '127.0.0.1'

export function placeOnLoopback(apiPort: number): Place {
  return { address: LOOPBACK, enter: [], endpoint: `http://${LOOPBACK}:${apiPort}` }
}
