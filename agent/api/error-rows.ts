/** What one row of the table of errors says. */
export interface Row<Facts> {
  readonly status: number
  /** Cinder's exception where it has one, else Scoria's own name. */
  readonly name: string
  /** Seconds, for the header Retry-After. */
  readonly retryAfterS?: number
  /** One line for the operator's page of errors: what it means and what helps. */
  readonly help: string
  text(facts: Facts): string
}

/** A row for each code of a union of failures: the compiler refuses a table that lacks one. */
export type Rows<Failures extends { readonly code: string }> = {
  readonly [Code in Failures['code']]: Row<Extract<Failures, { readonly code: Code }>>
}
