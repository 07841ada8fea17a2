/** An invariant of the design that did not hold. Thrown where it is noticed, so that the trace ends there. */
export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I12'
  | 'convergence'
  | 'honesty'
  | 'linearizable'
  | 'states'
  | 'rules'
  | 'storm'

export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: Invariant
  readonly facts: Readonly<Record<string, unknown>>

  constructor(invariant: Invariant, what: string, facts: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(`${invariant}: ${what}`, options)
    this.invariant = invariant
    this.facts = facts
  }
}
