/** Why an agent cannot start: one line that names the remedy, for the operator and not for a programmer. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem'
}
