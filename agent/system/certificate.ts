/**
 * The certificate that the API shows: one of the operator's, or one that signs itself and is made here by OpenSSL.
 *
 * A self-made one is made anew when it would not do any more: another address or name, another key, or soon expired. The
 * key stays, and never leaves its file of mode 0600.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { isIP } from 'node:net'
import { isWildcard } from '../../lib/config/address.ts'
import type { Exec } from '../../lib/ports/exec.ts'
import type { Log } from '../../lib/ports/log.ts'
import { isThere, writeDurably } from './durable-file.ts'

export interface CertificatePair {
  /** PEM, with whatever signed it. */
  readonly cert: string
  readonly key: string
}

export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

const DAYS = 3650
const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000
const OPENSSL_TIMEOUT_MS = 30_000
const DNS_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/

/** @throws Error with one line that names the file and the remedy */
export async function readCertificate({ certificateFile, keyFile }: CertificateFiles, nowMs: number): Promise<CertificatePair> {
  const pair = { cert: await textOf(certificateFile), key: await textOf(keyFile) }
  const problem = problemOf(pair, nowMs)
  if (problem !== null) throw new Error(`${certificateFile} ${problem}: put a certificate and its key there (api.tls)`)
  return pair
}

export interface SelfSigning extends CertificateFiles {
  /** What clients call this host by. */
  readonly names: readonly string[]
  readonly exec: Exec
  readonly log: Log
  readonly nowMs: number
}

/** @throws Error if OpenSSL will not */
export async function selfSignedCertificate(options: SelfSigning): Promise<CertificatePair> {
  const { certificateFile, keyFile, names, nowMs } = options
  if (!(await isThere(keyFile))) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await writeDurably(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  }
  const key = await textOf(keyFile)
  if (await isThere(certificateFile)) {
    const there = { cert: await textOf(certificateFile), key }
    if (problemOf(there, nowMs + RENEW_BEFORE_MS) === null && isFor(there, names)) return there
  }
  const cert = await sign(options)
  await writeDurably(certificateFile, cert)
  const { fingerprint256 } = new X509Certificate(cert)
  options.log.info('api-certificate-made', { file: certificateFile, names, fingerprint256 })
  return { cert, key }
}

/** By what a host that listens there may be called: its address, or all that it has; its names; and itself. */
export function namesOfHost(listenHost: string, name: string): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.split('%')[0] ?? ''))
  const reached = isWildcard(listenHost) ? addresses : [listenHost]
  const all = [...reached, name, hostname(), 'localhost', '127.0.0.1', '::1']
  return [...new Set(all)].filter((text) => isIP(text) !== 0 || DNS_NAME.test(text))
}

async function sign({ keyFile, names, exec }: SelfSigning): Promise<string> {
  const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join()
  const { exitCode, stdout, stderr, missing } = await exec({
    file: 'openssl',
    args: [
      'req',
      '-x509',
      '-new',
      '-key',
      keyFile,
      '-sha256',
      '-days',
      String(DAYS),
      '-subj',
      '/CN=scoria',
      '-addext',
      `subjectAltName=${alternatives}`,
    ],
    timeoutMs: OPENSSL_TIMEOUT_MS,
  })
  if (missing) throw new Error('openssl is missing, and api.tls.selfSigned needs it: apt-get install openssl')
  if (exitCode !== 0)
    throw new Error(`openssl made no certificate (${stderr.trim().split('\n')[0] ?? ''}): name one of your own in api.tls`)
  return stdout
}

/** Null: it can be shown until then. */
function problemOf({ cert, key }: CertificatePair, untilMs: number): string | null {
  try {
    const parsed = new X509Certificate(cert)
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return 'does not belong to its key'
    return Date.parse(parsed.validTo) <= untilMs ? `expired, or soon will be (${parsed.validTo})` : null
  } catch (error) {
    return `is no certificate, or its key none (${error instanceof Error ? error.message : String(error)})`
  }
}

function isFor({ cert }: CertificatePair, names: readonly string[]): boolean {
  const parsed = new X509Certificate(cert)
  return names.every((name) => (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined)
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new Error(`${file} cannot be read (${code}): put it there, or change api.tls in the configuration`, { cause: error })
  }
}
