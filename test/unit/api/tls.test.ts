/** The API over TLS: the certificate that the agent makes for itself, and what a client has to bring to get in. */
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import t from 'tap'
import { type CertificatePair, readCertificate, selfSignedCertificate, type SelfSigning } from '../../../agent/system/certificate.ts'
import { lookAtCertificate } from '../../../agent/system/certificate-watch.ts'
import { createExec } from '../../../agent/system/exec.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { startCluster } from './cluster.ts'

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }
const NAMES = ['127.0.0.1', '::1', 'localhost', 'alpha1']
const YEAR_MS = 365 * 24 * 3600 * 1000

const folder = mkdtempSync(join(tmpdir(), 'scoria-tls-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function signing(name: string, more: Partial<SelfSigning> = {}): SelfSigning {
  const files = { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) }
  return { ...files, names: NAMES, exec: createExec({ log: SILENT }), log: SILENT, nowMs: Date.now(), ...more }
}

t.test('a certificate is made once, for its owner’s eyes, and again when it would not do any more', async (t) => {
  const options = signing('api')
  const first = await selfSignedCertificate(options)
  for (const file of [options.certificateFile, options.keyFile]) t.equal(statSync(file).mode & 0o777, 0o600, file)
  const parsed = new X509Certificate(first.cert)
  t.equal(parsed.publicKey.asymmetricKeyType, 'ec')
  t.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  for (const name of ['localhost', 'alpha1']) t.equal(parsed.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1']) t.ok(parsed.checkIP(address), address)
  t.same(await selfSignedCertificate(options), first, 'a second start shows the same')
  const moved = await selfSignedCertificate({ ...options, names: [...NAMES, '192.0.2.7'] })
  t.not(moved.cert, first.cert, 'for another address another')
  t.equal(moved.key, first.key, 'by the same key')
  const later = await selfSignedCertificate({ ...options, nowMs: Date.now() + 9.95 * YEAR_MS })
  t.not(later.cert, moved.cert, 'a month before its end')
  writeFileSync(options.certificateFile, 'rubbish')
  t.match((await selfSignedCertificate(options)).cert, /BEGIN CERTIFICATE/, 'in place of a damaged one')
})

t.test('a certificate of the operator is read as it is, or said to be wrong', async (t) => {
  const one = signing('one')
  const two = signing('two')
  const pair = await selfSignedCertificate(one)
  await selfSignedCertificate(two)
  t.same(await readCertificate(one, Date.now()), pair)
  await t.rejects(readCertificate({ ...one, keyFile: two.keyFile }, Date.now()), /one\.crt does not belong to its key: .*api\.tls/)
  await t.rejects(readCertificate(one, Date.now() + 11 * YEAR_MS), /one\.crt expired/)
  await t.rejects(readCertificate({ ...one, keyFile: join(folder, 'none') }, Date.now()), /none cannot be read \(ENOENT\)/)
  await t.rejects(readCertificate({ ...one, certificateFile: one.keyFile }, Date.now()), /is no certificate/)
})

t.test('without openssl the remedy is told', async (t) => {
  const exec = async () => ({ exitCode: null, stdout: '', stderr: '', timedOut: false, missing: true })
  await t.rejects(selfSignedCertificate(signing('none', { exec })), /openssl is missing.*apt-get install openssl/)
})

t.test('the API speaks TLS 1.2 or later to those who trust its certificate, and nothing else', async (t) => {
  const pair = await selfSignedCertificate(signing('served'))
  const cluster = await startCluster({ edge: { tls: pair } })
  t.teardown(() => cluster.stop())
  const { url } = cluster.first
  const get = (more: object): Promise<string> =>
    new Promise((resolve) => {
      const sent = request(`${url}/`, { agent: false, ...more }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.once('end', () => resolve(`${response.statusCode} ${text}`))
      })
      sent.once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
      sent.end()
    })
  const versions: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3']
  for (const version of versions) {
    const answer = await get({ ca: pair.cert, minVersion: version, maxVersion: version })
    t.match(answer, /^300 /, version)
    t.match(answer, `"href":"${url}/v3/"`, 'links lead back over TLS')
  }
  t.equal(await get({}), 'DEPTH_ZERO_SELF_SIGNED_CERT', 'who does not trust it does not speak to it')
  t.match(await get({ ca: pair.cert, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /^EPROTO$/)
  await t.rejects(fetch(`${url.replace('https', 'http')}/`), 'plain HTTP is not answered')
  t.match(await get({ ca: pair.cert }), /^300 /, 'and the others go on')
})

/** Fingerprint of what the server shows to whoever connects now. */
function shownBy(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

t.test('a certificate that was replaced is shown without a restart, and one that is half replaced is not', async (t) => {
  const options = signing('renewed')
  const first = await selfSignedCertificate(options)
  const api = await startCluster({ edge: { tls: first } })
  t.teardown(() => api.stop())
  const lines: string[] = []
  const log: Log = { ...SILENT, info: (event) => void lines.push(event), warn: (event) => void lines.push(event) }
  const watch = { read: () => readCertificate(options, Date.now()), show: (pair: CertificatePair) => api.first.renew(pair), log }
  const fingerprint = (pair: CertificatePair): string => new X509Certificate(pair.cert).fingerprint256
  t.equal(await shownBy(api.first.url), fingerprint(first))
  const other = await selfSignedCertificate(signing('other'))
  writeFileSync(options.certificateFile, other.cert)
  let state = await lookAtCertificate(watch, first, null)
  state = await lookAtCertificate(watch, state.shown, state.told)
  t.same(lines, ['api-certificate-not-renewed'], 'without its key; told once')
  t.equal(await shownBy(api.first.url), fingerprint(first))
  writeFileSync(options.keyFile, other.key)
  state = await lookAtCertificate(watch, state.shown, state.told)
  t.equal(await shownBy(api.first.url), fingerprint(other))
  await lookAtCertificate(watch, state.shown, state.told)
  t.same(lines, ['api-certificate-not-renewed', 'api-certificate-renewed'])
})
