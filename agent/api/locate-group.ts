/** Finds the group, or the group snapshot, that a request names; as of a volume, a 404 is never said too early. */
import type { Failure } from '../../lib/model/failure.ts'
import { grantedGroupSnapshot } from '../../lib/flows/shape.ts'
import { type GroupSnapshot, groupSnapshotOf, isGroup } from '../../lib/model/group.ts'
import { groupSnapshotId, parseUuid, volumeId } from '../../lib/model/ids.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { Call, Edge } from './call.ts'
import { locateRecord } from './locate.ts'
import { isVisible } from './policy.ts'

export type LocatedGroup = { readonly ok: true; readonly group: Volume } | { readonly ok: false; readonly failure: Failure }

/** @param isForDisplay also says that a group whose owner is away is to be deleted */
export async function locateGroup(edge: Edge, call: Call, text: string, isForDisplay = false): Promise<LocatedGroup> {
  const found = await locateRecord(edge, call, text, isForDisplay)
  if (!found.ok) return { ok: false, failure: ofGroup(found.failure) }
  const { volume: group } = found.view
  return isGroup(group) ? { ok: true, group } : { ok: false, failure: { code: 'group-not-found', group: group.id } }
}

/** What is said of a record that is not there, said of a group. */
export function ofGroup(failure: Failure): Failure {
  return failure.code === 'volume-not-found' ? { code: 'group-not-found', group: volumeId(failure.volume) } : failure
}

export type LocatedGroupSnapshot =
  | { readonly ok: true; readonly group: Volume; readonly snapshot: GroupSnapshot }
  | { readonly ok: false; readonly failure: Failure }

export async function locateGroupSnapshot(edge: Edge, call: Call, text: string): Promise<LocatedGroupSnapshot> {
  const uuid = parseUuid(text)
  const id = groupSnapshotId(uuid ?? text.slice(0, 255))
  const absent = { ok: false, failure: { code: 'group-snapshot-not-found', groupSnapshot: id } } as const
  if (uuid === null) return absent
  const known = edge.service.groupOfSnapshot(id)
  if (known !== null) return shown(known.volume)
  const granted = await grantedOne(edge, call, id)
  if (granted !== null) return granted
  const { result } = await edge.service.ask({ kind: 'find-group-snapshot', groupSnapshot: id })
  return result.ok ? shown(result.value) : result

  async function shown(of: Volume): Promise<LocatedGroupSnapshot> {
    if (!isVisible(call.caller, of.project)) return absent
    const found = await locateGroup(edge, call, of.id)
    const snapshot = found.ok ? groupSnapshotOf(found.group, id) : null
    return found.ok && snapshot !== null ? { ok: true, group: found.group, snapshot } : absent
  }
}

/** Promised, and in no log that has come here yet. */
async function grantedOne(edge: Edge, call: Call, id: GroupSnapshot['id']): Promise<LocatedGroupSnapshot | null> {
  const ledger = await edge.ledgers.read(call.caller.project)
  if (!ledger.ok) return ledger
  const binding = ledger.value.bound.find(({ groupSnapshot }) => groupSnapshot?.id === id)
  const snapshot = binding === undefined ? null : grantedGroupSnapshot(binding)
  if (binding === undefined || snapshot === null) return null
  const found = await locateGroup(edge, call, binding.volume)
  return found.ok ? { ok: true, group: found.group, snapshot: groupSnapshotOf(found.group, id) ?? snapshot } : found
}
