/**
 * How an action on the world ended. A time-out is `unknown`, never `failed`: look, then decide.
 */
export type Outcome<Value> =
  | { readonly kind: 'ok'; readonly value: Value }
  /** It did not happen, and the tool said so. `detail` keeps the tool's stderr. */
  | { readonly kind: 'failed'; readonly tool: string; readonly detail: string }
  /** It may or may not have happened (time-out, killed, connection lost). */
  | { readonly kind: 'unknown'; readonly tool: string; readonly detail: string }

export const done = <Value>(value: Value): Outcome<Value> => ({ kind: 'ok', value })
