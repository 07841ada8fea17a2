/** Cinder's error body: the name follows from the code; every code without a name of its own is a `computeFault`. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [400, 'badRequest'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'itemNotFound'],
  [405, 'badMethod'],
  [409, 'conflictingRequest'],
  [413, 'overLimit'],
  [415, 'badMediaType'],
  [501, 'notImplemented'],
  [503, 'serviceUnavailable'],
])

function faultName(status: number): string {
  return NAMES.get(status) ?? 'computeFault'
}

export function faultBody(status: number, message: string): object {
  // Cinder repeats the header Retry-After, a text, in the body of a 413.
  const details = status === 413 ? { code: status, message, retryAfter: '0' } : { code: status, message }
  return { [faultName(status)]: details }
}
