/** Names of what clients ask for, and creates as they are asked for again. */
import { hashHex } from '../../lib/model/hash.ts'
import { NO_HINTS } from '../../lib/model/hints.ts'
import { type ProjectId, requestId, type RequestId } from '../../lib/model/ids.ts'
import type { ClientRequest } from '../../lib/model/request.ts'
import type { VolumeSpec } from '../../lib/model/volume.ts'
import type { VolumeBook } from './history.ts'

export type CreateRequest = Extract<ClientRequest, { kind: 'create' }>

export function createOf({ spec, rid, bodyHash, sourceAt }: VolumeBook): CreateRequest {
  return { kind: 'create', rid, spec, bodyHash, sourceAt, hints: NO_HINTS }
}

export function bodyHashOf(spec: VolumeSpec): string {
  return hashHex('body', String(spec.sizeGiB)).slice(0, 16)
}

export function ridOf(project: ProjectId, key: string): RequestId {
  return requestId(hashHex('rid', project, key).slice(0, 32))
}
