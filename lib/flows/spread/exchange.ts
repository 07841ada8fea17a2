/**
 * Keeps the replicas equal: each second a peer shows another one hash of all that it knows; where they differ they tell
 * each other how far they know every log, and send what the other lacks.
 *
 * Whoever is partitioned for however long catches up at the first exchange; a pushed record is only faster.
 */
import type { PeerId, ProjectId, SnapshotId, VolumeId } from '../../model/ids.ts'
import { comparePositions, headText, type LogHead } from '../../model/log.ts'
import { hostOf } from '../../model/manifest.ts'
import type { KnownHead, PeerMessage } from '../../model/message.ts'
import { type Delta, deltasFor, type OwnerLog, positionOf } from '../../replica/log.ts'
import { applyDelta, headOf, headsOf, logOf, tallyOf } from '../../replica/view.ts'
import { note, type Out, send, timer } from '../out.ts'
import type { Peer } from '../tables.ts'
import { connectedPeers } from './publish.ts'

/** Parts in one answer: about 2 MB at once, the rest when they have arrived. */
const PARTS_MAX = 8

export function startExchange(peer: Peer, out: Out): void {
  timer(out, 'heads', peer.options.timings.headsMs)
}

/** One random connected peer is shown what this one knows. */
export function onHeadsTimer(peer: Peer, out: Out): void {
  const others = connectedPeers(peer)
  const other = others[peer.options.rng.below(Math.max(1, others.length))]
  if (other !== undefined) send(out, other, { kind: 'tally', hash: tallyOf(peer.view) })
  startExchange(peer, out)
}

export function onTally(peer: Peer, out: Out, from: PeerId, hash: string): void {
  if (hash !== tallyOf(peer.view)) pull(peer, out, from)
}

/** Asks for everything that is missing here; of one peer at a time, or each would send it all. */
export function pull(peer: Peer, out: Out, from: PeerId): void {
  if (peer.pulling !== null) return
  peer.pulling = from
  timer(out, 'pull', peer.options.timings.pullMs)
  sendHeads(peer, out, from)
}

/** Nothing has come for a while: the next exchange may be with somebody else. */
export function onPullTimer(peer: Peer): void {
  peer.pulling = null
}

/** The other side answers `seen` with `ref` when it has sent everything. */
export function searchHeads(peer: Peer, out: Out, to: PeerId, ref: string, about: VolumeId | SnapshotId | null): void {
  send(out, to, { kind: 'heads', heads: headsOf(peer.view), only: null, ref, about })
}

/** Asks for one log. `log`: the copy of it that is to be completed. */
export function askForLog(out: Out, to: PeerId, owner: PeerId, log: OwnerLog): void {
  send(out, to, { kind: 'heads', heads: [positionOf(owner, log)], only: owner, ref: null, about: null })
}

export function onHeads(peer: Peer, out: Out, from: PeerId, message: Extract<PeerMessage, { kind: 'heads' }>): void {
  const { only, ref, about } = message
  const theirs = new Map(message.heads.map((head) => [head.owner, head]))
  const logs = only === null ? [...peer.view.logs] : [[only, logOf(peer.view, only)] as const]
  if (ref !== null) {
    // A host that does not know yet what it holds says nothing rather than too little.
    if (peer.recovery !== null) return
    for (const [owner, log] of logs) for (const part of deltasFor(log, theirs.get(owner) ?? null, PARTS_MAX)) send(out, from, part)
    const projects = about === null ? [] : registersNaming(peer, about)
    return send(out, from, { kind: 'seen', heads: headsOf(peer.view), kept: null, ref, projects })
  }
  for (const part of partsOf(logs, theirs)) send(out, from, part)
  if (only === null && message.heads.some((head) => isAhead(peer, head))) pull(peer, out, from)
}

/** What they lack of all these logs, up to the size of one answer. */
function partsOf(logs: readonly (readonly [PeerId, OwnerLog])[], theirs: ReadonlyMap<PeerId, KnownHead>): readonly Delta[] {
  const parts: Delta[] = []
  for (const [owner, log] of logs) {
    const last = parts.at(-1)
    const missing = deltasFor(log, theirs.get(owner) ?? null, Math.max(1, PARTS_MAX - parts.length))
    if (missing.length === 0) continue
    if (parts.length >= PARTS_MAX && last !== undefined) return [...parts.slice(0, -1), { ...last, more: true }]
    parts.push(...missing)
  }
  return parts
}

