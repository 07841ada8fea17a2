/**
 * Asks hosts what lies on them that is no volume's, and gathers what they say.
 *
 * A host that does not answer in time is named as silent: nobody may take its silence for an empty host.
 */
import { isMember } from '../../model/manifest.ts'
import type { HostLook } from '../../model/existing.ts'
import type { PeerId } from '../../model/ids.ts'
import { success } from '../../model/failure.ts'
import { cancel, freshName, type Out, reply, send, timer } from '../out.ts'
import type { Peer } from '../tables.ts'
import type { Looking } from './requests.ts'

/** @param host null: every member */
export function onClientLook(peer: Peer, out: Out, client: string, host: PeerId | null): void {
  const { manifest, timings } = peer.options
  const asked = manifest.hosts.map((one) => one.peer).filter((one) => (host === null || one === host) && isMember(manifest, one))
  const isUp = (one: PeerId): boolean => one === peer.self || peer.connections.get(one)?.state === 'up'
  const looking: Looking = { client, waiting: asked.filter(isUp), silent: asked.filter((one) => !isUp(one)), looks: [] }
  if (looking.waiting.length === 0) return answer(out, looking)
  const ref = freshName(peer)
  peer.looking.set(ref, looking)
  timer(out, `look/${ref}`, timings.operateMs)
  for (const one of looking.waiting) send(out, one, { kind: 'look', ref })
}

export function onHostLooked(peer: Peer, out: Out, from: PeerId, ref: string, look: HostLook): void {
  const looking = peer.looking.get(ref)
  if (looking === undefined || !looking.waiting.includes(from)) return
  const waiting = looking.waiting.filter((one) => one !== from)
  goOn(peer, out, ref, { ...looking, waiting, looks: [...looking.looks, { host: from, look }] })
}

/** `host` cannot be asked; null: the time is up for all that are waited for. */
export function onLookSilent(peer: Peer, out: Out, ref: string, host: PeerId | null): void {
  const looking = peer.looking.get(ref)
  if (looking === undefined) return
  const gone = looking.waiting.filter((one) => host === null || one === host)
  const waiting = looking.waiting.filter((one) => !gone.includes(one))
  goOn(peer, out, ref, { ...looking, waiting, silent: [...looking.silent, ...gone] })
}

/** Whoever is down is not waited for. */
export function onLookedAway(peer: Peer, out: Out, host: PeerId): void {
  for (const [ref, { waiting }] of [...peer.looking]) if (waiting.includes(host)) onLookSilent(peer, out, ref, host)
}

function goOn(peer: Peer, out: Out, ref: string, looking: Looking): void {
  if (looking.waiting.length > 0) {
    peer.looking.set(ref, looking)
    return
  }
  peer.looking.delete(ref)
  cancel(out, `look/${ref}`)
  answer(out, looking)
}

function answer(out: Out, { client, looks, silent }: Looking): void {
  reply(out, client, { kind: 'look', result: success({ looks, silent }) })
}
