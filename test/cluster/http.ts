/** One HTTP request, as a client without any library makes it; a connection that breaks is a value, for clients retry it. */
import { request } from 'node:http'

export interface HttpAnswer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed JSON, or null where there is none. */
  readonly body: unknown
}

/** `sent` false: nobody listened, so nothing can have been done. */
export interface HttpBroken {
  readonly kind: 'broken'
  readonly sent: boolean
  readonly why: string
}

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Whole URL. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 35_000

export function http({ method, url, headers = {}, body, timeoutMs = TIMEOUT_MS }: HttpCall): Promise<HttpAnswer | HttpBroken> {
  const text = body === undefined ? null : JSON.stringify(body)
  const all = {
    ...headers,
    ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
  }
  return new Promise((resolve) => {
    const broken = (error: Error): void => {
      const why = 'code' in error ? String(error.code) : error.message
      resolve({ kind: 'broken', sent: why !== 'ECONNREFUSED', why })
    }
    // A connection of its own for each request: one that was kept may belong to an agent that was killed.
    const asked = request(url, { method, headers: all, agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let received = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        received += chunk
      })
      response.once('error', broken)
      response.once('end', () => {
        if (!response.complete) return broken(new Error('answer cut off'))
        resolve({ kind: 'answer', status: response.statusCode ?? 0, headers: response.headers, body: parsed(received) })
      })
    })
    asked.once('error', broken)
    asked.end(text ?? undefined)
  })
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
