/** What a step gathers: its batch and its effects, in order. */
import type { PeerId, ProjectId, VolumeId } from '../model/ids.ts'
import type { Json } from '../model/json.ts'
import type { PeerMessage } from '../model/message.ts'
import type { ClientReply } from '../model/request.ts'
import type { JournalOp } from '../ports/journal.ts'
import type { Acceptor } from '../register/acceptor.ts'
import { KEYS, registerKey, volumeKey } from './keys.ts'
import type { Effect } from './step.ts'
import { type Peer, setOwned } from './tables.ts'
import type { Owned } from './owner/owned.ts'

export interface Out {
  readonly batch: JournalOp[]
  readonly effects: Effect[]
}

export const newOut = (): Out => ({ batch: [], effects: [] })

/** `value` must be plain JSON; the types of the rules are. */
export function journalPut(out: Out, key: string, value: unknown): void {
  out.batch.push({ key, value: value as Json })
}

export function journalDrop(out: Out, key: string): void {
  out.batch.push({ key, value: undefined })
}

export function send(out: Out, to: PeerId, message: PeerMessage): void {
  out.effects.push({ kind: 'send', to, message })
}

export function reply(out: Out, id: string, answer: ClientReply): void {
  out.effects.push({ kind: 'reply', id, reply: answer })
}

export function timer(out: Out, key: string, afterMs: number): void {
  out.effects.push({ kind: 'timer', key, afterMs })
}

export function cancel(out: Out, key: string): void {
  out.effects.push({ kind: 'cancel', key })
}

export function note(out: Out, level: 'info' | 'warn' | 'error', event: string, fields: Readonly<Record<string, unknown>>): void {
  out.effects.push({ kind: 'note', level, event, fields })
}

/** Stores a volume of this host without publishing it. */
export function keepOwned(peer: Peer, out: Out, owned: Owned): Owned {
  setOwned(peer, owned.volume.id, owned)
  journalPut(out, volumeKey(owned.volume.id), owned)
  return owned
}

export function dropOwned(peer: Peer, out: Out, id: VolumeId): void {
  setOwned(peer, id, undefined)
  journalDrop(out, volumeKey(id))
}

export function keepHost(peer: Peer, out: Out): void {
  journalPut(out, KEYS.host, { epoch: peer.epoch, reservations: peer.reservations, log: peer.log, isLost: peer.isLost })
}

export function journalRegister(out: Out, project: ProjectId, { promised, accepted, group, lives }: Acceptor): void {
  journalPut(out, registerKey(project), { promised, accepted, group, lives: [...lives] })
}

/** A name that this peer uses once, in this life or another. */
export function freshName(peer: Peer): string {
  peer.names += 1
  return `${peer.life}.${peer.names}`
}
