/**
 * Keeps the replicas equal: each peer tells another how far it knows every log, and gets what it lacks.
 *
 * Whoever is partitioned for however long catches up at the first exchange; a gossiped or pushed record is only faster.
 */
import type { PeerId } from '../../model/ids.ts'
import type { Head, PeerMessage } from '../../model/message.ts'
import { applyDelta, deltasAfter, headOf, headsOf } from '../../replica/view.ts'
import { type Out, send, timer } from '../out.ts'
import type { Peer } from '../tables.ts'
import { connectedPeers } from './publish.ts'

/** Records in one message, and messages in one answer: at most about 2 MB at once, the rest at the next exchange. */
const RECORDS_MAX = 128
const PARTS_MAX = 8

export function startExchange(peer: Peer, out: Out): void {
  timer(out, 'heads', peer.options.timings.headsMs)
}

/** One random connected peer hears how far this one is. */
export function onHeadsTimer(peer: Peer, out: Out): void {
  const others = connectedPeers(peer)
  const other = others[peer.options.rng.below(Math.max(1, others.length))]
  if (other !== undefined) sendHeads(peer, out, other, null)
  startExchange(peer, out)
}

/** `ref`: the other side answers `seen` with it when it has sent everything. */
export function sendHeads(peer: Peer, out: Out, to: PeerId, ref: string | null): void {
  send(out, to, { kind: 'heads', heads: headsOf(peer.view), ref })
}

export function onHeads(peer: Peer, out: Out, from: PeerId, message: Extract<PeerMessage, { kind: 'heads' }>): void {
  const theirs = new Map(message.heads.map((head) => [head.owner, head.seq]))
  for (const { owner, seq } of headsOf(peer.view)) {
    const known = theirs.get(owner) ?? 0
    if (known < seq) for (const part of deltasAfter(peer.view, owner, known, RECORDS_MAX, PARTS_MAX)) send(out, from, part)
  }
  const isBehind = message.heads.some((head) => head.seq > headOf(peer.view, head.owner))
  if (message.ref !== null) send(out, from, { kind: 'seen', heads: headsOf(peer.view), ref: message.ref })
  else if (isBehind) sendHeads(peer, out, from, null)
}

/** @returns the owner's head here after the delta, to be acknowledged to the owner */
export function onDelta(peer: Peer, out: Out, from: PeerId, delta: Extract<PeerMessage, { kind: 'delta' }>): void {
  // Nobody else writes this host's log; a copy of it teaches the owner nothing.
  if (delta.owner === peer.self) return
  const result = applyDelta(peer.view, delta)
  if (result.kind === 'gap') return sendHeads(peer, out, from, null)
  if (result.news.length > 0) {
    out.effects.push({ kind: 'replicate', owner: delta.owner, epoch: delta.epoch, upTo: delta.upTo, records: result.news })
  }
  if (from === delta.owner) {
    const head: Head = { owner: delta.owner, epoch: delta.epoch, seq: headOf(peer.view, delta.owner) }
    send(out, from, { kind: 'seen', heads: [head], ref: null })
  }
}
