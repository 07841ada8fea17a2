/**
 * Tells the registers what this host holds of each project, so that they can let go of the grants.
 *
 * A volume counts in this host's totals from the batch that settles its request, and its grant counts until the
 * register has taken those totals over: each GiB is counted once, in one place or the other. A settled request is kept
 * in the journal until a fold that contained it was answered.
 */
import { hashHex } from '../../model/hash.ts'
import { type ProjectId, requestId, type RequestId, type SnapshotId, type VolumeId } from '../../model/ids.ts'
import { NO_USAGE } from '../../model/quota.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import type { LedgerChange } from '../../model/ledger.ts'
import { isKeptElsewhere, showHead } from '../spread/publish.ts'
import { askRegister } from '../group/ask.ts'
import { settledKey } from '../keys.ts'
import { journalDrop, journalPut, type Out, timer } from '../out.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { isUnsureOf } from './forgotten.ts'

/**
 * This host's totals of `project` contain the request's effect (or its lack of one) as of the record that this step publishes.
 * A register takes only totals that are newer than those it has, so a step that settles must publish.
 */
export function settle(peer: Peer, out: Out, project: ProjectId, rid: RequestId, isAgain = false): void {
  const entry = { project, seq: peer.log.seq, isAgain }
  peer.settled.set(rid, entry)
  journalPut(out, settledKey(rid), entry)
  foldSoon(peer, out, project)
}

/** Name under which the end of a volume or a snapshot is settled. */
export function endOf(id: VolumeId | SnapshotId): RequestId {
  return requestId(hashHex('end', id).slice(0, 32))
}

/** The register is to have this host's totals once more: what it was told before may have been forgotten here. */
export function foldAgain(peer: Peer, out: Out, project: ProjectId): void {
  settle(peer, out, project, requestId(hashHex('again', project, peer.self, String(peer.log.epoch)).slice(0, 32)), true)
}

/** After a start: whatever was settled and not folded. */
export function foldAll(peer: Peer, out: Out): void {
  for (const { project } of peer.settled.values()) foldSoon(peer, out, project)
}

export function onFoldTimer(peer: Peer, out: Out, project: ProjectId, now: Now): void {
  const waiting = peer.folding.get(project)
  if (typeof waiting === 'object') return tellWhenKnown(peer, out, project, waiting)
  const settled = [...peer.settled].filter(([, entry]) => entry.project === project).map(([rid]) => rid)
  if (settled.length === 0) {
    peer.folding.delete(project)
    return
  }
  // Grants that this host has forgotten may be in its totals, and would count twice until the register has been read.
  if (isUnsureOf(peer, project)) return timer(out, `fold/${project}`, peer.options.timings.retryMs)
  peer.folding.set(project, 'asked')
  const totals = {
    kind: 'host',
    host: peer.self,
    epoch: peer.epoch,
    seq: peer.log.seq,
    usage: peer.holdings.projects.get(project) ?? NO_USAGE,
    isFinal: false,
  } as const
  tellWhenKnown(peer, out, project, { kind: 'fold', totals, settled, atMs: now.wallMs })
}

/**
 * A register must not know more of this host than its peers: if the host were lost then, nobody could say which volumes the
 * totals stand for. So a majority of the hosts has the log that far before the totals are told, and has it on disk: a room may lose
 * its power as a whole, and one of its hosts for good.
 */
function tellWhenKnown(peer: Peer, out: Out, project: ProjectId, change: Extract<LedgerChange, { kind: 'fold' }>): void {
  const { epoch, seq } = change.totals
  if (epoch === peer.epoch && !isKeptElsewhere(peer, seq)) {
    peer.folding.set(project, change)
    showHead(peer, out, seq)
    return timer(out, `fold/${project}`, peer.options.timings.seenMs)
  }
  peer.folding.set(project, 'asked')
  askRegister(peer, out, project, change, { kind: 'fold', project })
}

/** @returns requests whose grants the register has let go of */
export function onFolded(peer: Peer, out: Out, project: ProjectId, change: LedgerChange, outcome: ChangeOutcome): readonly RequestId[] {
  peer.folding.delete(project)
  const isFolded = outcome.kind === 'decided' && outcome.answer.kind === 'folded'
  if (!isFolded || change.kind !== 'fold') {
    peer.folding.set(project, 'timer')
    timer(out, `fold/${project}`, peer.options.timings.retryMs)
    return []
  }
  const folded = change.settled.filter((rid) => (peer.settled.get(rid)?.seq ?? Number.POSITIVE_INFINITY) <= change.totals.seq)
  for (const rid of folded) {
    peer.settled.delete(rid)
    journalDrop(out, settledKey(rid))
  }
  // Settled while the register was asked.
  if ([...peer.settled.values()].some((entry) => entry.project === project)) foldSoon(peer, out, project)
  return folded
}

function foldSoon(peer: Peer, out: Out, project: ProjectId): void {
  // What is on its way already is followed by what was settled meanwhile.
  if (peer.folding.has(project)) return
  peer.folding.set(project, 'timer')
  timer(out, `fold/${project}`, peer.options.timings.foldMs)
}
