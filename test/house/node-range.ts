/**
 * Reads the ranges that packages write into `engines.node`: enough of npm's language for that, and nothing for pre-releases.
 *
 * A range is alternatives (`||`) of bounds that must all hold. What cannot be read admits nothing, so that it is noticed.
 */
type Version = readonly [number, number, number]

interface Bound {
  /** First version that is in. */
  readonly from: Version
  /** First version that is out again. */
  readonly to: Version
}

const ZERO: Version = [0, 0, 0]
const INFINITE: Version = [Number.POSITIVE_INFINITY, 0, 0]
const NOTHING: Bound = { from: INFINITE, to: ZERO }
const COMPARATOR = /^(>=|<=|>|<|=|\^|~)?v?(\d+|[x*])(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?$/i

/** True if `version` (`major.minor.patch`) lies in `range`. */
export function admits(range: string, version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return range.split('||').some((alternative) => bounds(alternative).every((bound) => isWithin([major, minor, patch], bound)))
}

function isWithin(version: Version, { from, to }: Bound): boolean {
  return compare(version, from) >= 0 && compare(version, to) < 0
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

function bounds(alternative: string): Bound[] {
  const hyphen = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(alternative)
  if (hyphen !== null) return [bound(`>=${hyphen[1]}`), bound(`<=${hyphen[2]}`)]
  const glued = alternative.trim().replace(/(>=|<=|>|<|=|\^|~)\s+/g, '$1')
  return glued === '' ? [] : glued.split(/\s+/).map(bound)
}

function bound(text: string): Bound {
  const match = COMPARATOR.exec(text)
  if (match === null) return NOTHING
  const [, operator = '=', ...parts] = match
  const numbers = parts.filter((part) => part !== undefined && /^\d+$/.test(part)).map(Number)
  const [major, minor = 0, patch = 0] = numbers
  if (major === undefined) return { from: ZERO, to: INFINITE }
  const exact: Version = [major, minor, patch]
  const after = next(exact, numbers.length)
  switch (operator) {
    case '>=':
      return { from: exact, to: INFINITE }
    case '>':
      return { from: after, to: INFINITE }
    case '<':
      return { from: ZERO, to: exact }
    case '<=':
      return { from: ZERO, to: after }
    case '^':
      return { from: exact, to: major > 0 ? [major + 1, 0, 0] : after }
    case '~':
      return { from: exact, to: next(exact, Math.min(numbers.length, 2)) }
    default:
      return { from: exact, to: after }
  }
}

/** First version after all that share the first `parts` numbers: after 20.19 comes 20.20.0. */
function next([major, minor, patch]: Version, parts: number): Version {
  if (parts === 1) return [major + 1, 0, 0]
  return parts === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1]
}
