/**
 * Sizes and durations as people write them, and as tables show them.
 *
 * `G` and `GiB` both mean 2^30 bytes, as everywhere in Cinder; a volume is a whole number of GiB.
 */
const SIZE = /^(\d+(?:\.\d+)?)\s*(gib|gb|g|tib|tb|t)?$/i
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** GiB in `10`, `10G`, `10GiB`, `1.5T`; null if the text is no size or no whole number of GiB above zero. */
export function parseSizeGiB(text: string): number | null {
  const [, amount, unit = 'g'] = SIZE.exec(text.trim()) ?? []
  if (amount === undefined) return null
  const sizeGiB = Number(amount) * (unit.toLowerCase().startsWith('t') ? 1024 : 1)
  return Number.isSafeInteger(sizeGiB) && sizeGiB > 0 ? sizeGiB : null
}

/** Milliseconds in `90s`, `15m`, `2h`; null if the text is no duration above zero. */
export function parseDurationMs(text: string): number | null {
  const [, amount, unit] = DURATION.exec(text.trim()) ?? []
  const factor = unit === undefined ? undefined : DURATION_MS[unit]
  if (amount === undefined || factor === undefined) return null
  const ms = Math.round(Number(amount) * factor)
  return ms > 0 ? ms : null
}

/** `10GiB`, `1.5TiB`: no space inside, so that columns stay columns for awk. */
export function showSize(sizeGiB: number): string {
  return sizeGiB >= 1024 && (sizeGiB * 10) % 1024 === 0 ? `${sizeGiB / 1024}TiB` : `${sizeGiB}GiB`
}

/** How long ago, in the largest unit that fits: `3s`, `12m`, `5h`, `9d`. */
export function showAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** Unix milliseconds of Cinder's `2026-01-02T03:04:05.000000`, which is UTC without saying so; null if it is no date. */
export function parseCinderDate(text: string): number | null {
  const ms = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(ms) ? null : ms
}
