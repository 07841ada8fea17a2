/**
 * One HTTP request to a service that answers with JSON: bounded in time and size, and no redirect is followed, since it
 * would carry a token to wherever the answer says.
 *
 * Not by `fetch`, which cannot be given a certificate authority of its own.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface JsonRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface JsonResponse {
  readonly status: number
  readonly header: (name: string) => string | null
  /** Undefined if the body is no JSON. */
  readonly body: unknown
}

/** Nothing came that could be called an answer. Holds no header and no body of the request. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

export interface JsonService {
  /** @throws NoAnswer */
  ask(request: JsonRequest): Promise<JsonResponse>
  stop(): void
}

export interface JsonServiceOptions {
  /** Scheme, authority and the path that all paths are below, without a slash at its end. */
  readonly url: string
  /** PEM of the authorities that are believed, or null for those of the system. */
  readonly ca: string | null
  /** Of one request, from its beginning to the last byte of its answer. */
  readonly timeoutMs: number
}

const BODY_BYTES_MAX = 1024 ** 2
const CONNECTIONS_MAX = 16

export function jsonService({ url, ca, timeoutMs }: JsonServiceOptions): JsonService {
  const isTls = url.startsWith('https:')
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) })
    : new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS_MAX })
  const send = isTls ? httpsRequest : httpRequest

  /** @param isRepeat a connection that was kept may have been closed at the other end in the very moment of its use */
  function ask(request: JsonRequest, isRepeat: boolean): Promise<JsonResponse> {
    const { method, path, headers, body } = request
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs)
      const fail = (error: Error): void => reject(new NoAnswer(signal.aborted ? `no answer in ${timeoutMs / 1000} s` : codeOf(error)))
      const length = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
      const sent = send(`${url}${path}`, { method, headers: { accept: 'application/json', ...length, ...headers }, agent, signal })
      sent.once('error', (error) => {
        if (sent.reusedSocket && codeOf(error) === 'ECONNRESET' && !isRepeat) resolve(ask(request, true))
        else fail(error)
      })
      sent.once('response', (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > BODY_BYTES_MAX) response.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.once('error', fail)
        response.once('end', () => {
          const header = (name: string): string | null => {
            const value = response.headers[name]
            return typeof value === 'string' ? value : null
          }
          resolve({ status: response.statusCode ?? 0, header, body: parseJson(Buffer.concat(chunks).toString()) })
        })
      })
      sent.end(body)
    })
  }

  return {
    ask: (request) => ask(request, false),
    stop: () => agent.destroy(),
  }
}

/** Names of system calls and of what is wrong with a certificate; no text that could hold what was sent. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0])
  return error.message.slice(0, 200)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
