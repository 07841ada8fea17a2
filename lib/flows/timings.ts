/** How long the flows wait, in milliseconds. None of them decides anything but when to try again or to look. */
export interface Timings {
  /** For a host's answer to RESERVE, before the next pool is asked. */
  readonly reserveMs: number
  /** For a register member's answer, before the next member is asked. */
  readonly askMs: number
  /** For an owner's answer to an operation. */
  readonly operateMs: number
  /** Age at which an open reservation asks the register what became of it. */
  readonly resolveMs: number
  /** Before something that came to nothing is tried again. */
  readonly retryMs: number
  /** From a change of a project's use to the fold that reports it. */
  readonly foldMs: number
  /** Between looks for grants that stay open, and the age at which their host is told again. */
  readonly watchMs: number
  /** Between beats, and the least time between two. */
  readonly beatMs: number
  readonly beatSoonMs: number
  /** A host that was not heard for so long takes no new volumes. */
  readonly staleMs: number
  /** Between exchanges of heads with one peer. */
  readonly headsMs: number
  /** After the last part of what was asked for, before somebody else is asked. */
  readonly pullMs: number
  /** Between questions to those who have not said what they know of a host that starts. */
  readonly recallMs: number
  /** After which a cluster of two does without an answer. */
  readonly aloneMs: number
  /** Before an owner is asked again whose copy of the volume types was behind, or whose reservation was closed. */
  readonly typesMs: number
  /** How long a create looks for a pool while hosts start or do not answer, and the pause between two rankings. */
  readonly placeMs: number
  readonly lookAgainMs: number
  /** Longest time that an answer waits for the other peers to have seen what it tells of. */
  readonly seenMs: number
}

export const TIMINGS: Timings = {
  reserveMs: 2000,
  askMs: 2000,
  operateMs: 30_000,
  resolveMs: 60_000,
  retryMs: 5000,
  foldMs: 100,
  watchMs: 10_000,
  beatMs: 5000,
  beatSoonMs: 500,
  staleMs: 30_000,
  headsMs: 1000,
  pullMs: 500,
  recallMs: 1000,
  aloneMs: 10_000,
  typesMs: 200,
  placeMs: 5000,
  lookAgainMs: 500,
  seenMs: 150,
}

/** Pools that one create asks before it gives up. */
export const RESERVE_TRIES_MAX = 8
/** How often one create asks a pool anew whose reservation the register had closed. */
export const CLOSED_TRIES_MAX = 2
/** How often one create waits for a copy of the volume types that is behind. */
export const TYPE_TRIES_MAX = 3
/** Tries of a command whose outcome stays unknown or failed, before it is reported. */
export const COMMAND_TRIES_MAX = 3
