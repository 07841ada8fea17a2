/**
 * A volume as it is shown, where its owner's record is not the last word: its host is lost for good, or left before it had
 * heard of it, or its deletion was asked for while its host was away.
 *
 * This is the one place that decides so; lists, single reads and messages all go through it. A record that is shown
 * otherwise keeps one object for its whole life, so that its JSON is made once (volume-json.ts).
 */
import type { LedgerContents } from '../../lib/model/ledger.ts'
import { goneHosts, isGoneHost, type Manifest } from '../../lib/model/manifest.ts'
import type { VolumeView } from '../../lib/model/request.ts'
import type { Snapshot } from '../../lib/model/snapshot.ts'
import type { Volume } from '../../lib/model/volume.ts'

/** What registers know of volumes whose owners cannot act. */
export type Marks = Pick<LedgerContents, 'intents' | 'gone'>

export const NO_MARKS: Marks = { intents: [], gone: [] }

const inError = new WeakMap<Volume, Volume>()
const inDeletion = new WeakMap<Volume, Volume>()

/** Nobody is left who could make it or say anything of it. */
export function isLostVolume(manifest: Manifest, { owner }: Pick<Volume, 'owner'>): boolean {
  return owner !== null && isGoneHost(manifest, owner)
}

/** Null: its tenant has deleted it, and nobody is left who could say so in a record. */
function shownVolume(manifest: Manifest, volume: Volume, { gone, intents }: Marks): Volume | null {
  if (isLostVolume(manifest, volume)) {
    if (gone.includes(volume.id)) return null
    return remembered(inError, volume, { status: 'error', failure: { kind: 'lost' } })
  }
  return intents.some((intent) => intent.volume === volume.id) ? remembered(inDeletion, volume, { status: 'deleting' }) : volume
}

/** The same for many volumes at once. */
export function shownVolumes(manifest: Manifest, volumes: readonly Volume[], marks: readonly Marks[]): readonly Volume[] {
  const gone = new Set(marks.flatMap((mark) => mark.gone))
  const intents = new Map(marks.flatMap((mark) => mark.intents.map((intent) => [intent.volume, intent])))
  const away = new Set(goneHosts(manifest))
  const nobodyIsLost = away.size === 0 || volumes.every(({ owner }) => owner === null || !away.has(owner))
  if (nobodyIsLost && intents.size === 0) return volumes
  return volumes.flatMap((volume) => {
    const intent = intents.get(volume.id)
    const mark = { gone: gone.has(volume.id) ? [volume.id] : [], intents: intent === undefined ? [] : [intent] }
    return shownVolume(manifest, volume, mark) ?? []
  })
}

export function shownView(manifest: Manifest, view: VolumeView, marks: Marks): VolumeView | null {
  const volume = shownVolume(manifest, view.volume, marks)
  if (volume === null) return null
  return { ...view, volume, hostStatus: isLostVolume(manifest, volume) ? 'down' : view.hostStatus }
}

/** With its host, a snapshot is lost too. */
export function shownSnapshot(manifest: Manifest, volume: Volume, snapshot: Snapshot): Snapshot {
  return isLostVolume(manifest, volume) ? { ...snapshot, status: 'error' } : snapshot
}

function remembered(of: WeakMap<Volume, Volume>, volume: Volume, changes: Partial<Volume>): Volume {
  const known = of.get(volume)
  if (known !== undefined) return known
  const shown = { ...volume, ...changes }
  of.set(volume, shown)
  return shown
}
