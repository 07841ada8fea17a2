/** What every part of the benchmark is given. */
export interface World {
  /** Folder for processor profiles of the agents, or null. */
  readonly profile: string | null
}
