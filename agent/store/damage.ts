/**
 * Why a journal cannot be opened or written any more: facts first, and what the operator can do.
 *
 * Damage is never repaired here. A journal that may have lost something must not vote or promise as if it had not: the
 * agent goes through recovery from its peers and from the host's own volumes instead.
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
    /** A sealed value does not open: changed, or sealed with another key. */
    | 'seal'
  /** Sequence number of the batch where it shows, if it shows at one. */
  readonly seq: number | null
  readonly detail: string
}

export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged'
  readonly facts: DamageFacts
  readonly remedy: string

  constructor(facts: DamageFacts, options?: ErrorOptions) {
    const { directory } = facts
    const at = facts.seq === null ? '' : ` at batch ${facts.seq}`
    super(`journal in ${directory} is damaged (${facts.what}${at}): ${facts.detail}`, options)
    this.facts = facts
    this.remedy =
      facts.what === 'seal'
        ? 'check that the host key is the one that this journal was written with'
        : `keep a copy of ${directory}, move it away and start the agent: it recovers its records from the other hosts and from the volumes on this host`
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
