/** Addresses in their two written forms. */
import t from 'tap'
import { parseMultiaddr, toMultiaddr } from '../../../lib/config/address.ts'

t.test('an address comes back from its multiaddr as it went in', async (t) => {
  for (const address of [
    { host: '10.0.0.1', port: 8777 },
    { host: 'fd00::1', port: 1 },
    { host: 'host-a.example', port: 65_535 },
  ]) {
    t.same(parseMultiaddr(toMultiaddr(address)), address, toMultiaddr(address))
  }
})

t.test('what is no TCP address of a host is none', async (t) => {
  for (const text of ['', '10.0.0.1:8777', '/ip4/10.0.0.1/udp/8777', '/ip4/10.0.0.1/tcp/65536', '/ip4/10.0.0.1/tcp/8777/ws', '/unix/run']) {
    t.equal(parseMultiaddr(text), null, text)
  }
})
