/**
 * Brings a host back: what the journal says was begun is finished or undone, and what lies on the host without a
 * record is cut off or set aside, never deleted.
 *
 * First it asks what it used to know (recall.ts); nothing is voted, exported or removed before that. Every step
 * may be cut off by another crash and is begun again at the next start.
 */
import { exportIqn } from '../../model/attachment.ts'
import { assertNever } from '../../model/invariant.ts'
import { isGroup } from '../../model/group.ts'
import { parseUuid, type ProjectId, volumeId, type VolumeId } from '../../model/ids.ts'
import { comparePositions } from '../../model/log.ts'
import { isLeaving } from '../../model/snapshot.ts'
import { headOf } from '../../replica/view.ts'
import { forgetVotes, install, pushRegisters } from '../group/install.ts'
import { startWatch } from '../group/watch.ts'
import { keepHost, note, type Out, timer } from '../out.ts'
import { beatSoon } from '../spread/beat.ts'
import { startTypes } from '../spread/catalogue.ts'
import { startExchange } from '../spread/exchange.ts'
import { startProbes } from '../spread/suspect.ts'
import { publishEpoch } from '../spread/publish.ts'
import type { Now, PeerEvent } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { exposeAgain, fence } from './export-steps.ts'
import { resumeNew } from './group-build.ts'
import { resumeGroupDelete } from './group-remove.ts'
import { dropStrayPart, resumeGroup } from './group-snapshot.ts'
import { importOwn } from './import.ts'
import { knownExports } from './look.ts'
import { endRecall, type KnownAtStart, startRecall } from './recall.ts'
import { clear } from './remove.ts'
import { reconcile } from './reconcile.ts'
import { resolve } from './reserve.ts'
import { revertAgain } from './revert.ts'
import { resumeRoom } from './room.ts'
import { retag, taggedOtherwise } from './retag.ts'
import { removeSnapshot } from './snapshot-change.ts'
import { toldAgain } from './forgotten.ts'
import { foldAgain, foldAll } from './settle.ts'
import { look, lookAtOne } from './strays.ts'
import { readOwn } from './unread.ts'
import { target } from './work.ts'

/** First event of a process. */
export function onStart(peer: Peer, out: Out, now: Now): void {
  peer.life = peer.options.rng.hex(6)
  startExchange(peer, out)
  startWatch(peer, out)
  timer(out, 'beat', peer.options.timings.beatMs)
  startRecall(peer, out)
  // Whatever else it writes before it has an epoch, it is never taken for one that has lost its journal.
  if (peer.options.isNew) keepHost(peer, out)
  goOn(peer, out, now)
}

/** Takes part from here on, if all is known that has to be known first. */
export function goOn(peer: Peer, out: Out, now: Now): void {
  const known = endRecall(peer, out)
  if (known !== null) finishStart(peer, out, known, now)
}

/** What lies on this host, at the start and every few minutes. */
export function onFound(peer: Peer, out: Out, found: Extract<PeerEvent, { kind: 'found' }>, now: Now): void {
  if (peer.recovery !== null) {
    peer.recovery.found = found
    return goOn(peer, out, now)
  }
  const there = new Set(found.exports)
  for (const { volume, working } of peer.owned.values()) {
    for (const attachment of volume.attachments) {
      const isMissing = attachment.export === 'exported' && !there.has(exportIqn(volume.id, attachment.generation))
      if (isMissing && working === null) exposeAgain(peer, out, attachment)
    }
  }
  cutUnknown(peer, out, found.exports)
  reconcile(peer, out, found, now)
}

