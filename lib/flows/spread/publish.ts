/**
 * Spreads this host's records, and holds answers back until the others have seen them.
 *
 * A record gets its sequence number in the batch that decides it, and is shown to anybody only when that batch is
 * durable. A client that was answered may ask any peer next, so an answer waits (briefly: a silent peer delays it, and
 * never prevents it) until every connected peer has the record.
 */
import type { PeerId, RequestId, VolumeId } from '../../model/ids.ts'
import type { PublishedRecord } from '../../model/message.ts'
import type { OperationReply } from '../../model/request.ts'
import { applyDelta } from '../../replica/view.ts'
import { journalPut, keepHost, keepOwned, type Out, send, timer } from '../out.ts'
import type { Now } from '../step.ts'
import type { Owned, Peer, Unseen } from '../tables.ts'
import { tombKey } from '../keys.ts'
import { dropOwned } from '../out.ts'

/** Stores `owned` as the newest record of its volume and publishes it once durable. */
export function publishOwned(peer: Peer, out: Out, owned: Owned, now: Now): Owned {
  peer.seq += 1
  const kept = keepOwned(peer, out, { ...owned, seq: peer.seq, volume: { ...owned.volume, updatedAtMs: now.wallMs } })
  keepHost(peer, out)
  out.effects.push({ kind: 'publish', records: [{ seq: kept.seq, id: kept.volume.id, volume: kept.volume }] })
  return kept
}

/** The volume is gone: a tombstone takes its place. */
export function publishTomb(peer: Peer, out: Out, id: VolumeId): void {
  peer.seq += 1
  dropOwned(peer, out, id)
  peer.tombs.set(id, peer.seq)
  journalPut(out, tombKey(id), { seq: peer.seq })
  keepHost(peer, out)
  out.effects.push({ kind: 'publish', records: [{ seq: peer.seq, id, volume: null }] })
}

/** The records are durable: show them here and send them to everybody who is connected. */
export function onPublished(peer: Peer, out: Out, records: readonly PublishedRecord[]): void {
  const first = records[0]
  const last = records.at(-1)
  if (first === undefined || last === undefined) return
  const delta = { kind: 'delta', owner: peer.self, epoch: peer.epoch, after: first.seq - 1, upTo: last.seq, records } as const
  applyDelta(peer.view, delta)
  for (const other of connectedPeers(peer)) send(out, other, delta)
}

/** Answers `to` about `rid` once every connected peer has seen the newest record of this step. */
export function answerWhenSeen(peer: Peer, out: Out, to: PeerId, rid: RequestId, reply: Unseen['reply']): void {
  const waiting = new Set(connectedPeers(peer))
  if (waiting.size === 0) return answer(out, { seq: peer.seq, waiting, to, rid, reply })
  peer.unseen.push({ seq: peer.seq, waiting, to, rid, reply })
  timer(out, `seen/${peer.seq}`, peer.options.timings.seenMs)
}

/** `from` has this host's log up to `seq`. */
export function onSeenUpTo(peer: Peer, out: Out, from: PeerId, seq: number): void {
  release(peer, out, (unseen) => {
    if (unseen.seq <= seq) unseen.waiting.delete(from)
    return unseen.waiting.size === 0
  })
}

/** Nobody has to wait for a peer that is gone. */
export function onSeerLost(peer: Peer, out: Out, gone: PeerId): void {
  release(peer, out, (unseen) => {
    unseen.waiting.delete(gone)
    return unseen.waiting.size === 0
  })
}

export function onSeenTimeout(peer: Peer, out: Out, seq: number): void {
  release(peer, out, (unseen) => unseen.seq <= seq)
}

export function connectedPeers(peer: Peer): readonly PeerId[] {
  const up: PeerId[] = []
  for (const [other, connection] of peer.connections) if (connection.state === 'up') up.push(other)
  return up
}

function release(peer: Peer, out: Out, isDue: (unseen: Unseen) => boolean): void {
  const due = peer.unseen.filter(isDue)
  if (due.length === 0) return
  const left = peer.unseen.filter((unseen) => !due.includes(unseen))
  peer.unseen.length = 0
  peer.unseen.push(...left)
  for (const unseen of due) answer(out, unseen)
}

function answer(out: Out, { to, rid, reply }: Unseen): void {
  if (reply === 'committed') send(out, to, { kind: 'committed', rid })
  else send(out, to, operated(rid, reply))
}

function operated(rid: RequestId, reply: OperationReply): { kind: 'operated'; rid: RequestId; reply: OperationReply } {
  return { kind: 'operated', rid, reply }
}
