/**
 * The common part of every operation at its owner: who waits, what is remembered, how often a command is tried.
 *
 * An operation that ended well is remembered for a day under its request, in the batch that ended it, so that a repeat
 * gets the same answer and does nothing twice. A secret is never part of what is remembered.
 */
import { exportIqn, type Attachment, type Connection } from '../../model/attachment.ts'
import type { PeerId, RequestId, VolumeId } from '../../model/ids.ts'
import { failure, type Failure, success } from '../../model/failure.ts'
import { keyName } from '../../model/transfer.ts'
import { NO_VALUE, type OperationReply, type OperationValue } from '../../model/request.ts'
import type { Volume } from '../../model/volume.ts'
import { resultKey } from '../keys.ts'
import { journalDrop, journalPut, type Out, send } from '../out.ts'
import { answerWhenSeen } from '../spread/publish.ts'
import type { BackendCall, Now, TargetCall } from '../step.ts'
import { COMMAND_TRIES_MAX } from '../timings.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'

const RESULT_TTL_MS = 24 * 60 * 60 * 1000
const RESULTS_MAX = 8192
export const LUN = 1

/** Remembers that `from` waits for this operation, which is at work. */
export function waitFor(peer: Peer, rid: RequestId, from: PeerId): void {
  const known = peer.waiting.get(rid) ?? []
  if (!known.includes(from)) peer.waiting.set(rid, [...known, from])
}

/** The operation is done: remembers it and answers everybody who waits, once they can see it anywhere. */
export function endWell(peer: Peer, out: Out, rid: RequestId, volume: Volume | null, attachment: Attachment | null, now: Now): void {
  endWith(peer, out, rid, { ...NO_VALUE, volume, attachment }, now)
}

export function endWith(peer: Peer, out: Out, rid: RequestId, value: OperationValue, now: Now): void {
  const reply = slim(success(value))
  peer.results.set(rid, { reply, sinceMs: now.monoMs })
  journalPut(out, resultKey(rid), { reply })
  for (const from of takeWaiting(peer, rid)) answerWhenSeen(peer, out, from, rid, withSecret(peer, reply))
}

/** The operation came to nothing. Not remembered: a repeat tries anew. */
export function endBadly(peer: Peer, out: Out, rid: RequestId, facts: Failure): void {
  for (const from of takeWaiting(peer, rid)) answerWhenSeen(peer, out, from, rid, failure(facts))
}

export function answerNow(out: Out, from: PeerId, rid: RequestId, reply: OperationReply): void {
  send(out, from, { kind: 'operated', rid, reply: slim(reply) })
}

/** The answer to one who asked for room. */
export function refuseAnswer(out: Out, from: PeerId, rid: RequestId, reply: OperationReply): void {
  send(out, from, { kind: 'refused', rid, refusal: { kind: 'operation', reply: slim(reply) } })
}

function slim(reply: OperationReply): OperationReply {
  if (!reply.ok || reply.value.volume === null) return reply
  return success({ ...reply.value, volume: { ...reply.value.volume, snapshots: [] } })
}

/** The answer with its secret put in, for those who may connect, and for those who have offered a volume. */
export function withSecret(peer: Peer, reply: OperationReply): OperationReply {
  if (!reply.ok) return reply
  const { transfer } = reply.value
  if (transfer?.state === 'open') return success({ ...reply.value, authKey: peer.options.secretOf(keyName(transfer.id)) })
  if (reply.value.attachment === null) return reply
  return success({ ...reply.value, connection: connectionOf(peer, reply.value.attachment) })
}

/** How to reach this attachment's export; null while there is none. */
function connectionOf(peer: Peer, attachment: Attachment): Connection | null {
  const live = peer.owned.get(attachment.volume)?.volume.attachments.find((one) => one.id === attachment.id)
  if (live?.export !== 'exported') return null
  const iqn = exportIqn(live.volume, live.generation)
  return { portal: peer.options.portal, iqn, lun: LUN, username: usernameOf(live), password: peer.options.secretOf(iqn) }
}

/** A CHAP account of its own for every export. */
export function usernameOf(attachment: Attachment): string {
  return `${attachment.id}-${attachment.generation}`
}

export function backend(out: Out, volume: VolumeId, job: string, call: BackendCall): void {
  out.effects.push({ kind: 'backend', job, volume, call })
}

export function target(out: Out, volume: VolumeId, job: string, call: TargetCall): void {
  out.effects.push({ kind: 'target', job, volume, call })
}

/** Counts a try; true while there is another one left. */
export function mayTryAgain(peer: Peer, what: string): boolean {
  const tries = (peer.tries.get(what) ?? 0) + 1
  peer.tries.set(what, tries)
  if (tries < COMMAND_TRIES_MAX) return true
  peer.tries.delete(what)
  return false
}

/** What the tool said, once; null if it said nothing to this process. */
export function takeTrouble(peer: Peer, id: VolumeId): { readonly tool: string; readonly detail: string } | null {
  const trouble = peer.troubles.get(id) ?? null
  peer.troubles.delete(id)
  return trouble
}

/** Drops answers that are a day old by this life's own clock, or the oldest of too many. */
export function forgetResults(peer: Peer, out: Out, now: Now): void {
  let excess = peer.results.size - RESULTS_MAX
  for (const [rid, { sinceMs }] of peer.results) {
    if (excess <= 0 && now.monoMs - sinceMs < RESULT_TTL_MS) continue
    excess -= 1
    peer.results.delete(rid)
    journalDrop(out, resultKey(rid))
  }
}

export function attachmentOf(owned: Owned, id: Attachment['id']): Attachment | null {
  return owned.volume.attachments.find((attachment) => attachment.id === id) ?? null
}

/** The volume with one attachment changed, or taken out (`to` null). */
export function withAttachment(owned: Owned, id: Attachment['id'], to: Attachment | null): readonly Attachment[] {
  const others = owned.volume.attachments.filter((attachment) => attachment.id !== id)
  if (to === null) return others
  const at = owned.volume.attachments.findIndex((attachment) => attachment.id === id)
  return at < 0 ? [...others, to] : owned.volume.attachments.map((attachment) => (attachment.id === id ? to : attachment))
}

function takeWaiting(peer: Peer, rid: RequestId): readonly PeerId[] {
  const waiting = peer.waiting.get(rid) ?? []
  peer.waiting.delete(rid)
  return waiting
}
