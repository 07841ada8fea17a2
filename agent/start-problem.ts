/** Why an agent cannot start, and what to do about it: one line, for the operator and not for a programmer. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem'
  readonly found: string
  /** Null where `found` says it already. */
  readonly remedy: string | null

  constructor(found: string, { remedy = null, cause }: { readonly remedy?: string | null; readonly cause?: unknown } = {}) {
    super(remedy === null ? found : `${found}: ${remedy}`, { cause })
    this.found = found
    this.remedy = remedy
  }
}
