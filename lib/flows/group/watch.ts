/**
 * Members of a home group look after grants that stay open (a coordinator that died after BIND told nobody), and after
 * deletes whose owner was away when they were asked for; and for volume types that nobody's copy has, because the one who
 * changed them never heard the answer.
 *
 * What one member has accepted may not be decided, so each look is a read of the register.
 */
import { catalogueOf } from '../../model/catalogue.ts'
import { catalogueIn } from '../../model/cell.ts'
import { CLUSTER_PROJECT, type PeerId } from '../../model/ids.ts'
import type { LedgerContents } from '../../model/ledger.ts'
import { goneHosts, isGoneHost } from '../../model/manifest.ts'
import { onTypesHeard } from '../spread/catalogue.ts'
import { membersOf } from './members.ts'
import { type Out, send, timer } from '../out.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { askRegister } from './ask.ts'
import { lastWord, unburied } from './bury.ts'

export function startWatch(peer: Peer, out: Out): void {
  timer(out, 'watch', peer.options.timings.watchMs)
}

export function onWatchTimer(peer: Peer, out: Out, now: Now): void {
  const isGone = (host: PeerId): boolean => isGoneHost(peer.options.manifest, host)
  const gone = new Set(goneHosts(peer.options.manifest))
  for (const [project, acceptor] of peer.acceptors) {
    const hasOld = [...acceptor.cell.bound.values()].some((binding) => isOld(peer, binding.atMs, now) && !isGone(binding.host))
    if ((hasOld || acceptor.cell.intents.size > 0) && membersOf(peer, project).includes(peer.self)) {
      askRegister(peer, out, project, { kind: 'read', about: null }, { kind: 'watch', project })
    }
    if (!membersOf(peer, project).includes(peer.self)) continue
    for (const host of unburied(peer, acceptor.cell, gone))
      askRegister(peer, out, project, lastWord(peer, project, host, null, now), { kind: 'forget', client: null })
  }
  const catalogue = peer.acceptors.get(CLUSTER_PROJECT)?.cell
  if (catalogue !== undefined) onTypesHeard(peer, out, catalogueOf(catalogueIn(catalogue)).version)
  startWatch(peer, out)
}

export function onWatched(peer: Peer, out: Out, contents: LedgerContents, now: Now): void {
  const { project } = contents
  // Where a host is gone its account is closed (bury.ts), and nobody waits for it.
  const { manifest } = peer.options
  for (const { host, volume } of contents.intents) if (!isGoneHost(manifest, host)) send(out, host, { kind: 'intent', project, volume })
  for (const { rid, volume, host, reservation, atMs } of contents.bound) {
    if (!isOld(peer, atMs, now) || isGoneHost(manifest, host)) continue
    // What was read is no proof; the host asks for one.
    send(out, host, { kind: 'commit', certificate: { project, rid, volume, host, reservation, proof: null } })
  }
}

/** By the wall clock, that of another host even: a wrong one sends a COMMIT too many, or one later. */
function isOld(peer: Peer, atMs: number, now: Now): boolean {
  return Math.abs(now.wallMs - atMs) >= peer.options.timings.watchMs
}
