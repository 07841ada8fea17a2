/**
 * Ctrl-C and SIGTERM as promises: the first asks, a later one insists.
 *
 * Two within half a second count as one: a Ctrl-C at a terminal comes from the terminal and again from the `scoria`
 * command that passes it on.
 */
export interface Signals {
  /** Name of the first signal. */
  readonly asked: Promise<string>
  readonly insisted: Promise<string>
}

const SAME_PRESS_MS = 500

export function listenForSignals(): Signals {
  const asked = latch()
  const insisted = latch()
  let firstAtMs: number | null = null
  const onSignal = (signal: string): void => {
    asked.set(signal)
    const nowMs = performance.now()
    if (firstAtMs === null) firstAtMs = nowMs
    else if (nowMs - firstAtMs > SAME_PRESS_MS) insisted.set(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => onSignal(signal))
  return { asked: asked.done, insisted: insisted.done }
}

function latch(): { readonly done: Promise<string>; set(value: string): void } {
  let set: (value: string) => void = () => undefined
  const done = new Promise<string>((resolve) => {
    set = resolve
  })
  return { done, set: (value) => set(value) }
}