function sendHeads(peer: Peer, out: Out, to: PeerId): void {
  send(out, to, { kind: 'heads', heads: headsOf(peer.view), only: null, ref: null, about: null })
}

/** True if the other side knows more of this log, or another history of it. */
export function isAhead(peer: Peer, head: KnownHead): boolean {
  if (head.owner === peer.self || hostOf(peer.options.manifest, head.owner) === null) return false
  const mine = logOf(peer.view, head.owner)
  // Of a log that has forked nothing more is taken, until its owner begins a new epoch.
  if (mine.fork !== null && head.epoch <= mine.fork[0].epoch) return false
  const order = comparePositions(head, headOf(peer.view, head.owner))
  return order > 0 || (order === 0 && mine.head !== null && head.chain !== mine.head.chain.slice(0, 16))
}

/** A part of another owner's log. */
export function onDelta(peer: Peer, out: Out, from: PeerId, delta: Extract<PeerMessage, { kind: 'delta' }>): void {
  const { head } = delta
  const { owner } = head
  // A host that has left has no log any more, whatever somebody remembers of it who has missed the end.
  if (hostOf(peer.options.manifest, owner) === null) return
  const taken = applyDelta(peer.view, delta, (shown) => isSigned(peer, shown))
  const isPulled = peer.pulling === from
  if (isPulled) timer(out, 'pull', peer.options.timings.pullMs)
  if (delta.more && (taken.kind === 'staged' || taken.kind === 'applied' || taken.kind === 'old')) {
    if (isPulled) sendHeads(peer, out, from)
    else askForLog(out, from, owner, logOf(peer.view, owner))
  }
  switch (taken.kind) {
    case 'gap':
      return askForLog(out, from, owner, logOf(peer.view, owner))
    case 'staged':
      return
    case 'refused':
      note(out, taken.why === 'digest' ? 'warn' : 'error', 'log-refused', { owner, from, why: taken.why, epoch: head.epoch, seq: head.seq })
      // Wanted whole from now on. If the whole does not add up either, it is asked for at the next exchange, of somebody else perhaps.
      return taken.why === 'digest' && delta.from > 0 ? askForLog(out, from, owner, logOf(peer.view, owner)) : undefined
    case 'forked':
      return note(out, 'error', 'log-forked', { owner, heads: taken.fork })
    case 'applied':
      out.effects.push({ kind: 'replicate', head, records: taken.news, gone: taken.gone, whole: taken.whole })
      return acknowledge(peer, out, from, owner)
    case 'old':
      return acknowledge(peer, out, from, owner)
  }
}

/** Owners are told what of theirs is on this disk now. */
export function onKept(peer: Peer, out: Out, heads: readonly LogHead[]): void {
  for (const { owner, epoch, seq } of heads) {
    peer.kept.set(owner, { epoch, seq })
    if (peer.connections.get(owner)?.state === 'up') acknowledge(peer, out, owner, owner)
  }
}

/** The owner lets answers go, and tombstones, by what has been seen; it tells registers of what is kept. */
function acknowledge(peer: Peer, out: Out, from: PeerId, owner: PeerId): void {
  if (from !== owner) return
  const heads = [positionOf(owner, logOf(peer.view, owner))]
  send(out, from, { kind: 'seen', heads, kept: peer.kept.get(owner) ?? null, ref: null, projects: [] })
}

export function isSigned(peer: Peer, head: LogHead): boolean {
  return peer.options.signer.verify(head.owner, headText(peer.options.manifest.cluster, head.owner, head), head.signature)
}

/** Registers in which this member holds something about it. What one member holds may not be decided: a hint where to read. */
export function registersNaming(peer: Peer, about: VolumeId | SnapshotId): readonly ProjectId[] {
  const projects: ProjectId[] = []
  for (const [project, { cell }] of peer.acceptors) {
    const isGranted = [...cell.bound.values()].some(({ volume, snapshot }) => volume === about || snapshot?.id === about)
    const hasEnded = [...cell.recent.values()].some(({ volume, snapshot }) => volume === about || snapshot === about)
    if (isGranted || hasEnded || [...cell.unplaced.values()].some(({ spec }) => spec.id === about)) projects.push(project)
  }
  return projects
}
