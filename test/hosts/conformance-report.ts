/** Reads what libiscsi's `iscsi-test-cu --normal` prints (1.19): how many tests ran, and the names of those that failed. */
export interface Conformance {
  readonly ran: number
  /** `Suite.Test`, sorted. */
  readonly failed: readonly string[]
}

export function conformanceIn(text: string): Conformance {
  const [, ran, failures] = /^ +tests +\d+ +(\d+) +\d+ +(\d+) /m.exec(text) ?? []
  const named = [...text.matchAll(/^Suite (\S+), Test (\S+) had failures:$/gm)].map(([, suite, test]) => `${suite}.${test}`)
  if (ran === undefined || named.length !== Number(failures)) {
    throw new Error(`iscsi-test-cu did not come to its end: ${text.trim().split('\n').slice(-5).join(' / ')}`)
  }
  return { ran: Number(ran), failed: named.sort() }
}
