/** What bytes a volume has to have: they go by name, from whoever wrote or laid them on to every copy, and over being taken in and given back. */
import { parseUuid, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { History } from '../history.ts'

/** What was laid into a pool under this name has these. */
export const bytesLaid = (name: string): string => `laid as ${name}`

const OF_A_VOLUME = /^(?:unmanaged|quarantine-volume)-(.{36})$/

/** What the source of the source … was made as. */
export function bytesBehind(history: History, id: VolumeId): string {
  const source = history.books.get(id)?.spec.source ?? null
  if (source === null) return `written as ${id}`
  return source.kind === 'existing' ? bytesUnder(history, source.name) : bytesBehind(history, source.volume)
}

/** What lies in a pool under this name. */
function bytesUnder(history: History, name: string): string {
  const volume = parseUuid(OF_A_VOLUME.exec(name)?.[1] ?? '')
  return volume === null ? bytesLaid(name) : bytesBehind(history, volumeId(volume))
}
