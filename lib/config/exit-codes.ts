/** Exit codes of `scoria`: a contract with scripts, the same for every verb. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  /** Ambiguous name, or a status that does not allow the action. */
  conflict: 4,
  notAllowed: 5,
  /** No pool has room, or the quota is used up. */
  noRoom: 6,
  /** The wait ran out; the outcome is still open. */
  stillOpen: 7,
  /** No peer can be reached, or too few to decide. */
  unreachable: 8,
  /** Some of several failed. */
  partial: 9,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
