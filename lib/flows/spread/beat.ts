/**
 * Tells the others what this host has, and remembers what they told: a hint for placement, and for display.
 */
import { effectiveServices } from '../../model/catalogue.ts'
import type { Beat, HostView } from '../../model/host.ts'
import type { ManifestHost } from '../../model/manifest.ts'
import type { PoolView } from '../../model/placement.ts'
import { isBarred } from '../../model/service.ts'
import { pendingRegisters } from '../group/install.ts'
import { isDraining, ownPools } from '../owner/capacity.ts'
import { type Out, send, timer } from '../out.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { onLifeHeard, seemsDown, seemsSteady } from './suspect.ts'
import type { PeerId } from '../../model/ids.ts'

/** With 100 hosts one beat in 15 s. */
const BEAT_MS_PER_HOST = 150

/** Something changed that placement cares for: beat soon, but not for every change. */
export function beatSoon(peer: Peer, out: Out): void {
  if (peer.beatTimer) return
  peer.beatTimer = true
  timer(out, 'beat-soon', peer.options.timings.beatSoonMs)
}

export function onBeatSoon(peer: Peer, out: Out, now: Now): void {
  peer.beatTimer = false
  beat(peer, out, now)
}

/** A beat reaches everybody: the more hosts there are, the less often each says that nothing has changed. */
function beatEveryMs({ options }: Peer): number {
  return Math.max(options.timings.beatMs, BEAT_MS_PER_HOST * options.manifest.hosts.length)
}

export function onBeatTimer(peer: Peer, out: Out, now: Now): void {
  beat(peer, out, now)
  timer(out, 'beat', beatEveryMs(peer))
}

/** A peer that has just come up hears this host at once; gossip forgets whoever was not there. */
export function greet(peer: Peer, out: Out, to: PeerId, now: Now): void {
  send(out, to, { kind: 'beat', beat: makeBeat(peer, now) })
}

export function onBeat(peer: Peer, out: Out, heard: Beat, now: Now): void {
  onLifeHeard(peer, out, heard, now)
  const known = peer.beats.get(heard.peer)
  const isOlder = known !== undefined && (known.beat.epoch > heard.epoch || (known.beat.epoch === heard.epoch && known.beat.n >= heard.n))
  if (!isOlder) peer.beats.set(heard.peer, { beat: heard, monoMs: now.monoMs, wallMs: now.wallMs })
}

/** Every pool that this peer knows of, sorted by host and pool: what a ranking is made on. */
export function knownPools(peer: Peer, now: Now): readonly PoolView[] {
  const marks = effectiveServices(peer.catalogue.entries)
  return peer.options.manifest.hosts
    .flatMap((host) => (host.peer === peer.self ? ownCandidates(peer) : heardPools(peer, host, now)))
    .map((pool) => (pool.state === 'up' && isBarred(marks, pool.name) ? { ...pool, state: 'disabled' } : pool))
}

export function knownHosts(peer: Peer, now: Now): readonly HostView[] {
  return peer.options.manifest.hosts.map((host): HostView => {
    const heard = peer.beats.get(host.peer)
    const { name, zone, voter } = host
    return {
      peer: host.peer,
      name,
      zone,
      voter,
      state: stateOf(peer, host, now),
      lastBeatMs: heard?.wallMs ?? null,
      beat: heard?.beat ?? null,
    }
  })
}

/** This host starts, or has not heard of another one since it did, nor that it is away: what there is will be known in a moment. */
export function isPictureYoung(peer: Peer): boolean {
  return peer.state === 'recovering' || peer.options.manifest.hosts.some((host) => isUnheard(peer, host))
}

function isUnheard({ self, beats, connections }: Peer, { peer, state }: ManifestHost): boolean {
  return peer !== self && state !== 'lost' && !beats.has(peer) && connections.get(peer)?.state !== 'down'
}

function beat(peer: Peer, out: Out, now: Now): void {
  out.effects.push({ kind: 'gossip', beat: makeBeat(peer, now) })
}

function makeBeat(peer: Peer, now: Now): Beat {
  peer.beatCount += 1
  const pools = ownPools(peer).map(({ name, state, capabilities, queue }) => ({
    name,
    state: state === 'stalled' ? ('stalled' as const) : ('up' as const),
    capabilities,
    queue,
  }))
  const { version, api } = peer.options
  const made: Beat = {
    peer: peer.self,
    epoch: peer.epoch,
    n: peer.beatCount,
    state: ownState(peer),
    version,
    pools,
    head: peer.log.seq,
    held: peer.owned.size + peer.settled.size,
    pending: pendingRegisters(peer),
    voting: peer.options.manifest.voting.epoch,
    types: peer.catalogue.version,
    api,
  }
  peer.beats.set(peer.self, { beat: made, monoMs: now.monoMs, wallMs: now.wallMs })
  return made
}

/** A host that drains serves what it has, and takes nothing new. */
function ownCandidates(peer: Peer): readonly PoolView[] {
  const pools = ownPools(peer)
  return isDraining(peer) ? pools.map((pool) => ({ ...pool, state: 'draining' })) : pools
}

function heardPools(peer: Peer, host: ManifestHost, now: Now): readonly PoolView[] {
  const heard = peer.beats.get(host.peer)
  if (heard === undefined) return []
  const hostState = stateOf(peer, host, now)
  if (hostState === 'lost') return []
  const isCandidate = hostState === 'up' && seemsSteady(peer, host.peer, now)
  return heard.beat.pools.map(({ name, state, capabilities, queue }) => ({
    name,
    peer: host.peer,
    zone: host.zone,
    state: isCandidate ? state : hostState === 'up' ? 'down' : hostState,
    capabilities,
    queue,
  }))
}

function stateOf(peer: Peer, host: ManifestHost, now: Now): HostView['state'] {
  if (host.state === 'lost') return 'lost'
  if (host.peer === peer.self) return shownState(ownState(peer))
  const heard = peer.beats.get(host.peer)
  if (heard === undefined || now.monoMs - heard.monoMs > Math.max(peer.options.timings.staleMs, 3 * beatEveryMs(peer))) return 'down'
  if (peer.connections.get(host.peer)?.state !== 'up' || seemsDown(peer, host.peer)) return 'down'
  // It may not know yet that it drains.
  return shownState(host.state === 'draining' && heard.beat.state === 'ready' ? 'draining' : heard.beat.state)
}

function ownState(peer: Peer): Beat['state'] {
  return peer.state === 'ready' && isDraining(peer) ? 'draining' : peer.state
}

function shownState(state: Beat['state']): HostView['state'] {
  return state === 'ready' ? 'up' : state
}
