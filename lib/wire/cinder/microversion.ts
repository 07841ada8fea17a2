/**
 * Cinder's microversions: one number, the minor part of 3.x, that says which shape of the API a client speaks.
 *
 * The header may be a list for several services (`compute 2.1, volume 3.44`); without an entry for volumes a client
 * gets 3.0, as in Cinder. `block-storage` is taken for `volume`: it is the service's official name.
 */
import { accepted, type Parsed, refused } from './input.ts'

/** Highest minor version, 3.71. Lower would make clients fail that send 3.71 without asking first. */
export const MICROVERSION_MAX = 71

export const microversionText = (minor: number): string => `3.${minor}`

/** What the response header says for requests of this version. */
export const microversionHeader = (minor: number): string => `volume ${microversionText(minor)}`

/** The minor version that the request header asks for. */
export function parseMicroversion(header: string | undefined): Parsed<number> {
  if (header === undefined) return accepted(0)
  for (const entry of header.split(',')) {
    const [service, version] = entry.trim().split(/\s+/)
    if (service === 'volume' || service === 'block-storage') return parseVersion(version ?? '')
  }
  return accepted(0)
}

function parseVersion(text: string): Parsed<number> {
  if (text === 'latest') return accepted(MICROVERSION_MAX)
  const match = /^([1-9]\d{0,3})\.(0|[1-9]\d{0,3})$/.exec(text)
  if (match === null) return refused({ code: 'bad-microversion', version: text })
  const minor = Number(match[2])
  if (match[1] !== '3' || minor > MICROVERSION_MAX) return refused({ code: 'unsupported-microversion', version: text })
  return accepted(minor)
}
