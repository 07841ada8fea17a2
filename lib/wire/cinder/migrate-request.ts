/** Bodies of os-migrate_volume and os-migrate_volume_completion. */
import Type from 'typebox'
import { parseUuid } from '../../model/ids.ts'
import { notUuid } from './body-parts.ts'
import { Flag, parseOptionalFlag } from './flag.ts'
import { accepted, type Parsed, refused, shape } from './input.ts'

const closed = { additionalProperties: false }
const Name = Type.String({ maxLength: 255 })
const OptionalName = Type.Optional(Type.Union([Name, Type.Null()]))
const How = { force_host_copy: Type.Optional(Flag), lock_volume: Type.Optional(Flag) }

/** From this microversion on a cluster may be named in place of a host. */
const CLUSTER = 16
const toHost = shape(Type.Object({ 'os-migrate_volume': Type.Object({ host: Name, ...How }, closed) }, closed))
const migrate = shape(
  Type.Object({ 'os-migrate_volume': Type.Object({ host: OptionalName, cluster: OptionalName, ...How }, closed) }, closed),
)
const complete = shape(
  Type.Object(
    {
      'os-migrate_volume_completion': Type.Object(
        { new_volume: Name, error: Type.Optional(Type.Union([Name, Type.Boolean(), Type.Null()])) },
        closed,
      ),
    },
    closed,
  ),
)

/** For the description of the API. */
export const MIGRATE_BODIES = { migrate, complete }

export type MigrateTarget = { readonly kind: 'host' | 'cluster'; readonly name: string }

export function parseMigrate(body: unknown, microversion: number): Parsed<MigrateTarget> {
  const parsed = microversion < CLUSTER ? toHost.parse(body) : migrate.parse(body)
  if (!parsed.ok) return parsed
  const { force_host_copy, lock_volume, ...target }: Wanted = parsed.value['os-migrate_volume']
  for (const [key, given] of Object.entries({ force_host_copy, lock_volume })) {
    const flag = parseOptionalFlag(`os-migrate_volume.${key}`, given)
    if (!flag.ok) return flag
  }
  const { host, cluster } = target
  if (!host === !cluster) return refused({ code: 'one-of', keys: microversion < CLUSTER ? ['host'] : ['cluster', 'host'] })
  return accepted(host ? { kind: 'host', name: host } : { kind: 'cluster', name: cluster ?? '' })
}

interface Wanted {
  readonly host?: string | null
  readonly cluster?: string | null
  readonly force_host_copy?: Flag
  readonly lock_volume?: Flag
}

/** The volume that is to take the place of the other one: its id. */
export function parseMigrateCompletion(body: unknown): Parsed<string> {
  const parsed = complete.parse(body)
  if (!parsed.ok) return parsed
  const { new_volume: text } = parsed.value['os-migrate_volume_completion']
  const id = parseUuid(text)
  return id === null ? notUuid('os-migrate_volume_completion.new_volume', text) : accepted(id)
}
