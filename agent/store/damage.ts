/**
 * Why a journal cannot be gone on with, opened or written: facts first, and what the operator can do.
 *
 * Damage is never repaired here. A journal that may have lost something must not vote or promise as if it had not: it is set
 * aside, and the host recovers what it knew from its peers and from its own volumes.
 */
export interface DamageFacts {
  readonly directory: string
  readonly what: /** It had been initialised, and there is no database any more. */
    | 'missing'
    /** The database itself says that its files are broken. */
    | 'unreadable'
    /** A batch is missing between two others. */
    | 'gap'
    /** A batch does not follow from the one before, or was changed. */
    | 'chain'
    /** The state is not the one that the last batch left behind. */
    | 'state'
    /** The last acknowledged batches are not there. */
    | 'cut-off'
    /** A value is there as it was written, and is no JSON. */
    | 'value'
  /** Sequence number of the batch where it shows, if it shows at one. */
  readonly seq: number | null
  readonly detail: string
}

/** The journal was lost, and it cannot be set aside either. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged'
  readonly facts: DamageFacts

  constructor(facts: DamageFacts, options?: ErrorOptions) {
    const { directory } = facts
    const at = facts.seq === null ? '' : ` at batch ${facts.seq}`
    const remedy = `move ${directory} away, keep it, and start the agent: it recovers from the other hosts and from the volumes on this one`
    super(`journal in ${directory} is damaged (${facts.what}${at}): ${facts.detail}; ${remedy}`, options)
    this.facts = facts
  }
}

/** Another process (or another part of this one) has the journal open. */
export class JournalLocked extends Error {
  override readonly name = 'JournalLocked'
  readonly directory: string

  constructor(directory: string, options?: ErrorOptions) {
    super(
      `journal in ${directory} is open in another process: stop the agent that runs there, or give this one a directory of its own`,
      options,
    )
    this.directory = directory
  }
}

/** A write failed; this and every later one is refused until the process has started anew. */
export class JournalFailed extends Error {
  override readonly name = 'JournalFailed'

  constructor(options: ErrorOptions) {
    super('journal refuses all writes after its first error', options)
  }
}