/** A new epoch, then every record, then what nobody knows. From here on this host takes part. */
function finishStart(peer: Peer, out: Out, known: KnownAtStart, now: Now): void {
  const forgotten = takeBack(peer, out, known)
  peer.epoch = known.epoch
  publishEpoch(peer, out, known.epoch)
  // In the journal until it is done: another crash must not make this host forget that it had forgotten.
  for (const project of forgotten) foldAgain(peer, out, project)
  peer.state = peer.isFull ? 'full' : 'ready'
  startProbes(peer, out, now)
  for (const id of [...peer.owned.keys()]) recover(peer, out, id, now)
  for (const owned of taggedOtherwise(peer, known.found.volumes, known.found.snapshots)) retag(out, owned)
  for (const found of known.found.volumes) look(peer, out, found)
  for (const found of known.found.snapshots) lookAtOne(peer, out, found)
  cutUnknown(peer, out, known.found.exports)
  for (const project of [...known.projects, ...forgotten, ...toldAgain(peer)]) peer.unread.add(project)
  for (const { tags } of [...peer.strays.values(), ...peer.straySnapshots.values()]) if (tags !== null) peer.unread.add(tags.project)
  for (const project of peer.unread) readOwn(peer, out, project)
  // Read now, while those who know are there; the others are read when somebody asks for them.
  for (const project of forgotten) install(peer, out, project)
  foldAll(peer, out)
  startTypes(peer, out)
  pushRegisters(peer, out)
  beatSoon(peer, out)
}

/**
 * What this host has forgotten, as far as the others have it.
 *
 * @returns registers whose content has to be looked at again; none if nothing was forgotten
 */
function takeBack(peer: Peer, out: Out, known: KnownAtStart): ReadonlySet<ProjectId> {
  const { own } = known
  if (!known.hasForgotten && !peer.isBlank) return new Set()
  note(out, 'error', 'memory-lost', { head: own.head === null ? null : { epoch: own.head.epoch, seq: own.head.seq } })
  const dropped = forgetVotes(peer, out)
  if (comparePositions(own.head ?? { epoch: 0, seq: 0 }, headOf(peer.view, peer.self)) > 0) importOwn(peer, out, own)
  const tagged = [...known.found.volumes, ...known.found.snapshots].flatMap(({ tags }) => (tags === null ? [] : [tags.project]))
  return new Set([...known.totals, ...known.projects, ...dropped, ...peer.holdings.projects.keys(), ...tagged])
}

/** By its name: what was done for another one, or for its group, may have changed it. */
function recover(peer: Peer, out: Out, id: VolumeId, now: Now): void {
  const owned = peer.owned.get(id)
  if (owned === undefined) return
  for (const snapshot of owned.volume.snapshots) if (isLeaving(snapshot)) removeSnapshot(peer, out, id, snapshot.id)
  switch (owned.step) {
    case 'reserved':
      return resolve(peer, out, owned, now)
    case 'committed':
      return resumeNew(peer, out, owned, now)
    case 'deleting':
      return isGroup(owned.volume) ? resumeGroupDelete(peer, out, owned, now) : clear(out, owned)
    case 'built':
      return recoverBuilt(peer, out, owned, now)
    case 'failed':
      return
    default:
      return assertNever(owned.step)
  }
}

function recoverBuilt(peer: Peer, out: Out, owned: Owned, now: Now): void {
  if (owned.pending !== null) {
    if (owned.pending.committed) resumeRoom(out, owned)
    else resolve(peer, out, owned, now)
  }
  if (isGroup(owned.volume)) return resumeGroup(peer, out, owned, now)
  dropStrayPart(peer, out, owned)
  revertAgain(out, owned)
  for (const attachment of owned.volume.attachments) {
    // T1 is torn down (its caller tries again), T3 is fenced once more, T2 is exported under the same name.
    if (attachment.export === 'exporting' || attachment.export === 'revoking') fence(out, attachment)
    if (attachment.export === 'exported') exposeAgain(peer, out, attachment)
  }
}

function cutUnknown(peer: Peer, out: Out, exports: readonly string[]): void {
  const known = knownExports(peer)
  for (const iqn of exports) {
    const id = parseUuid(/volume-([0-9a-f-]{36})-\d+$/.exec(iqn)?.[1] ?? '')
    if (known.has(iqn) || id === null) continue
    note(out, 'warn', 'export-unknown', { iqn })
    target(out, volumeId(id), `stray/${iqn}`, { kind: 'fence', iqn })
  }
}
