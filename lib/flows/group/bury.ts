/**
 * Closes the account of a lost host in a project's register: what its last log holds is what it counts from then on.
 *
 * Any host can do it from its copy of that log, and the register takes the copy that goes furthest. Members of the home group
 * see to it by themselves; a tenant's delete of such a volume is the same change, with the volume named.
 *
 * A host that left held nothing by its own word. But it may have been granted room of which it did not know: it had reserved
 * it and lost its journal, and the coordinator bound it afterwards. Nobody is left who could build that, so it is treated as if
 * its host were lost with an empty log.
 */
import type { Cell } from '../../model/cell.ts'
import type { PeerId, ProjectId, VolumeId } from '../../model/ids.ts'
import { canonicalJson } from '../../model/json.ts'
import type { HostTotals, LastRecord, LedgerChange } from '../../model/ledger.ts'
import { comparePositions } from '../../model/log.ts'
import { hasLeft } from '../../model/manifest.ts'
import { NO_USAGE } from '../../model/quota.ts'
import { usageOfRecord } from '../../model/snapshot.ts'
import { headOf, logOf } from '../../replica/view.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'

/** @param volume that its tenant has deleted, or null */
export function lastWord(peer: Peer, project: ProjectId, host: PeerId, volume: VolumeId | null, now: Now): LedgerChange {
  if (hasLeft(peer.options.manifest, host))
    return { kind: 'forget', host, epoch: 0, seq: 0, records: [], volume, hasLeft: true, atMs: now.wallMs }
  const { epoch, seq } = headOf(peer.view, host)
  const records: LastRecord[] = []
  for (const record of logOf(peer.view, host).records.values()) {
    // A tombstone does not say whose volume it was; one too many explains nothing.
    if (record.volume === null) records.push({ volume: record.id, usage: null })
    else if (record.volume.project === project) records.push({ volume: record.id, usage: usageOfRecord(record.volume) })
  }
  return { kind: 'forget', host, epoch, seq, records, volume, atMs: now.wallMs }
}

/**
 * Lost hosts of which this member's copy of the register still counts what their last log does not say, and hosts that left and are
 * waited for, or counted.
 *
 * @param gone that the manifest says are lost or have left
 */
export function unburied(peer: Peer, cell: Cell, gone: ReadonlySet<PeerId>): readonly PeerId[] {
  if (gone.size === 0) return []
  const named = [...cell.bound.values(), ...cell.intents.values()].map(({ host }) => host)
  return [...new Set([...cell.hosts.keys(), ...named])].filter((host) => gone.has(host) && isOpen(peer, cell, host))
}

function isOpen(peer: Peer, cell: Cell, host: PeerId): boolean {
  const totals = cell.hosts.get(host)
  const grants = [...cell.bound.values()].filter((binding) => binding.host === host)
  const intents = [...cell.intents.values()].filter((intent) => intent.host === host)
  if (totals === undefined && grants.length === 0 && intents.length === 0) return false
  if (hasLeft(peer.options.manifest, host))
    return intents.length > 0 || isCounted(totals) || grants.some(({ spec, volume }) => spec === null || cell.gone.has(volume))
  const isClosed = totals?.isFinal === true && comparePositions(headOf(peer.view, host), totals) <= 0
  return !isClosed || intents.length > 0 || grants.some(({ spec, volume }) => spec === null || logOf(peer.view, host).records.has(volume))
}

/** It had let go of all that its totals say, and forgot to tell. */
function isCounted(totals: HostTotals | undefined): boolean {
  return totals !== undefined && canonicalJson(totals.usage) !== canonicalJson(NO_USAGE)
}
