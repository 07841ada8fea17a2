/**
 * Asks an inviter to let this host in. Safe to repeat: the same host with the same token gets an answer again.
 *
 * The answer is believed because only the inviter can seal it, and checked all the same: the manifest must bear the
 * signature of the key that comes with it, and must name this host.
 */
import type { PrivateKey } from '@libp2p/interface'
import { hostOf } from '../../lib/model/manifest.ts'
import type { SignedManifest } from '../../lib/model/manifest.ts'
import {
  ANSWER_BYTES_MAX,
  type JoinAnswer,
  type JoinRequest,
  type JoinToken,
  parseJoinAnswer,
  parseSealedFrame,
} from '../../lib/wire/join.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { signJoinProof } from './join-proof.ts'
import { joinKey, seal, unseal } from './join-seal.ts'

export interface JoinCall {
  readonly token: JoinToken
  readonly host: Omit<JoinRequest, 'proof'>
  readonly privateKey: PrivateKey
  readonly randomBytes: (count: number) => Uint8Array
  readonly verify: (signed: SignedManifest, clusterPublicKey: string) => boolean
  readonly timeoutMs: number
}

export type Joined =
  | { readonly ok: true; readonly answer: JoinAnswer }
  /** `code`: the inviter's own refusal, or `unreachable`, or `bad-answer`. */
  | { readonly ok: false; readonly code: string; readonly facts: Readonly<Record<string, unknown>> }

export async function joinCluster(call: JoinCall): Promise<Joined> {
  const { token } = call
  const request = await signJoinProof(token.id, call.host, call.privateKey)
  const sealed = seal(joinKey(token.secretHex, token.id, 'request'), token.id, request, call.randomBytes(12))
  let reply: { readonly status: number; readonly body: unknown }
  try {
    reply = await post(`http://${token.door}/join`, { v: 1, token: token.id, sealed }, call.timeoutMs)
  } catch (error) {
    return refused('unreachable', { door: token.door, detail: reasonOf(error) })
  }
  if (reply.status !== 200) return refusal(reply.body, reply.status)
  const frame = parseSealedFrame(reply.body)
  const answer = frame === null ? null : parseJoinAnswer(unseal(joinKey(token.secretHex, token.id, 'answer'), token.id, frame.sealed))
  if (answer === null) return refused('bad-answer', { detail: 'the seal of the answer does not open' })
  if (!call.verify(answer.signedManifest, answer.clusterPublicKey))
    return refused('bad-answer', { detail: 'the manifest is not signed by the cluster key' })
  if (hostOf(answer.signedManifest.manifest, call.host.peer)?.state !== 'member')
    return refused('bad-answer', { detail: 'the manifest does not name this host' })
  return { ok: true, answer }
}

async function post(url: string, frame: unknown, timeoutMs: number): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(frame),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return { status: response.status, body: parseJson(Buffer.concat(chunks).toString('utf8')) }
}

function refusal(body: unknown, status: number): Joined {
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {}
  const { code, ...facts } = error
  return typeof code === 'string' ? refused(code, facts) : refused('bad-answer', { detail: `HTTP ${status}` })
}

function refused(code: string, facts: Readonly<Record<string, unknown>>): Joined {
  return { ok: false, code, facts }
}

/** fetch hides what went wrong in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error && 'code' in error.cause) return String(error.cause.code)
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
