/**
 * What goes round a message on a stream between two peers, and the few words that the streams themselves need.
 *
 * Every envelope names the cluster and the epoch of the sender's manifest, so that nothing is ever taken from another
 * cluster or decided by an older membership. Two streams join two peers, one each way; each begins with `hello`, and
 * `welcome` on the way back proves that it was heard.
 */
import type { PeerMessage } from '../../model/message.ts'
import type { SignedManifest } from '../../model/manifest.ts'
import { parseSignedManifest } from '../manifest.ts'
import { isObject, nullable, text } from './check.ts'
import { count } from './plain-shapes.ts'

/** Grows when an older peer could misread a newer one; fields may be added without. */
export const ENVELOPE_VERSION = 1

export type Control =
  /** First on a stream: the stream's own name, and the name of the stream that the sender hears from the other side. */
  | { readonly kind: 'hello'; readonly version: string; readonly stream: string; readonly hears: string | null }
  /** The stream of this name was opened, and its hello accepted. */
  | { readonly kind: 'welcome'; readonly stream: string }
  | { readonly kind: 'manifest'; readonly signed: SignedManifest }
  | { readonly kind: 'want-manifest' }

export type EnvelopeBody = { readonly m: PeerMessage } | { readonly f: Control }

export type Opened =
  | { readonly kind: 'message'; readonly cluster: string; readonly epoch: number; readonly message: unknown }
  | { readonly kind: 'control'; readonly cluster: string; readonly epoch: number; readonly control: Control }
  /** Made by a version that this one cannot read, or by a program that is none of ours. */
  | { readonly kind: 'refused'; readonly reason: 'version'; readonly version: unknown }
  | { readonly kind: 'refused'; readonly reason: 'malformed' }
  /** A word of a newer version: to be ignored. */
  | { readonly kind: 'unknown-control'; readonly word: unknown }

export function formatEnvelope(cluster: string, epoch: number, body: EnvelopeBody): string {
  return JSON.stringify({ v: ENVELOPE_VERSION, cluster, c: epoch, ...body })
}

export function parseEnvelope(json: unknown): Opened {
  if (!isObject(json)) return { kind: 'refused', reason: 'malformed' }
  if (json['v'] !== ENVELOPE_VERSION) return { kind: 'refused', reason: 'version', version: json['v'] }
  const { cluster, c: epoch } = json
  if (typeof cluster !== 'string' || typeof epoch !== 'number' || !count(epoch)) return { kind: 'refused', reason: 'malformed' }
  if (json['m'] !== undefined) return { kind: 'message', cluster, epoch, message: json['m'] }
  const word = json['f']
  if (!isObject(word)) return { kind: 'refused', reason: 'malformed' }
  const control = parseControl(word)
  if (control === 'unknown') return { kind: 'unknown-control', word: word['kind'] }
  return control === null ? { kind: 'refused', reason: 'malformed' } : { kind: 'control', cluster, epoch, control }
}

function parseControl(word: { readonly [key: string]: unknown }): Control | 'unknown' | null {
  const { version, stream, hears, signed } = word
  switch (word['kind']) {
    case 'hello': {
      const good = text(64)(version) && text(64)(stream) && nullable(text(64))(hears)
      return good ? ({ kind: 'hello', version, stream, hears } as Control) : null
    }
    case 'welcome':
      return typeof stream === 'string' && stream.length <= 64 ? { kind: 'welcome', stream } : null
    case 'manifest': {
      const manifest = parseSignedManifest(signed)
      return manifest === null ? null : { kind: 'manifest', signed: manifest }
    }
    case 'want-manifest':
      return { kind: 'want-manifest' }
    default:
      return 'unknown'
  }
}
