/** Bodies of Scoria's own calls, with the same limits and refusals as Cinder's. */
import Type from 'typebox'
import type { Hints } from '../../model/hints.ts'
import { parseSize, Size } from './body-parts.ts'
import { HintsBody, parseHints } from './hint-request.ts'
import { accepted, type Parsed, shape } from './input.ts'

export interface Explain {
  readonly sizeGiB: number
  readonly type: string | null
  readonly zone: string | null
  /** Null: one that follows from the other arguments. */
  readonly rid: string | null
  readonly hints: Hints
}

const Text = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const explainShape = shape(
  Type.Object(
    {
      size: Size,
      volume_type: Text,
      availability_zone: Text,
      rid: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
      scheduler_hints: HintsBody,
    },
    { additionalProperties: false },
  ),
)

export function parseExplain(body: unknown): Parsed<Explain> {
  const parsed = explainShape.parse(body)
  if (!parsed.ok) return parsed
  const size = parseSize('size', parsed.value.size)
  if (!size.ok) return size
  const hints = parseHints('scheduler_hints', parsed.value.scheduler_hints)
  if (!hints.ok) return hints
  return accepted({
    sizeGiB: size.value,
    type: parsed.value.volume_type || null,
    zone: parsed.value.availability_zone || null,
    rid: parsed.value.rid ?? null,
    hints: hints.value,
  })
}

const TTL_SECONDS_DEFAULT = 15 * 60
const TTL_SECONDS_MAX = 24 * 3600
const inviteShape = shape(
  Type.Object({ ttl_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: TTL_SECONDS_MAX })) }, { additionalProperties: false }),
)

/** For the description of the API. */
export const OWN_BODIES = { explain: explainShape, invite: inviteShape }

export function parseInvite(body: unknown): Parsed<{ readonly ttlMs: number }> {
  const parsed = inviteShape.parse(body ?? {})
  return parsed.ok ? accepted({ ttlMs: (parsed.value.ttl_seconds ?? TTL_SECONDS_DEFAULT) * 1000 }) : parsed
}
