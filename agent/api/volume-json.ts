/**
 * Volumes as JSON, made once for each record.
 *
 * A record is never changed, only replaced; so its bytes are kept beside it for as long as it lives, one piece for each
 * shape, which follows from version and role, and address. A list of a thousand volumes is then a concatenation, and nothing is encoded twice; and a list of
 * the very records that were listed before is the very bytes that were sent before.
 */
import type { Volume } from '../../lib/model/volume.ts'
import { volumeDetail, volumeShape } from '../../lib/wire/cinder/volume.ts'
import type { Call } from './call.ts'
import { viewerOf } from './policy.ts'

/** Clients choose the Host header: a record keeps few pieces, whatever they send. */
const PIECES_MAX = 4

/** Each piece ends in a comma, ready for a list. */
const pieces = new WeakMap<Volume, Map<string, Buffer>>()

/** `{"volume": …}` */
export function volumeBody(volume: Volume, call: Call): Buffer {
  return Buffer.concat([Buffer.from('{"volume":'), pieceOf(volume, call, keyOf(call)).subarray(0, -1), Buffer.from('}')])
}

/** A list as it was last sent. */
interface Listed {
  readonly key: string
  readonly volumes: readonly Volume[]
  readonly body: Buffer
}

/** The last few long lists, the newest first, for clients that look again and again. Short ones are as quickly made. */
let listed: readonly Listed[] = []
const LISTED_MAX = 4
const LISTED_VOLUMES_MIN = 50
const LISTED_BYTES_MAX = 4 * 1024 ** 2

/** `{"volumes": [ … ]` and then `rest`, which closes the object. */
export function volumesBody(volumes: readonly Volume[], call: Call, rest: string): Buffer {
  if (volumes.length < LISTED_VOLUMES_MIN) return listBody(volumes, call, rest)
  const key = `${keyOf(call)} ${rest}`
  const same = listed.find((list) => list.key === key && isSame(list.volumes, volumes))
  const list = same ?? { key, volumes, body: listBody(volumes, call, rest) }
  const others = listed.filter((other) => other !== same && other.key !== key)
  listed = list.body.length > LISTED_BYTES_MAX ? others : [list, ...others].slice(0, LISTED_MAX)
  return list.body
}

function isSame(some: readonly Volume[], others: readonly Volume[]): boolean {
  return some.length === others.length && some.every((volume, index) => volume === others[index])
}

function listBody(volumes: readonly Volume[], call: Call, rest: string): Buffer {
  const key = keyOf(call)
  const parts = [Buffer.from('{"volumes":['), ...volumes.map((volume) => pieceOf(volume, call, key))]
  const last = parts.at(-1)
  if (volumes.length > 0 && last !== undefined) parts[parts.length - 1] = last.subarray(0, -1)
  return Buffer.concat([...parts, Buffer.from(`]${rest}`)])
}

function keyOf({ microversion, base, caller }: Call): string {
  return `${volumeShape(microversion, viewerOf(caller))} ${base.project} ${base.root}`
}

function pieceOf(volume: Volume, call: Call, key: string): Buffer {
  let made = pieces.get(volume)
  if (made === undefined) {
    made = new Map()
    pieces.set(volume, made)
  }
  let piece = made.get(key)
  if (piece === undefined) {
    piece = Buffer.from(`${JSON.stringify(volumeDetail(volume, call.microversion, call.base, viewerOf(call.caller)))},`)
    if (made.size >= PIECES_MAX) made.clear()
    made.set(key, piece)
  }
  return piece
}
