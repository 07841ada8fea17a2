/**
 * Whether an agent answers that asks who calls, or that shows a certificate: without a token more is not to be had.
 *
 * The certificate is not checked, for nothing is told to whoever shows it.
 */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { formatHostPort } from '../../../lib/config/address.ts'
import type { ApiConfig } from '../../../lib/config/api-config.ts'

const ASK_MS = 3000

export function isGuarded({ auth, tls }: ApiConfig): boolean {
  return auth.kind !== 'none' || tls !== null
}

export function answersHealth({ listen, tls }: ApiConfig): Promise<boolean> {
  const path = `${formatHostPort(listen)}/healthcheck`
  const options = { agent: false, signal: AbortSignal.timeout(ASK_MS) }
  return new Promise((resolve) => {
    const sent =
      tls === null ? httpRequest(`http://${path}`, options) : httpsRequest(`https://${path}`, { ...options, rejectUnauthorized: false })
    sent.once('error', () => resolve(false))
    sent.once('response', (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    sent.end()
  })
}
