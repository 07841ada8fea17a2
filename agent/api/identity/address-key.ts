/**
 * Under which name somebody's address is counted. Of IPv6 the first 64 bits: whoever has one address there has all of
 * them. An IPv4 address is the same however it is written.
 */
const GROUPS = 8
const NETWORK_GROUPS = 4
const MAPPED = /^(?:0*:)*(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/i

export function addressKey(remote: string): string {
  const mapped = MAPPED.exec(remote)
  if (mapped !== null) return mapped[1] ?? remote
  if (!remote.includes(':')) return remote
  const [head = '', tail] = (remote.split('%')[0] ?? '').split('::')
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const between = Array.from({ length: Math.max(0, GROUPS - before.length - after.length) }, () => '0')
  const network = [...before, ...between, ...after].slice(0, NETWORK_GROUPS)
  return `${network.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64`
}

const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
