/**
 * The scheduler hints of a create, and of a question where it would go.
 *
 * What is no UUID and what is no query is refused here: Cinder's filters would refuse every pool for it. Hints of names
 * that no filter reads are left alone, as in Cinder; but who asks to be near an instance must not be put anywhere.
 */
import Type from 'typebox'
import { type Hints, NO_HINTS, QUERY_COMMANDS, type QueryTerm } from '../../model/hints.ts'
import { parseUuid, volumeId, type VolumeId } from '../../model/ids.ts'
import type { Json } from '../../model/json.ts'
import { Anything, demands, notUuid } from './body-parts.ts'
import { accepted, type Parsed, refused } from './input.ts'

const VOLUMES_MAX = 100
const QUERY_CHARS_MAX = 4096
const QUERY_DEPTH_MAX = 16
/** Every pool is asked all of them. */
const QUERY_TERMS_MAX = 100

const Volumes = Type.Optional(
  Type.Union([Type.String({ maxLength: 255 }), Type.Array(Type.String({ maxLength: 255 }), { maxItems: VOLUMES_MAX })]),
)
export const HintsBody = Type.Optional(
  Type.Union([
    Type.Object({
      same_host: Volumes,
      different_host: Volumes,
      query: Type.Optional(Type.String({ maxLength: QUERY_CHARS_MAX })),
      local_to_instance: Anything,
    }),
    Type.Null(),
  ]),
)

interface WrittenHints {
  readonly same_host?: string | readonly string[]
  readonly different_host?: string | readonly string[]
  readonly query?: string
  readonly local_to_instance?: unknown
}

/** @param path where in the body they stand */
export function parseHints(path: string, written: WrittenHints | null | undefined): Parsed<Hints> {
  if (written === null || written === undefined) return accepted(NO_HINTS)
  if (demands(written.local_to_instance)) return refused({ code: 'not-supported', feature: 'local_to_instance' })
  const sameHost = volumesIn(`${path}.same_host`, written.same_host)
  if (!sameHost.ok) return sameHost
  const differentHost = volumesIn(`${path}.different_host`, written.different_host)
  if (!differentHost.ok) return differentHost
  const query = queryIn(`${path}.query`, written.query ?? '')
  return query.ok ? accepted({ sameHost: sameHost.value, differentHost: differentHost.value, query: query.value }) : query
}

function volumesIn(path: string, written: string | readonly string[] = []): Parsed<readonly VolumeId[]> {
  const ids: VolumeId[] = []
  for (const text of typeof written === 'string' ? [written] : written) {
    const uuid = parseUuid(text)
    if (uuid === null) return notUuid(path, text)
    ids.push(volumeId(uuid))
  }
  return accepted(ids)
}

function queryIn(path: string, text: string): Parsed<QueryTerm | null> {
  if (text === '') return accepted(null)
  const json = jsonIn(text)
  if (Array.isArray(json) && json.length === 0) return accepted(null)
  const term = Array.isArray(json) ? termOf(json, 1) : null
  if (term !== null && termsIn(term) <= QUERY_TERMS_MAX) return accepted(term)
  const bounds = `at most ${QUERY_DEPTH_MAX} lists in one another and ${QUERY_TERMS_MAX} values and lists in all`
  const wanted = `a JSON list that begins with one of ${QUERY_COMMANDS.join(' ')}, ${bounds}`
  return refused({ code: 'bad-value', path, value: text.slice(0, 80), rule: { kind: 'form', wanted } })
}

/** undefined for what is no JSON. */
function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** null for what is no query. */
function termOf(json: Json, depth: number): QueryTerm | null {
  if (typeof json === 'string' && json.startsWith('$')) return { kind: 'read', path: json.slice(1).split('.') }
  if (!isList(json)) return { kind: 'value', value: json }
  // Nothing is asked.
  if (json.length === 0) return { kind: 'value', value: true }
  const [name, ...rest] = json
  const command = QUERY_COMMANDS.find((known) => known === name)
  if (command === undefined || depth > QUERY_DEPTH_MAX) return null
  const terms: QueryTerm[] = []
  for (const one of rest) {
    // Cinder drops arguments without a value.
    if (one === '') continue
    const term = termOf(one, depth + 1)
    if (term === null) return null
    terms.push(term)
  }
  return { kind: 'call', command, terms }
}

function termsIn(term: QueryTerm): number {
  return term.kind === 'call' ? term.terms.reduce((sum, one) => sum + termsIn(one), 1) : 1
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json)
}
