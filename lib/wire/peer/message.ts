/**
 * Messages and beats as they come off the wire: checked once, trusted afterwards.
 *
 * A value that passes has every field that the model promises; fields that this version does not know are left in and
 * ignored. Nothing here decides whether the sender may say it: that is for the handlers.
 */
import type { Beat, PoolReport } from '../../model/host.ts'
import { MEMBERS_MAX } from '../../model/lives.ts'
import type { LogHead, PublishedRecord } from '../../model/log.ts'
import type { Ballot } from '../../model/ballot.ts'
import type { AcceptChange, ChangeOutcome, KnownHead, LogPlace, PeerMessage, Refusal, SeenVote } from '../../model/message.ts'
import type { Certificate } from '../../model/proof.ts'
import { BATCH_MAX, GROUP_MAX, type Proof, type Vote } from '../../model/proof.ts'
import { type Rumor, RUMORS_MAX, SUSPECTERS_MAX } from '../../model/probe.ts'
import {
  anyJson,
  bool,
  type Check,
  isObject,
  list,
  mapOf,
  nullable,
  oneOf,
  pair,
  pattern,
  shape,
  text,
  variants,
  optional,
} from './check.ts'
import { hostLook } from './look-shapes.ts'
import { count, ITEMS_MAX, peer, pool, project, reservation, rid, uuid } from './plain-shapes.ts'
import {
  ledgerAnswer,
  ledgerChange,
  ledgerEntry,
  ledgerPut,
  operationReply,
  operationRequest,
  rejection,
  roomOperation,
  snapshotMembers,
  spec,
  usage,
  volume,
} from './shapes.ts'

const ballot = shape<Ballot>({ group: count, counter: count, peer, epoch: count })
const lives = list(count, MEMBERS_MAX)
const hash = pattern(/^[0-9a-f]{64}$/, 64)
const signature = pattern(/^[A-Za-z0-9+/]+={0,2}$/, 128)
const head = shape<LogHead>({
  owner: peer,
  epoch: count,
  since: count,
  seq: count,
  floor: count,
  chain: hash,
  digest: hash,
  signature,
})
const staged = shape<NonNullable<KnownHead['staged']>>({ epoch: count, from: count, upTo: count })
const knownHead = shape<KnownHead>({ owner: peer, epoch: count, seq: count, chain: text(16), whole: bool, staged: nullable(staged) })
const heads = list(knownHead, ITEMS_MAX)
const projects = list(project, ITEMS_MAX)
const record = shape<PublishedRecord>({ seq: count, id: uuid, volume: nullable(volume) })
const vote = shape<SeenVote>({ project, promised: nullable(ballot), accepted: nullable(ballot) })
const proof = shape<Proof>({
  ballot,
  grants: list(pattern(/^[0-9a-f]{32}$/, 32), BATCH_MAX),
  votes: list(shape<Vote>({ peer, signature }), GROUP_MAX),
})
const certificate = shape<Certificate>({ project, rid, volume: uuid, host: peer, reservation, proof: nullable(proof) })
const attest = list(rid, BATCH_MAX)
const ref = text(255)
const registerValue = list(pair(text(512), ledgerEntry), ITEMS_MAX)

const refusal = variants<Refusal>({
  'no-room': { rejection },
  'not-ready': { state: text(64) },
  'other-type': { version: count },
  operation: { reply: operationReply },
})
const outcome = variants<ChangeOutcome>({
  decided: { answer: ledgerAnswer, proof: nullable(proof) },
  'no-majority': { answered: count, needed: count },
  overloaded: { limit: count },
})
const acceptChange = variants<AcceptChange>({
  difference: { base: ballot, puts: list(ledgerPut, ITEMS_MAX) },
  whole: { value: registerValue },
})
const knownOrValue: Check = (value) => value === 'known' || registerValue(value)

