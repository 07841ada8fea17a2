/**
 * Brings a host back: what the journal says was begun is finished or undone, and what lies on the host without a
 * record is cut off or set aside, never deleted.
 *
 * Every step may be cut off by another crash and is begun again at the next start.
 */
import { exportIqn } from '../../model/attachment.ts'
import { assertNever } from '../../model/invariant.ts'
import { parseUuid, volumeId, type VolumeId } from '../../model/ids.ts'
import { startWatch } from '../group/watch.ts'
import { keepHost, note, type Out, timer } from '../out.ts'
import { beatSoon } from '../spread/beat.ts'
import { startExchange } from '../spread/exchange.ts'
import type { Now, PeerEvent } from '../step.ts'
import type { Owned, Peer } from '../tables.ts'
import { exposeAgain, fence } from './attach.ts'
import { lookAtBuild } from './build.ts'
import { grow } from './extend.ts'
import { remove } from './remove.ts'
import { resolve } from './reserve.ts'
import { foldAll } from './settle.ts'
import { backend, target } from './work.ts'

/** First event of a process: a new epoch, then every record, then what nobody knows. */
export function onStart(peer: Peer, out: Out, event: Extract<PeerEvent, { kind: 'start' }>, now: Now): void {
  peer.epoch += 1
  keepHost(peer, out)
  peer.state = 'ready'
  for (const owned of peer.owned.values()) recover(peer, out, owned, now)
  for (const id of event.volumes ?? []) setAside(peer, out, id)
  cutUnknown(peer, out, event.exports ?? [])
  foldAll(peer, out)
  startExchange(peer, out)
  startWatch(peer, out)
  timer(out, 'beat', peer.options.timings.beatMs)
  beatSoon(peer, out)
}

/** The look every few minutes: exports that are gone are made again, those that nobody knows are cut. */
export function onFound(peer: Peer, out: Out, exports: readonly string[]): void {
  const there = new Set(exports)
  for (const { volume, working } of peer.owned.values()) {
    for (const attachment of volume.attachments) {
      const isMissing = attachment.export === 'exported' && !there.has(exportIqn(volume.id, attachment.generation))
      if (isMissing && working === null) exposeAgain(peer, out, attachment)
    }
  }
  cutUnknown(peer, out, exports)
}

function recover(peer: Peer, out: Out, owned: Owned, now: Now): void {
  switch (owned.step) {
    case 'reserved':
      return resolve(peer, out, owned, now)
    case 'committed':
      return lookAtBuild(out, owned)
    case 'deleting':
      return remove(out, owned.volume.id)
    case 'built':
      return recoverBuilt(peer, out, owned, now)
    case 'failed':
      return
    default:
      return assertNever(owned.step)
  }
}

function recoverBuilt(peer: Peer, out: Out, owned: Owned, now: Now): void {
  if (owned.extend !== null) {
    if (owned.extend.committed) grow(out, owned)
    else resolve(peer, out, owned, now)
  }
  for (const attachment of owned.volume.attachments) {
    // T1 is torn down (its caller tries again), T3 is fenced once more, T2 is exported under the same name.
    if (attachment.export === 'exporting' || attachment.export === 'revoking') fence(out, attachment)
    if (attachment.export === 'exported') exposeAgain(peer, out, attachment)
  }
}

/** Bytes on this host that no record explains. */
function setAside(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned !== undefined && owned.step !== 'reserved') return
  if (peer.tombs.has(id)) return backend(out, id, 'leftover', { kind: 'remove', volume: id })
  note(out, 'error', 'volume-quarantined', { volume: id })
  backend(out, id, 'quarantine', { kind: 'quarantine', volume: id })
}

function cutUnknown(peer: Peer, out: Out, exports: readonly string[]): void {
  const known = new Set<string>()
  for (const { volume } of peer.owned.values()) {
    for (const attachment of volume.attachments) if (attachment.export !== 'none') known.add(exportIqn(volume.id, attachment.generation))
  }
  for (const iqn of exports) {
    const id = parseUuid(/volume-([0-9a-f-]{36})-\d+$/.exec(iqn)?.[1] ?? '')
    if (known.has(iqn) || id === null) continue
    note(out, 'warn', 'export-unknown', { iqn })
    target(out, volumeId(id), `stray/${iqn}`, { kind: 'fence', iqn })
  }
}
