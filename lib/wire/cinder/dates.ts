/**
 * Cinder's dates: UTC with six decimals and no zone. Clients in Go parse exactly this; an ISO date with `Z` breaks them.
 */

/** `YYYY-MM-DDTHH:MM:SS.ffffff` */
export function cinderDate(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, -1)}000`
}

export function cinderDateOrNull(unixMs: number | null): string | null {
  return unixMs === null ? null : cinderDate(unixMs)
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?(Z|[+-]\d\d:\d\d)?$/

/** Unix milliseconds of a date in a filter, read as UTC unless it says its offset; null if it is none. */
export function parseCinderDate(text: string): number | null {
  const match = DATE.exec(text.trim())
  if (match === null) return null
  const ms = new Date(`${match[1]}T${match[2] ?? '00:00:00'}${match[3] ?? 'Z'}`).getTime()
  return Number.isNaN(ms) ? null : ms
}
