/**
 * Bodies of create, update and action of snapshots, as facts.
 *
 * From 3.66 the flag `force` means nothing: a snapshot of a volume in use needs none. Saying true is accepted, saying
 * anything else is refused, as in Cinder.
 */
import Type from 'typebox'
import { type RestingSnapshot, RESTING_SNAPSHOTS } from '../../model/snapshot.ts'
import { firstText, isTrueWord, Metadata, OptionalText } from './body-parts.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'
import type { UpdateVolume } from './volume-request.ts'

export interface CreateSnapshot {
  /** As the client wrote it. */
  readonly volume: string
  readonly name: string | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly force: boolean
}

const FORCE_IS_GIVEN = 66

const texts = { name: OptionalText, description: OptionalText, display_name: OptionalText, display_description: OptionalText }
const create = shape(
  Type.Object(
    {
      snapshot: Type.Object(
        {
          ...texts,
          volume_id: Type.String({ minLength: 1, maxLength: 255 }),
          force: Type.Optional(Type.Union([Type.Boolean(), Type.String({ maxLength: 255 }), Type.Null()])),
          metadata: Type.Optional(Type.Union([Metadata, Type.Null()])),
        },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)
const update = shape(Type.Object({ snapshot: Type.Object(texts, { additionalProperties: false }) }, { additionalProperties: false }))
const action = shape(Type.Record(Type.String(), Type.Unknown()))
const Status = Type.String({ minLength: 1, maxLength: 255 })
const closed = { additionalProperties: false }
const reset = shape(Type.Object({ 'os-reset_status': Type.Object({ status: Status }, closed) }, closed))
const unmanage = shape(Type.Object({ 'os-unmanage': Type.Union([Type.Object({}), Type.Null()]) }, closed))
const Progress = Type.Optional(Type.Union([Type.String({ pattern: '^(100|[0-9]{1,2})%$' }), Type.Null()]))
const report = shape(Type.Object({ 'os-update_snapshot_status': Type.Object({ status: Status, progress: Progress }, closed) }, closed))

/** For the description of the API. */
export const SNAPSHOT_BODIES = { create, update, reset, report, unmanage, action }

export function parseCreateSnapshot(body: unknown, microversion: number): Parsed<CreateSnapshot> {
  const parsed = create.parse(body)
  if (!parsed.ok) return parsed
  const { snapshot } = parsed.value
  const isForced = isTrueWord(snapshot.force)
  if (microversion >= FORCE_IS_GIVEN && snapshot.force !== undefined && !isForced) {
    const rule = { kind: 'form', wanted: 'true, or not there at all: since 3.66 a snapshot of a volume in use needs no force' } as const
    return refused({ code: 'bad-value', path: 'snapshot.force', value: String(snapshot.force), rule })
  }
  return accepted({
    volume: snapshot.volume_id,
    name: firstText(snapshot.name, snapshot.display_name) ?? null,
    description: firstText(snapshot.description, snapshot.display_description) ?? null,
    metadata: snapshot.metadata ?? {},
    force: isForced || microversion >= FORCE_IS_GIVEN,
  })
}

/** Only what is there is changed. */
export function parseUpdateSnapshot(body: unknown, microversion: number): Parsed<Omit<UpdateVolume, 'metadata'>> {
  const parsed = update.parse(body)
  if (!parsed.ok) return parsed
  const { snapshot } = parsed.value
  const name = firstText(snapshot.name, snapshot.display_name)
  const description = firstText(snapshot.description, snapshot.display_description)
  if (microversion >= 53 && name === undefined && description === undefined)
    return refused({ code: 'missing-key', path: 'snapshot', keys: ['name', 'description'] })
  return accepted({ ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) })
}

export type SnapshotAction =
  | { readonly kind: 'force-delete' }
  | { readonly kind: 'unmanage' }
  | { readonly kind: 'reset'; readonly status: RestingSnapshot }
  /** What Cinder's assistant says of a snapshot that it makes or deletes. */
  | { readonly kind: 'report'; readonly status: string }

export function parseSnapshotAction(body: unknown): Parsed<SnapshotAction> {
  const parsed = action.parse(body)
  if (!parsed.ok) return parsed
  const [name, ...others] = Object.keys(parsed.value)
  if (name === undefined || others.length > 0) return refused({ code: 'malformed-body' })
  if (name === 'os-force_delete') return accepted({ kind: 'force-delete' })
  if (name === 'os-reset_status') return parseReset(body)
  if (name === 'os-unmanage') return parseUnmanage(body)
  return name === 'os-update_snapshot_status' ? parseReport(body) : refused({ code: 'unknown-action', action: name.slice(0, 80) })
}

/** To the statuses in which a snapshot can rest. */
function parseReset(body: unknown): Parsed<SnapshotAction> {
  const parsed = reset.parse(body)
  if (!parsed.ok) return parsed
  const { status: given } = parsed.value['os-reset_status']
  const status = RESTING_SNAPSHOTS.find((known) => known === given.toLowerCase())
  if (status !== undefined) return accepted({ kind: 'reset', status })
  return refused({
    code: 'bad-value',
    path: 'os-reset_status.status',
    value: given,
    rule: { kind: 'form', wanted: RESTING_SNAPSHOTS.join('|') },
  })
}

function parseUnmanage(body: unknown): Parsed<SnapshotAction> {
  const parsed = unmanage.parse(body)
  return parsed.ok ? accepted({ kind: 'unmanage' }) : parsed
}

function parseReport(body: unknown): Parsed<SnapshotAction> {
  const parsed = report.parse(body)
  return parsed.ok ? accepted({ kind: 'report', status: parsed.value['os-update_snapshot_status'].status }) : parsed
}
