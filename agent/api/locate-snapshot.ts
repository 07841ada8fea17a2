/**
 * Finds the snapshot that a request names: in this peer's view, else in its project's register and with every host, whose
 * no alone is a 404.
 */
import type { Failure, Result } from '../../lib/model/failure.ts'
import { parseUuid, type SnapshotId, snapshotId } from '../../lib/model/ids.ts'
import { type Snapshot, snapshotOf } from '../../lib/model/snapshot.ts'
import type { Call, Edge } from './call.ts'
import { asShown, locateVolume } from './locate.ts'
import { isVisible, SYSTEM_PROJECT } from './policy.ts'
import { shownSnapshot } from './shown-volume.ts'

export type LocatedSnapshot = { readonly ok: true; readonly snapshot: Snapshot } | { readonly ok: false; readonly failure: Failure }

/** @param text the id as the client wrote it; what is no UUID cannot exist */
export async function locateSnapshot(edge: Edge, call: Call, text: string): Promise<LocatedSnapshot> {
  const uuid = parseUuid(text)
  const id = snapshotId(uuid ?? text.slice(0, 255))
  const absent = { ok: false, failure: { code: 'snapshot-not-found', snapshot: id } } as const
  if (uuid === null) return absent
  const view = edge.service.volumeOfSnapshot(id)
  if (view !== null) {
    // It goes where its volume goes; the picture that shows it as another project's may be old.
    if (!isVisible(call.caller, view.volume.project)) {
      const found = await locateVolume(edge, call, view.volume.id)
      const moved = found.ok ? snapshotOf(found.view.volume, id) : null
      return moved === null ? absent : { ok: true, snapshot: moved }
    }
    const shown = await asShown(edge, { ok: true, view }, false)
    const snapshot = shown.ok ? snapshotOf(shown.view.volume, id) : null
    return snapshot === null || !shown.ok
      ? absent
      : { ok: true, snapshot: shownSnapshot(edge.service.manifest(), shown.view.volume, snapshot) }
  }
  const result = await find(edge, call, id)
  if (!result.ok) return { ok: false, failure: result.failure }
  return isVisible(call.caller, result.value.project) ? { ok: true, snapshot: result.value } : absent
}

/** As with a volume: before an admin hears that there is none, the hosts are asked in which registers they hold something about it. */
async function find({ service }: Edge, { caller: { project, isAdmin } }: Call, snapshot: SnapshotId): Promise<Result<Snapshot>> {
  const anywhere = { kind: 'find-snapshot', project: null, snapshot, isOwn: false } as const
  if (project === SYSTEM_PROJECT) return (await service.ask(anywhere)).result
  const { result } = await service.ask({ kind: 'find-snapshot', project, snapshot, isOwn: !isAdmin })
  if (!isAdmin || result.ok || result.failure.code !== 'snapshot-not-found') return result
  return (await service.ask(anywhere)).result
}
