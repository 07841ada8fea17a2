/**
 * A certificate that is replaced while the agent runs is shown from the next look on: no connection breaks, no restart.
 *
 * Files that do not belong together, as in the middle of a replacement, leave the one that is shown; that is told once
 * for each reason.
 */
import type { Log } from '../../lib/ports/log.ts'
import type { CertificatePair } from './certificate.ts'

export interface CertificateWatch {
  /** @throws Error with one line that names the file and the remedy */
  readonly read: () => Promise<CertificatePair>
  readonly shown: CertificatePair
  /** @throws Error if the server will not have it */
  readonly show: (pair: CertificatePair) => void
  readonly log: Log
}

/** Looks once. @returns what is shown now, and what was wrong with what was found */
export async function lookAtCertificate(
  { read, show, log }: Omit<CertificateWatch, 'shown'>,
  shown: CertificatePair,
  told: string | null,
): Promise<{ readonly shown: CertificatePair; readonly told: string | null }> {
  try {
    const found = await read()
    if (found.cert === shown.cert && found.key === shown.key) return { shown, told: null }
    show(found)
    log.info('api-certificate-renewed', {})
    return { shown: found, told: null }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (why !== told) log.warn('api-certificate-not-renewed', { why, remedy: 'the one from before is shown on' })
    return { shown, told: why }
  }
}

const LOOK_MS = 60_000

/** @returns stops it */
export function watchCertificate(watch: CertificateWatch): () => void {
  let state: { readonly shown: CertificatePair; readonly told: string | null } = { shown: watch.shown, told: null }
  let isLooking = false
  const interval = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void lookAtCertificate(watch, state.shown, state.told).then((next) => {
      state = next
      isLooking = false
    })
  }, LOOK_MS)
  return () => clearInterval(interval)
}