const beat = shape<Beat>({
  peer,
  epoch: count,
  n: count,
  state: oneOf('recovering', 'ready', 'full', 'draining'),
  held: count,
  version: text(64),
  pools: list(shape<PoolReport>({ name: pool, state: oneOf('up', 'stalled'), capabilities: mapOf(anyJson, 1000), queue: count }), 1000),
  head: count,
  voting: count,
  pending: count,
  types: count,
  api: text(255),
})

const told = { peer, incarnation: count }
const suspecters: Check = (value) => Array.isArray(value) && value.length > 0 && list(peer, SUSPECTERS_MAX)(value)
const rumor: Check = (value) =>
  isObject(value) &&
  (value['state'] === 'suspect'
    ? shape<Extract<Rumor, { state: 'suspect' }>>({ ...told, state: oneOf('suspect'), by: suspecters, ageMs: count })(value)
    : shape<Exclude<Rumor, { state: 'suspect' }>>({ ...told, state: oneOf('alive', 'down') })(value))
const rumors = list(rumor, RUMORS_MAX)

const logPlace = shape<LogPlace>({ epoch: count, seq: count })

const message = variants<PeerMessage>({
  reserve: { rid, pool, spec, typeVersion: nullable(count) },
  'reserve-room': { rid, volume: uuid, project, operation: roomOperation },
  reserved: { rid, pool, reservation, delta: usage, sizeGiB: count, source: project, body: text(64), members: optional(snapshotMembers) },
  refused: { rid, refusal },
  abandon: { rid, project, reservation },
  commit: { certificate },
  committed: { rid },
  operate: { request: operationRequest },
  operated: { rid, reply: operationReply },
  change: { ref, project, change: ledgerChange },
  changed: { ref, project, outcome },
  prepare: { project, ballot, known: nullable(ballot), lives },
  promised: { project, ballot, life: count, accepted: nullable(ballot), value: knownOrValue },
  accept: { project, ballot, next: ballot, lives, change: acceptChange, attest },
  accepted: { project, ballot, life: count, signature: nullable(signature) },
  behind: { project, ballot },
  rejected: { project, ballot, promised: ballot },
  outlived: { project, ballot, lives },
  confirm: { project, ballot, accepted: ballot, round: count, attest },
  confirmed: { project, ballot, round: count, current: bool, signature: nullable(signature) },
  beat: { beat },
  probe: { seq: count, incarnation: count, rumors },
  'probe-relay': { seq: count, target: peer, incarnation: count, rumors },
  'probe-ack': { seq: count, peer, incarnation: count, rumors },
  'probe-nack': { seq: count, incarnation: count, rumors },
  tally: { hash: text(64) },
  heads: { heads, only: nullable(peer), ref: nullable(ref), about: nullable(uuid) },
  delta: { head, from: count, after: count, upTo: count, more: bool, records: list(record, ITEMS_MAX) },
  seen: { heads, kept: nullable(logPlace), ref: nullable(ref), projects },
  recall: { ref },
  recalled: { ref, head: nullable(head), votes: list(vote, ITEMS_MAX), projects, totals: projects, isLost: bool, life: count },
  fetch: { project, group: count, seal: bool, life: count },
  fetched: {
    project,
    group: count,
    seal: bool,
    life: count,
    promised: nullable(ballot),
    accepted: nullable(ballot),
    value: registerValue,
    lives: list(pair(peer, count), ITEMS_MAX),
  },
  install: { project, group: count },
  installed: { project, group: count },
  intent: { project, volume: uuid },
  look: { ref },
  looked: { ref, look: hostLook },
})

/** The message, or null if it is of no kind that this version knows or lacks what its kind needs. */
export function parsePeerMessage(json: unknown): PeerMessage | null {
  return message(json) ? (json as PeerMessage) : null
}

/** The beat, or null if it has not the shape of one. Whether the sender may speak for `peer` is for the caller to check. */
export function parseBeat(json: unknown): Beat | null {
  return beat(json) ? (json as Beat) : null
}
