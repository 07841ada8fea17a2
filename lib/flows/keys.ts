/**
 * Names of what the journal holds. A prefix that was once used is never used again for anything else.
 *
 *   host                       boot epoch, newest sequence number, reservations given out
 *   volume/<id>                a volume of this host (Owned)
 *   tomb/<id>                  a volume that was deleted here
 *   secret/<attachment>        its CHAP secret; sealed at rest, never leaves this host but to the client that asked
 *   settled/<rid>              in this host's totals, not yet folded into the register
 *   result/<rid>               answer to an operation, kept a day
 *   register/<project>         promise and acceptance of this member
 *   cell/<project>/<entry>     one entry of the register's value
 */
import { type AttachmentId, projectId, type ProjectId, type RequestId, type VolumeId } from '../model/ids.ts'

export const KEYS = {
  host: 'host',
  volume: 'volume/',
  tomb: 'tomb/',
  secret: 'secret/',
  settled: 'settled/',
  result: 'result/',
  register: 'register/',
  cell: 'cell/',
} as const

export const volumeKey = (id: VolumeId): string => KEYS.volume + id
export const tombKey = (id: VolumeId): string => KEYS.tomb + id
export const secretKey = (id: AttachmentId): string => KEYS.secret + id
export const settledKey = (rid: RequestId): string => KEYS.settled + rid
export const resultKey = (rid: RequestId): string => KEYS.result + rid
export const registerKey = (project: ProjectId): string => KEYS.register + encodeURIComponent(project)
export const cellKey = (project: ProjectId, entry: string): string => `${KEYS.cell}${encodeURIComponent(project)}/${entry}`

/** What follows the prefix. */
export function keyTail(key: string): string {
  return key.slice(key.indexOf('/') + 1)
}

/** Project of a `register/` or `cell/` key. */
export function cellProject(key: string): ProjectId {
  const tail = keyTail(key)
  const end = tail.indexOf('/')
  return projectId(decodeURIComponent(end < 0 ? tail : tail.slice(0, end)))
}
