/**
 * One HTTP request and its answer as text. No redirect is followed: it would carry a token to wherever the answer says.
 *
 * Not by `fetch`, which cannot be told whose certificates to believe.
 */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** PEM of the authorities to believe, or null for those of the system. */
  readonly ca: string | null
}

export type HttpResult =
  | { readonly kind: 'answer'; readonly status: number; readonly header: (name: string) => string | null; readonly text: string }
  /** `wasSent`: somebody may have heard it. */
  | { readonly kind: 'broken'; readonly code: string; readonly wasSent: boolean }

const TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

export function sendHttp({ method, url, headers, body, ca }: HttpRequest): Promise<HttpResult> {
  return new Promise((resolve) => {
    const isTls = url.startsWith('https:')
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    let isConnected = false
    const fail = (error: Error): void => {
      const code = signal.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : codeOf(error)
      resolve({ kind: 'broken', code, wasSent: isConnected })
    }
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = { method, headers: { ...length, ...headers }, agent: false, signal } as const
    const sent = isTls ? httpsRequest(url, { ...options, ...(ca === null ? {} : { ca }) }) : httpRequest(url, options)
    sent.once('error', fail)
    sent.once('socket', (socket) => {
      const slow = setTimeout(() => sent.destroy(new Error(`no connection in ${CONNECT_TIMEOUT_MS / 1000} s`)), CONNECT_TIMEOUT_MS)
      socket.once('close', () => clearTimeout(slow))
      // Over TLS nothing is sent before the certificate is believed.
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(slow)
        isConnected = true
      })
    })
    sent.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.once('error', fail)
      response.once('end', () => {
        const header = (name: string): string | null => {
          const value = response.headers[name]
          return typeof value === 'string' ? value : null
        }
        resolve({ kind: 'answer', status: response.statusCode ?? 0, header, text })
      })
    })
    sent.end(body)
  })
}

/** What the network or the certificate says; of several addresses that were tried, the first. */
function codeOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0])
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

/** Whether the code says that the certificate was not believed. */
export function isDistrust(code: string): boolean {
  return /CERT|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)
}
