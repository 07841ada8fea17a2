/**
 * Names of what the journal holds. A prefix that was once used is never used again for anything else.
 *
 *   host                       boot epoch, state of the log, reservations given out, whether votes were lost
 *   volume/<id>                a volume of this host (Owned)
 *   tomb/<id>                  a volume that was deleted here
 *   settled/<rid>              in this host's totals, not yet folded into the register
 *   result/<rid>               answer to an operation, kept a day
 *   types                      this host's copy of the volume types
 *   register/<project>         promise, acceptance and voting epoch of this member
 *   cell/<project>/<entry>     one entry of the register's value
 */
import { projectId, type ProjectId, type RequestId, type VolumeId } from '../model/ids.ts'

export const KEYS = {
  host: 'host',
  volume: 'volume/',
  tomb: 'tomb/',
  settled: 'settled/',
  result: 'result/',
  register: 'register/',
  cell: 'cell/',
  types: 'types',
} as const

export const volumeKey = (id: VolumeId): string => KEYS.volume + id
export const tombKey = (id: VolumeId): string => KEYS.tomb + id
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
