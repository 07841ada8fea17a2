/**
 * Appends to this host's log, spreads what was appended, and holds answers back until the others have seen it.
 *
 * An entry gets its place in the log in the batch that decides it, and is signed and shown only when that batch is
 * durable. A client that was answered may ask any peer next, so an answer waits (briefly: a silent peer delays it, and
 * never prevents it) until every connected peer has the record.
 */
import type { PeerId, RequestId, VolumeId } from '../../model/ids.ts'
import { appended, headText, type LogHead, type LogState, type PublishedRecord, recordHash, xorHex } from '../../model/log.ts'
import type { OperationReply } from '../../model/request.ts'
import { majorityOf } from '../../register/home-group.ts'
import { appendOwn } from '../../replica/view.ts'
import { tombKey } from '../keys.ts'
import { dropOwned, journalDrop, journalPut, keepHost, keepOwned, type Out, send, timer } from '../out.ts'
import type { LogPlace } from '../../model/message.ts'
import type { Now, PublishedEntry } from '../step.ts'
import type { Peer, Tomb } from '../tables.ts'
import type { Owned } from '../owner/owned.ts'
import type { Unseen } from '../owner/untold.ts'

/** Tombstones that wait for hosts which have not seen them; beyond that those hosts will have to take the log whole. */
const TOMBS_MAX = 8192

/** Stores `owned` as the newest record of its volume and publishes it once durable. */
export function publishOwned(peer: Peer, out: Out, owned: Owned, now: Now): Owned {
  const record: PublishedRecord = { seq: peer.log.seq + 1, id: owned.volume.id, volume: { ...owned.volume, updatedAtMs: now.wallMs } }
  const hash = recordHash(record)
  const kept = keepOwned(peer, out, { ...owned, seq: record.seq, hash, volume: record.volume ?? owned.volume })
  append(peer, out, record, hash, owned.hash)
  return kept
}

/** The volume is gone: a tombstone takes its place. `wasReleased`: its bytes are not. */
export function publishTomb(peer: Peer, out: Out, id: VolumeId, wasReleased = false): void {
  const record: PublishedRecord = { seq: peer.log.seq + 1, id, volume: null }
  const hash = recordHash(record)
  const replaced = peer.owned.get(id)?.hash ?? peer.tombs.get(id)?.hash ?? null
  dropOwned(peer, out, id)
  const tomb: Tomb = { seq: record.seq, hash, ...(wasReleased ? { wasReleased } : {}) }
  peer.tombs.set(id, tomb)
  journalPut(out, tombKey(id), tomb)
  append(peer, out, record, hash, replaced)
}

/** First entry of a boot: from here on the log bears a new epoch. */
export function publishEpoch(peer: Peer, out: Out, epoch: number): void {
  peer.log = { ...peer.log, epoch, since: peer.log.seq }
  append(peer, out, null, null, null)
}

/**
 * Collects tombstones that every host of the cluster has seen, not only the live ones; the oldest of too many go early.
 * The floor rises with them, so that a host which had not seen them takes the log whole instead of half.
 */
export function collectTombs(peer: Peer, out: Out): void {
  // A grant that this host has forgotten may be for one of them.
  if ([...peer.settled.values()].some(({ isAgain }) => isAgain)) return
  const others = otherMembers(peer)
  const { epoch, floor } = peer.log
  const acked = others.map((other) => peer.acks.get(other)).map((ack) => (ack?.epoch === epoch ? ack.seq : 0))
  // A grant stays in its register until it is folded; while it does, the tombstone is what says that the volume is gone.
  const unfolded = Math.min(...[...peer.settled.values()].map(({ seq }) => seq - 1), peer.log.seq)
  const tombs = [...peer.tombs].sort(([, a], [, b]) => a.seq - b.seq)
  const tooMany = tombs[tombs.length - TOMBS_MAX - 1]?.[1].seq ?? 0
  const raised = Math.min(unfolded, Math.max(Math.min(peer.log.seq, ...acked), tooMany))
  const gone = tombs.filter(([, { seq }]) => seq <= raised)
  if (raised <= floor || gone.length === 0) return
  let { digest } = peer.log
  for (const [id, { hash }] of gone) {
    digest = xorHex(digest, hash)
    peer.tombs.delete(id)
    journalDrop(out, tombKey(id))
  }
  peer.log = { ...peer.log, digest, floor: raised }
  append(
    peer,
    out,
    null,
    null,
    null,
    gone.map(([id]) => id),
  )
}

