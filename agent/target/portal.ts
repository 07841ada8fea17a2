/**
 * The address that initiators connect to: it has to be one of this host's, and nobody but the target may listen there.
 */
import { networkInterfaces } from 'node:os'
import { type Finding, failure, fine, warning } from '../../lib/model/finding.ts'

/** @returns both parts of `ip:port`; an IPv6 address without its brackets */
export function portalParts(portal: string): { readonly host: string; readonly port: number } {
  const colon = portal.lastIndexOf(':')
  return { host: portal.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(portal.slice(colon + 1)) }
}

export function hostAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}

/** @param addresses of this host */
export function judgeAddress(portal: string, addresses: readonly string[]): Finding {
  const { host } = portalParts(portal)
  if (!addresses.includes(host))
    return failure(
      'portal-address',
      `${host} is not an address of this host`,
      `ip -brief address   # set target.portal to one (${addresses.join(', ')}) and a port`,
    )
  const isLoopback = host === '::1' || host.startsWith('127.')
  return isLoopback
    ? warning(
        'portal-address',
        `portal ${portal} is loopback: only this host can attach volumes`,
        'ip -brief address   # set target.portal to an address that initiators reach',
      )
    : fine('portal-address', `portal ${portal} is an address of this host`)
}
