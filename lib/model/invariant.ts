/** A broken assumption: the program is wrong, not its input. Crashes on purpose. */
class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/**
 * States what must hold here.
 *
 * @throws InvariantError if it does not
 */
export function invariant(condition: unknown, whatMustHold: string): asserts condition {
  if (!condition) throw new InvariantError(`must hold: ${whatMustHold}`)
}

/** Ends an exhaustive `switch`: the compiler refuses it while a case is missing. */
export function assertNever(value: never): never {
  throw new InvariantError(`no case for ${JSON.stringify(value)}`)
}
