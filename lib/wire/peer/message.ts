/**
 * Messages and beats as they come off the wire: checked once, trusted afterwards.
 *
 * A value that passes has every field that the model promises; fields that this version does not know are left in and
 * ignored. Nothing here decides whether the sender may say it: that is for the handlers.
 */
import type { Beat, PoolReport } from '../../model/host.ts'
import type { AcceptChange, Ballot, Certificate, ChangeOutcome, Head, PeerMessage, PublishedRecord, Refusal } from '../../model/message.ts'
import { anyJson, bool, type Check, integer, list, mapOf, nullable, oneOf, pair, shape, text, variants } from './check.ts'
import {
  count,
  ITEMS_MAX,
  ledgerAnswer,
  ledgerChange,
  ledgerEntry,
  ledgerPut,
  operationReply,
  operationRequest,
  peer,
  pool,
  project,
  rejection,
  reservation,
  rid,
  spec,
  uuid,
  volume,
} from './shapes.ts'

const ballot = shape<Ballot>({ counter: count, peer, epoch: count })
const head = shape<Head>({ owner: peer, epoch: count, seq: count })
const heads = list(head, ITEMS_MAX)
const record = shape<PublishedRecord>({ seq: count, id: uuid, volume: nullable(volume) })
const certificate = shape<Certificate>({ project, rid, volume: uuid, host: peer, reservation })
const ref = text(255)
const registerValue = list(pair(text(512), ledgerEntry), ITEMS_MAX)

const refusal = variants<Refusal>({
  'no-room': { rejection },
  'not-ready': { state: text(64) },
  operation: { reply: operationReply },
})
const outcome = variants<ChangeOutcome>({
  decided: { answer: ledgerAnswer },
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
  state: oneOf('recovering', 'ready', 'full'),
  version: text(64),
  pools: list(shape<PoolReport>({ name: pool, state: oneOf('up', 'stalled'), capabilities: mapOf(anyJson, 1000), queue: count }), 1000),
  head: count,
  api: text(255),
})

const message = variants<PeerMessage>({
  reserve: { rid, pool, spec },
  'reserve-extend': { rid, volume: uuid, project, sizeGiB: integer(1) },
  reserved: { rid, pool, reservation, deltaGiB: count },
  refused: { rid, refusal },
  abandon: { rid, project, reservation },
  commit: { certificate },
  committed: { rid },
  operate: { request: operationRequest },
  operated: { rid, reply: operationReply },
  change: { ref, project, change: ledgerChange },
  changed: { ref, project, outcome },
  prepare: { project, ballot, known: nullable(ballot) },
  promised: { project, ballot, accepted: nullable(ballot), value: knownOrValue },
  accept: { project, ballot, next: ballot, change: acceptChange },
  accepted: { project, ballot },
  behind: { project, ballot },
  rejected: { project, ballot, promised: ballot },
  confirm: { project, ballot, accepted: ballot, round: count },
  confirmed: { project, ballot, round: count, current: bool },
  beat: { beat },
  heads: { heads, ref: nullable(ref) },
  delta: { owner: peer, epoch: count, after: count, upTo: count, records: list(record, ITEMS_MAX) },
  seen: { heads, ref: nullable(ref) },
})

/** The message, or null if it is of no kind that this version knows or lacks what its kind needs. */
export function parsePeerMessage(json: unknown): PeerMessage | null {
  return message(json) ? (json as PeerMessage) : null
}

/** The beat, or null if it has not the shape of one. Whether the sender may speak for `peer` is for the caller to check. */
export function parseBeat(json: unknown): Beat | null {
  return beat(json) ? (json as Beat) : null
}