function append(
  peer: Peer,
  out: Out,
  record: PublishedRecord | null,
  added: string | null,
  replaced: string | null,
  gone: readonly VolumeId[] = [],
): void {
  peer.log = appended(peer.log, added, replaced)
  keepHost(peer, out)
  out.effects.push({ kind: 'publish', entry: { state: peer.log, record, gone } })
}

/** The entry is durable: show it here and send it to everybody who is connected. */
export function onPublished(peer: Peer, out: Out, { state, record, gone }: PublishedEntry): void {
  const head = signed(peer, state)
  appendOwn(peer.view, head, record, gone)
  const after = state.seq - 1
  const delta = { kind: 'delta', head, from: after, after, upTo: state.seq, more: false, records: record === null ? [] : [record] } as const
  for (const other of connectedPeers(peer)) send(out, other, delta)
}

function signed(peer: Peer, state: LogState): LogHead {
  const text = headText(peer.options.manifest.cluster, peer.self, state)
  return { ...state, owner: peer.self, signature: peer.options.signer.sign(text) }
}

/** Answers `to` about `rid` once every connected peer has seen the newest record of this step. */
export function answerWhenSeen(peer: Peer, out: Out, to: PeerId, rid: RequestId, reply: Unseen['reply']): void {
  const { seq } = peer.log
  const waiting = new Set(connectedPeers(peer))
  if (waiting.size === 0) return answer(out, { seq, waiting, to, rid, reply })
  peer.unseen.push({ seq, waiting, to, rid, reply })
  timer(out, `seen/${seq}`, peer.options.timings.seenMs)
}

/** `from` has this host's log up to `seq`. */
export function onSeenUpTo(peer: Peer, out: Out, from: PeerId, epoch: number, seq: number): void {
  raise(peer.acks, from, { epoch, seq })
  if (epoch !== peer.log.epoch) return
  release(peer, out, (unseen) => {
    if (unseen.seq <= seq) unseen.waiting.delete(from)
    return unseen.waiting.size === 0
  })
}

/** `from` has it on its disk. */
export function onKeptUpTo(peer: Peer, from: PeerId, place: LogPlace): void {
  raise(peer.keptBy, from, place)
}

function raise(places: Map<PeerId, LogPlace>, from: PeerId, { epoch, seq }: LogPlace): void {
  const known = places.get(from)
  if (known === undefined || known.epoch < epoch || (known.epoch === epoch && known.seq < seq)) places.set(from, { epoch, seq })
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

/** True if so many hosts have this host's log up to `seq` on their disks that a majority of the cluster has. In a cluster of two nobody need. */
export function isKeptElsewhere(peer: Peer, seq: number): boolean {
  const others = otherMembers(peer)
  if (others.length < 2) return true
  return others.filter((other) => isKeptBy(peer, other, seq)).length + 1 >= majorityOf(others.length + 1)
}

/** Those who have not said that they have kept as much are shown where this log is: they ask for what they lack, or say that they have it. */
export function showHead(peer: Peer, out: Out, seq: number): void {
  const head = peer.view.logs.get(peer.self)?.head ?? null
  if (head === null || head.seq < seq) return
  const shown = { kind: 'delta', head, from: head.seq, after: head.seq, upTo: head.seq, more: false, records: [] } as const
  for (const other of connectedPeers(peer)) if (!isKeptBy(peer, other, seq)) send(out, other, shown)
}

function isKeptBy(peer: Peer, other: PeerId, seq: number): boolean {
  const kept = peer.keptBy.get(other)
  return kept !== undefined && kept.epoch === peer.log.epoch && kept.seq >= seq
}

function otherMembers({ options, self }: Peer): readonly PeerId[] {
  return options.manifest.hosts.filter((host) => host.peer !== self && host.state !== 'lost').map((host) => host.peer)
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
