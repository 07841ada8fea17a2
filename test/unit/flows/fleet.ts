/**
 * A few hosts with the real rules, in one process, moved by hand: nothing happens but what a test lets happen.
 *
 * Journals are maps, volumes and exports lists, and messages wait in one queue. `settle` lets everything take its course
 * that needs no timer; `pass` lets time go by. Every message goes over the wire's own check, as text.
 */
import { step } from '../../../lib/flows/peer.ts'
import type { BackendCall, Effect, PeerEvent, TargetCall } from '../../../lib/flows/step.ts'
import { createPeer } from '../../../lib/flows/restore.ts'
import type { Peer, PeerOptions } from '../../../lib/flows/tables.ts'
import { TIMINGS } from '../../../lib/flows/timings.ts'
import { LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { hashHex } from '../../../lib/model/hash.ts'
import { type PeerId, peerId, poolName } from '../../../lib/model/ids.ts'
import type { Manifest } from '../../../lib/model/manifest.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import type { ClientReply, ClientRequest } from '../../../lib/model/request.ts'
import { DEFAULT_PLACEMENT } from '../../../lib/placement/rank.ts'
import { done } from '../../../lib/ports/outcome.ts'
import { copy, Host, onVolumes } from './host.ts'
import { parsePeerMessage } from '../../../lib/wire/peer/message.ts'

export interface Letter {
  readonly from: PeerId
  readonly to: PeerId
  readonly message: PeerMessage
}

export type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>

/** More events than any honest course of things in these tests takes. */
const EVENTS_MAX = 20_000
/** Unix milliseconds at the beginning. */
const WALL_MS = 1_000_000

export class Fleet {
  readonly hosts = new Map<PeerId, Host>()
  /** Everything that was sent, lost or not. */
  readonly sent: Letter[] = []
  nowMs = 0
  /** Messages that do not arrive, without a word to the sender. */
  loses: (letter: Letter) => boolean = () => false
  /** Whose copies of the others' logs are on the disk at once. */
  syncs: (host: Host) => boolean = () => true
  /** Commands that never come to an end in this life, and have done nothing. */
  hangs: (call: BackendCall | TargetCall) => boolean = () => false
  /** Calls of the target that say that they failed, and have done nothing. */
  refuses: (call: TargetCall) => boolean = () => false
  readonly #queue: { readonly host: Host; readonly event: PeerEvent; readonly life: Peer | null }[] = []
  readonly #cut = new Set<string>()
  readonly #options: Partial<PeerOptions>
  #drawn = 0

  constructor(manifest: Manifest, options: Partial<PeerOptions> = {}) {
    this.#options = options
    for (const { peer } of manifest.hosts) this.hosts.set(peer, new Host(peer, manifest))
  }

  host(name: string): Host {
    const host = this.hosts.get(peerId(name))
    if (host === undefined) throw new Error(`no host ${name}`)
    return host
  }

  /** A host that the manifest did not name at first. */
  add(name: string, manifest: Manifest): void {
    this.hosts.set(peerId(name), new Host(peerId(name), manifest))
  }

  startAll(): void {
    for (const { id } of this.hosts.values()) this.start(id)
    this.settle()
  }

  /** Begins a process. `lacksList`: what lies on the host cannot be listed yet. */
  start(name: string, { lacksList = false } = {}): void {
    const host = this.host(name)
    const peer = createPeer(this.#optionsOf(host), [...host.journal], { heads: [], records: [] })
    host.peer = peer
    host.hasRun = true
    host.timers.clear()
    this.feed(host, { kind: 'start' })
    const pool = poolName(name, 'fake', 'p')
    this.feed(host, { kind: 'measured', pools: [{ name: pool, pool: 'p', state: 'up', totalGiB: 100, capabilities: {} }] })
    if (!lacksList) this.list(name)
    for (const other of this.hosts.values()) if (other !== host && other.peer !== null) this.#join(host, other, 'up')
  }

  list(name: string): void {
    const host = this.host(name)
    this.feed(host, {
      kind: 'found',
      fresh: [`${name}@fake`],
      volumes: [...host.volumes.values()].map((volume) => ({ ...volume, poolName: poolName(name, 'fake', volume.pool) })),
      snapshots: [...host.snapshots.values()].map((snapshot) => ({ ...snapshot, poolName: poolName(name, 'fake', snapshot.pool) })),
      exports: [...host.exports],
    })
  }

  stop(name: string): void {
    const host = this.host(name)
    host.peer = null
    for (const other of this.hosts.values()) if (other.peer !== null) this.feed(other, { kind: 'peer', peer: host.id, state: 'down' })
    this.settle()
  }

  /** No connection between the two; `mend` brings it back. */
  cut(one: string, other: string): void {
    this.#cut.add(linkOf(peerId(one), peerId(other)))
    this.#join(this.host(one), this.host(other), 'down')
    this.settle()
  }

  mend(one: string, other: string): void {
    this.#cut.delete(linkOf(peerId(one), peerId(other)))
    this.#join(this.host(one), this.host(other), 'up')
    this.settle()
  }

  /** All hear of a newer manifest, but for those named. */
  spread(manifest: Manifest, ...except: readonly string[]): void {
    for (const host of this.hosts.values()) {
      if (except.includes(host.id)) continue
      host.manifest = manifest
      if (host.peer !== null) this.feed(host, { kind: 'manifest', manifest })
    }
    this.settle()
  }

  /** The answer, once it has come; `undefined` while it has not. */
  ask(name: string, request: ClientRequest): () => ClientReply | undefined {
    const host = this.host(name)
    this.#drawn += 1
    const id = `client-${this.#drawn}`
    this.feed(host, { kind: 'client', id, request })
    this.settle()
    return () => host.replies.get(id)
  }

  /** As if `from` had sent it. */
  say(from: string, to: string, message: PeerMessage): void {
    this.feed(this.host(to), { kind: 'message', from: peerId(from), message })
    this.settle()
  }

  feed(host: Host, event: PeerEvent): void {
    this.#queue.push({ host, event, life: host.peer })
  }

  /** Lets everything happen that needs no timer. */
  settle(): void {
    for (let events = 0; ; events += 1) {
      const next = this.#queue.shift()
      if (next === undefined) return
      if (events > EVENTS_MAX) throw new Error(`it goes on for ever, now with ${next.event.kind} at ${next.host.id}`)
      if (next.host.peer === null || next.host.peer !== next.life) continue
      const { batch, effects } = step(next.host.peer, next.event, { monoMs: this.nowMs, wallMs: WALL_MS + this.nowMs })
      for (const { key, value } of batch) {
        if (value === undefined) next.host.journal.delete(key)
        else next.host.journal.set(key, copy(value))
      }
      for (const effect of effects) this.#carryOut(next.host, effect)
    }
  }

  /** Time goes by: timers fire when they are due, in order. */
  pass(ms: number): void {
    this.settle()
    const untilMs = this.nowMs + ms
    for (;;) {
      const due = this.#nextTimer(untilMs)
      if (due === null) break
      this.nowMs = due.atMs
      due.host.timers.delete(due.key)
      this.feed(due.host, { kind: 'timer', key: due.key })
      this.settle()
    }
    this.nowMs = untilMs
  }

  /** Messages of this kind, as they were sent. */
  letters<Kind extends PeerMessage['kind']>(kind: Kind): readonly (Letter & { readonly message: Message<Kind> })[] {
    return this.sent.filter((letter): letter is Letter & { readonly message: Message<Kind> } => letter.message.kind === kind)
  }

  #nextTimer(untilMs: number): { readonly host: Host; readonly key: string; readonly atMs: number } | null {
    let due: { readonly host: Host; readonly key: string; readonly atMs: number } | null = null
    for (const host of this.hosts.values()) {
      if (host.peer === null) continue
      for (const [key, atMs] of host.timers) if (atMs <= untilMs && (due === null || atMs < due.atMs)) due = { host, key, atMs }
    }
    return due
  }

  #carryOut(host: Host, effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return this.#post({ from: host.id, to: effect.to, message: effect.message })
      case 'gossip':
        for (const other of this.hosts.values()) if (this.#isJoined(host, other)) this.feed(other, { kind: 'beat', beat: effect.beat })
        return
      case 'reply':
        host.replies.set(effect.id, effect.reply)
        return
      case 'publish':
        return this.feed(host, { kind: 'published', entry: copy(effect.entry) })
      case 'backend':
        if (this.hangs(effect.call)) return
        return this.feed(host, { ...effect, outcome: onVolumes(host, effect.call) })
      case 'target':
        if (this.hangs(effect.call)) return
        if (this.refuses(effect.call)) return this.feed(host, { ...effect, outcome: { kind: 'failed', tool: 'fake', detail: 'no' } })
        if (effect.call.kind === 'fence') host.exports.delete(effect.call.iqn)
        else host.exports.add(effect.call.iqn)
        return this.feed(host, { ...effect, outcome: done(null) })
      case 'timer':
        host.timers.set(effect.key, this.nowMs + effect.afterMs)
        return
      case 'cancel':
        host.timers.delete(effect.key)
        return
      case 'note':
        host.notes.push(effect.event)
        return
      case 'replicate':
        return this.syncs(host) ? this.feed(host, { kind: 'kept', heads: [copy(effect.head)] }) : undefined
    }
  }

  #post(letter: Letter): void {
    this.sent.push(letter)
    const { from, to } = letter
    const message = parsePeerMessage(copy(letter.message))
    if (message === null) throw new Error(`the wire refuses ${JSON.stringify(letter.message)}`)
    const host = this.host(from)
    const other = this.hosts.get(to)
    if (other === undefined || (other !== host && !this.#isJoined(host, other)))
      return this.feed(host, { kind: 'unreachable', to, message })
    if (!this.loses(letter)) this.feed(other, { kind: 'message', from, message })
  }

  #join(host: Host, other: Host, state: 'up' | 'down'): void {
    if (state === 'up' && this.#cut.has(linkOf(host.id, other.id))) return
    if (host.peer !== null) this.feed(host, { kind: 'peer', peer: other.id, state })
    if (other.peer !== null) this.feed(other, { kind: 'peer', peer: host.id, state })
  }

  #isJoined(host: Host, other: Host): boolean {
    return host !== other && other.peer !== null && !this.#cut.has(linkOf(host.id, other.id))
  }

  #optionsOf(host: Host): PeerOptions {
    const signatureOf = (peer: PeerId, text: string): string => hashHex('signature', peer, text)
    const draw = (): string => {
      this.#drawn += 1
      return hashHex('draw', String(this.#drawn))
    }
    return {
      self: host.id,
      manifest: host.manifest,
      rng: { hex: (bytes) => draw().slice(0, 2 * bytes), below: (below) => Number.parseInt(draw().slice(0, 8), 16) % below },
      placement: DEFAULT_PLACEMENT,
      rules: LEDGER_RULES,
      timings: TIMINGS,
      signer: { sign: (text) => signatureOf(host.id, text), verify: (peer, text, signature) => signature === signatureOf(peer, text) },
      secretOf: (iqn) => hashHex('secret', host.id, iqn).slice(0, 16),
      isNew: !host.hasRun,
      portal: '192.0.2.1:3260',
      version: 'test',
      api: '',
      ...this.#options,
    }
  }
}

function linkOf(one: PeerId, other: PeerId): string {
  return [one, other].sort().join(' ')
}
