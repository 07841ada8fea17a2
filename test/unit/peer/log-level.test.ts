/** How much a host's log writes, asked and changed by another member. */
import t from 'tap'
import type { LevelSwitch, LogLevel } from '../../../agent/peer/log-level.ts'
import { hostEntry, isUp, Membership, newIdentity, startHost } from './fixture.ts'

t.setTimeout(60_000)

function switchOf(): { readonly level: LevelSwitch; readonly seen: (LogLevel | null)[] } {
  let now: LogLevel = 'info'
  const seen: (LogLevel | null)[] = []
  return {
    seen,
    level: (wanted) => {
      seen.push(wanted)
      now = wanted ?? now
      return now
    },
  }
}

t.test('a member is asked and changed, and says what it is then', async (t) => {
  const [one, other, stranger] = await Promise.all([newIdentity(), newIdentity(), newIdentity()])
  const membership = new Membership([hostEntry(one, []), hostEntry(other, [])])
  const { level, seen } = switchOf()
  const a = await startHost(one, membership)
  const b = await startHost(other, membership, { logLevel: level })
  t.equal(await a.network.logLevel(b.peer, null), null, 'not connected yet')
  for (const { identity, network } of [a, b]) membership.put(hostEntry(identity, network.listenAddrs()))
  for (const { network } of [a, b]) network.manifestChanged()
  await Promise.all([isUp(a, b), isUp(b, a)])
  t.equal(await a.network.logLevel(b.peer, null), 'info')
  t.equal(await a.network.logLevel(b.peer, 'debug'), 'debug')
  t.equal(await a.network.logLevel(b.peer, null), 'debug')
  t.equal(await a.network.logLevel(stranger.peerId, 'error'), null, 'nobody of the cluster')
  const all = await Promise.all(Array.from({ length: 4 }, () => a.network.logLevel(b.peer, 'warn')))
  t.same(all, ['warn', 'warn', 'warn', 'warn'])
  t.equal(seen.length, 7)
  await b.network.stop()
  t.equal(await a.network.logLevel(b.peer, 'info'), null, 'it is gone')
  await a.network.stop()
})
