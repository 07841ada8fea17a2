/**
 * `host:port` text, as configuration files and command lines write it.
 *
 * IPv6 hosts stand in brackets on paper and without them in `HostPort.host`. Nothing here resolves a name.
 */
export interface HostPort {
  /** IP address or host name, without brackets. */
  readonly host: string
  /** 0 to 65535; 0 asks the system for a free one. */
  readonly port: number
}

const BRACKETED = /^\[([0-9a-fA-F:.]+)\]:(\d{1,5})$/
const PLAIN = /^([A-Za-z0-9._-]+):(\d{1,5})$/

/** The two parts of `127.0.0.1:8776` or `[::1]:8776`, or null if the text is neither. */
export function parseHostPort(text: string): HostPort | null {
  const match = BRACKETED.exec(text) ?? PLAIN.exec(text)
  const host = match?.[1]
  const port = Number(match?.[2])
  return host === undefined || port > 65_535 ? null : { host, port }
}

export function formatHostPort(address: HostPort): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** True if only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** True for addresses that say "every interface": good to listen on, useless to hand out. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** Back from `/ip4/127.0.0.1/tcp/8777`; null for any other kind. */
export function parseMultiaddr(text: string): HostPort | null {
  const [, host, port] = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})$/.exec(text) ?? []
  return host === undefined || Number(port) > 65_535 ? null : { host, port: Number(port) }
}

/** The same address as libp2p writes it: `/ip4/127.0.0.1/tcp/8777`. */
export function toMultiaddr(address: HostPort): string {
  if (address.host.includes(':')) return `/ip6/${address.host}/tcp/${address.port}`
  const kind = /^\d{1,3}(\.\d{1,3}){3}$/.test(address.host) ? 'ip4' : 'dns'
  return `/${kind}/${address.host}/tcp/${address.port}`
}
