/** The shapes of what a host says of the things that lie on it. Names are only shown, or matched against what is there. */
import type { Existing, Former, HostFinds, HostLook, Origin } from '../../model/existing.ts'
import { FINDS_MAX } from '../../model/existing.ts'
import type { PoolName } from '../../model/ids.ts'
import { bool, type Check, isObject, list, nullable, oneOf, shape, text } from './check.ts'
import { count, pool, project, rid, uuid } from './plain-shapes.ts'

const former = shape<Former>({ volume: uuid, snapshot: nullable(uuid), project: nullable(project), rid: nullable(rid) })
const thing = shape<Existing & { readonly pool: PoolName }>({
  pool,
  name: text(255),
  sizeBytes: count,
  hindrance: nullable(oneOf('name', 'in-use', 'snapshots', 'pool-part', 'size', 'linked', 'half-made', 'tagged')),
  former: nullable(former),
  origin: nullable(shape<Origin>({ name: text(255), volume: nullable(uuid) })),
  sinceMs: nullable(count),
})
const finds = shape<HostFinds>({ things: list(thing, FINDS_MAX), exports: list(text(255), FINDS_MAX), isCut: bool })
const found = shape<Extract<HostLook, { ok: true }>>({ ok: (value) => value === true, finds })
const notFound = shape<Extract<HostLook, { ok: false }>>({ ok: (value) => value === false, detail: text(65_536) })

export const hostLook: Check = (value) => isObject(value) && (value['ok'] === true ? found(value) : notFound(value))
