/**
 * The tables of a host that starts, out of what its journal and its replica have kept.
 *
 * The journal has checked its own chain, and this program wrote what is in it; nothing is decided here. A replica that is
 * gone costs time and no knowledge: the others send it again.
 */
import type { Ballot } from '../model/ballot.ts'
import type { Catalogue } from '../model/catalogue.ts'
import { putEntry } from '../model/cell.ts'
import type { PeerId, RequestId, VolumeId } from '../model/ids.ts'
import type { Json } from '../model/json.ts'
import type { LedgerEntry } from '../model/ledger.ts'
import { headText, type LogHead, type LogState, type PublishedRecord } from '../model/log.ts'
import type { OperationReply } from '../model/request.ts'
import { hostOf } from '../model/manifest.ts'
import { replaceLog } from '../replica/view.ts'
import { cellProject, KEYS, keyTail } from './keys.ts'
import { acceptorOf, newPeer, type Peer, type PeerOptions, setOwned, type Tomb } from './tables.ts'
import type { Owned } from './owner/owned.ts'
import type { Settled } from './owner/untold.ts'

/** What a replica kept of the other owners' logs. */
export interface StoredReplica {
  readonly heads: readonly LogHead[]
  readonly records: readonly { readonly owner: PeerId; readonly record: PublishedRecord }[]
}

/**
 * The tables as the journal and the replica hold them; not yet started.
 *
 * @param entries everything in the journal, as this program wrote it (the journal has checked its own chain)
 */
export function createPeer(options: PeerOptions, entries: ReadonlyArray<readonly [string, Json]>, replica: StoredReplica): Peer {
  const peer = newPeer(options, !options.isNew && !entries.some(([key]) => key === KEYS.host))
  for (const [key, value] of entries) restoreEntry(peer, key, value)
  restoreReplica(peer, replica)
  restoreOwnLog(peer)
  return peer
}

function restoreEntry(peer: Peer, key: string, value: unknown): void {
  const kind = key.slice(0, key.indexOf('/') + 1) || key
  switch (kind) {
    case KEYS.host: {
      const host = value as { epoch: number; reservations: number; log: LogState; isLost: boolean }
      peer.epoch = host.epoch
      peer.log = host.log
      peer.reservations = host.reservations
      peer.isLost = host.isLost
      return
    }
    case KEYS.volume:
      setOwned(peer, keyTail(key) as VolumeId, value as Owned)
      return
    case KEYS.tomb:
      peer.tombs.set(keyTail(key) as VolumeId, value as Tomb)
      return
    case KEYS.settled:
      peer.settled.set(keyTail(key) as RequestId, value as Settled)
      return
    case KEYS.result:
      peer.results.set(keyTail(key) as RequestId, { reply: (value as { reply: OperationReply }).reply, sinceMs: 0 })
      return
    case KEYS.register: {
      const register = value as { promised: Ballot | null; accepted: Ballot | null; group: number; lives: [PeerId, number][] }
      const acceptor = acceptorOf(peer, cellProject(key))
      acceptor.promised = register.promised
      acceptor.accepted = register.accepted
      acceptor.group = register.group
      for (const [member, life] of register.lives) acceptor.lives.set(member, life)
      return
    }
    case KEYS.types:
      peer.catalogue = value as Catalogue
      return
    case KEYS.cell: {
      const tail = keyTail(key)
      const acceptor = acceptorOf(peer, cellProject(key))
      putEntry(acceptor.cell, { key: tail.slice(tail.indexOf('/') + 1), entry: value as LedgerEntry })
    }
  }
}

function restoreReplica(peer: Peer, replica: StoredReplica): void {
  const byOwner = new Map<PeerId, PublishedRecord[]>()
  for (const { owner, record } of replica.records) {
    const records = byOwner.get(owner)
    if (records === undefined) byOwner.set(owner, [record])
    else records.push(record)
  }
  const isOther = (owner: PeerId): boolean => owner !== peer.self && hostOf(peer.options.manifest, owner) !== null
  for (const head of replica.heads) if (isOther(head.owner)) replaceLog(peer.view, head.owner, head, byOwner.get(head.owner) ?? [])
}

/** This host's own log is in its journal: the newest record of each volume, and the tombstones. */
function restoreOwnLog(peer: Peer): void {
  const records: PublishedRecord[] = []
  for (const owned of peer.owned.values()) if (owned.seq > 0) records.push({ seq: owned.seq, id: owned.volume.id, volume: owned.volume })
  for (const [id, { seq }] of peer.tombs) records.push({ seq, id, volume: null })
  const { options, self, log } = peer
  const head = log.seq === 0 ? null : { ...log, owner: self, signature: options.signer.sign(headText(options.manifest.cluster, self, log)) }
  replaceLog(peer.view, self, head, records)
}
