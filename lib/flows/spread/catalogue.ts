/**
 * This peer's copy of the catalogue: read from the register of the cluster, kept in the journal, never older than it was.
 *
 * Beats say how new everybody's copy is; who hears of a newer one reads the register, one read at a time and with a pause
 * after one that came to nothing, unless a create waits for it. A start reads it too. A copy may be behind all the same:
 * the owner of a pool compares versions before it reserves.
 */
import { type CatalogueEntry, catalogueOf, effectiveTypes, type KnownType } from '../../model/catalogue.ts'
import { CLUSTER_PROJECT } from '../../model/ids.ts'
import { isForming } from '../../model/manifest.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import { askRegister } from '../group/ask.ts'
import { KEYS } from '../keys.ts'
import { cancel, journalPut, type Out, timer } from '../out.ts'
import type { Peer } from '../tables.ts'
import { beatSoon } from './beat.ts'

/** The types that count, by this peer's copy. */
export function typesOf(peer: Peer): readonly KnownType[] {
  return effectiveTypes(peer.options.manifest.types, peer.catalogue.entries)
}

/** First read of a life; whatever the beats say. */
export function startTypes(peer: Peer, out: Out): void {
  peer.typesWanted = Math.max(peer.typesWanted, peer.catalogue.version + 1)
  readTypes(peer, out)
}

/** Somebody's copy is this new. */
export function onTypesHeard(peer: Peer, out: Out, version: number): void {
  if (version <= peer.catalogue.version || peer.recovery !== null) return
  peer.typesWanted = Math.max(peer.typesWanted, version)
  readTypes(peer, out)
}

/** A create cannot go on before this copy is so new: the pause ends. The coordinator asks a few times in all, and so often is read. */
export function onTypesNeeded(peer: Peer, out: Out, version: number): void {
  if (version > peer.catalogue.version && peer.typesRead === 'paused') {
    cancel(out, 'types')
    peer.typesRead = 'idle'
  }
  onTypesHeard(peer, out, version)
}

export function onTypesTimer(peer: Peer, out: Out): void {
  peer.typesRead = 'idle'
  if (peer.typesWanted > peer.catalogue.version) readTypes(peer, out)
}

/** What the register said, or nobody could. */
export function onTypesRead(peer: Peer, out: Out, outcome: ChangeOutcome): void {
  if (outcome.kind === 'decided' && outcome.answer.kind === 'types') {
    takeTypes(peer, out, outcome.answer.entries)
    // What it holds is all that there is, whatever was expected.
    peer.typesWanted = peer.catalogue.version
    peer.typesRead = 'idle'
    return
  }
  peer.typesRead = 'paused'
  timer(out, 'types', peer.options.timings.retryMs)
}

/** A copy goes forward, and never back. */
export function takeTypes(peer: Peer, out: Out, entries: readonly CatalogueEntry[]): void {
  const read = catalogueOf(entries)
  if (read.version <= peer.catalogue.version) return
  peer.catalogue = read
  journalPut(out, KEYS.types, read)
  beatSoon(peer, out)
}

function readTypes(peer: Peer, out: Out): void {
  if (peer.typesRead !== 'idle') return
  if (isForming(peer.options.manifest)) {
    peer.typesRead = 'paused'
    return timer(out, 'types', peer.options.timings.retryMs)
  }
  peer.typesRead = 'asked'
  askRegister(peer, out, CLUSTER_PROJECT, { kind: 'read-types' }, { kind: 'types', asker: { kind: 'copy' } })
}
