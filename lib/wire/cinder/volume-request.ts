/**
 * Bodies of create and update: what the client wants of a volume, as facts.
 *
 * Unknown keys are ignored before 3.53 and refused from there, as in Cinder. What Cinder has and this program has not
 * is refused by name, so that nobody gets an empty volume in place of a copy.
 */
import Type from 'typebox'
import type { Hints } from '../../model/hints.ts'
import { Anything, demands, firstText, isTrueWord, Metadata, OptionalText, parseSize, Size } from './body-parts.ts'
import { HintsBody, parseHints } from './hint-request.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

/** `id` as the client wrote it. */
export interface WantedSource {
  readonly kind: 'snapshot' | 'volume'
  readonly id: string
}

export interface CreateVolume {
  readonly name: string | null
  readonly description: string | null
  /** null: as large as its source. */
  readonly sizeGiB: number | null
  readonly source: WantedSource | null
  /** Name or id of a volume type; null for the default. */
  readonly type: string | null
  readonly zone: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly hints: Hints
  /** The group that it is to be in, as the client wrote it; absent without one. */
  readonly group?: string
}

/** Only what is there is changed; `metadata` replaces all of it. */
export interface UpdateVolume {
  readonly name?: string | null
  readonly description?: string | null
  readonly metadata?: Readonly<Record<string, string>>
}

/** Other ways to fill a new volume: keys of Cinder's body that ask for what is not here. */
const ABSENT = ['imageRef', 'image_id', 'backup_id', 'consistencygroup_id', 'source_replica'] as const
/** Before it the key is passed over. */
const GROUPS_SINCE = 13

const OptionalId = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const createKeys = {
  name: OptionalText,
  description: OptionalText,
  display_name: OptionalText,
  display_description: OptionalText,
  volume_type: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  metadata: Type.Optional(Type.Union([Metadata, Type.Null()])),
  size: Type.Union([Size, Type.Null()]),
  availability_zone: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  multiattach: Anything,
  snapshot_id: OptionalId,
  source_volid: OptionalId,
  imageRef: Anything,
  image_id: Anything,
  backup_id: Anything,
  consistencygroup_id: Anything,
  group_id: OptionalId,
  source_replica: Anything,
}
const HINTS = 'OS-SCH-HNT:scheduler_hints'
const hints = { [HINTS]: HintsBody, scheduler_hints: HintsBody }
const createLoose = shape(Type.Object({ volume: Type.Object(createKeys), ...hints }))
const createStrict = shape(
  Type.Object({ volume: Type.Object(createKeys, { additionalProperties: false }), ...hints }, { additionalProperties: false }),
)

export function parseCreateVolume(body: unknown, microversion: number): Parsed<CreateVolume> {
  const parsed = (microversion >= 53 ? createStrict : createLoose).parse(body)
  if (!parsed.ok) return parsed
  const { volume } = parsed.value
  const absent = ABSENT.find((key) => demands(volume[key]))
  if (absent !== undefined) return refused({ code: 'not-supported', feature: absent })
  // Cinder removed the flag as well: sharing is a property of the volume type.
  if (isTrueWord(volume.multiattach)) return refused({ code: 'not-supported', feature: 'multiattach' })
  const hinted = parsed.value[HINTS] ? parseHints(HINTS, parsed.value[HINTS]) : parseHints('scheduler_hints', parsed.value.scheduler_hints)
  if (!hinted.ok) return hinted
  const source = sourceIn(volume)
  if (!source.ok) return source
  if (volume.size === null && source.value === null) return refused({ code: 'missing-key', path: 'volume', keys: ['size'] })
  const size = volume.size === null ? accepted(null) : parseSize('volume.size', volume.size)
  if (!size.ok) return size
  return accepted({
    name: firstText(volume.name, volume.display_name) ?? null,
    description: firstText(volume.description, volume.display_description) ?? null,
    sizeGiB: size.value,
    source: source.value,
    type: volume.volume_type || null,
    zone: volume.availability_zone || null,
    metadata: volume.metadata ?? {},
    hints: hinted.value,
    ...(microversion >= GROUPS_SINCE && volume.group_id ? { group: volume.group_id } : {}),
  })
}

interface Sources {
  readonly snapshot_id?: string | null
  readonly source_volid?: string | null
}

function sourceIn({ snapshot_id: snapshot, source_volid: volume }: Sources): Parsed<WantedSource | null> {
  if (snapshot && volume) {
    const rule = { kind: 'form', wanted: 'nothing beside snapshot_id: a volume has one source' } as const
    return refused({ code: 'bad-value', path: 'volume.source_volid', value: volume, rule })
  }
  if (snapshot) return accepted({ kind: 'snapshot', id: snapshot })
  return accepted(volume ? { kind: 'volume', id: volume } : null)
}

const updateShape = shape(
  Type.Object(
    {
      volume: Type.Object(
        {
          name: OptionalText,
          description: OptionalText,
          display_name: OptionalText,
          display_description: OptionalText,
          metadata: Type.Optional(Metadata),
        },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
)

/** For the description of the API: what the newest microversion takes. */
export const VOLUME_BODIES = { create: createStrict, update: updateShape }

export function parseUpdateVolume(body: unknown, microversion: number): Parsed<UpdateVolume> {
  const parsed = updateShape.parse(body)
  if (!parsed.ok) return parsed
  const { volume } = parsed.value
  const name = firstText(volume.name, volume.display_name)
  const description = firstText(volume.description, volume.display_description)
  const update: UpdateVolume = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(volume.metadata === undefined ? {} : { metadata: volume.metadata }),
  }
  if (microversion >= 53 && Object.keys(update).length === 0)
    return refused({ code: 'missing-key', path: 'volume', keys: ['name', 'description', 'metadata'] })
  return accepted(update)
}
