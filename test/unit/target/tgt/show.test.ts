/** What is read out of tgtadm's output, from output that was captured. */
import t from 'tap'
import { parseConnections, parsePortals, parseTargets } from '../../../../agent/target/tgt/show.ts'
import { read } from '../../../house/tree.ts'

const captured = (name: string): string => read(`test/fixtures/tgt-1.0.85/${name}.txt`)
const CONTROLLER = (tid: string) => ({ lun: 0, backingPath: 'None', scsiId: `IET     000${tid}0000`, isReadOnly: false })

t.test('targets are read with their LUNs, the accounts that let in, and their access lists', async (t) => {
  t.same(parseTargets(captured('targets')), [
    {
      tid: 1,
      iqn: 'iqn.2026-01.io.scoria:volume-5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10-1',
      luns: [
        CONTROLLER('1'),
        { lun: 1, backingPath: '/srv/scoria/volume-1.img', scsiId: '60123456789abcdef0123456789abcde', isReadOnly: true },
      ],
      accounts: ['bob'],
      acl: ['iqn.2026-01.test:c'],
    },
    {
      tid: 2,
      iqn: 'iqn.2026-01.test:other',
      luns: [CONTROLLER('2'), { lun: 1, backingPath: '/srv/scoria/with space/2.img', scsiId: 'IET     00020001', isReadOnly: false }],
      accounts: [],
      acl: ['ALL', '10.0.0.0/8'],
    },
    { tid: 7, iqn: 'iqn.2026-01.io.scoria:volume-5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10-2', luns: [CONTROLLER('7')], accounts: [], acl: [] },
  ])
})

t.test('connections are read with the numbers that close them', async (t) => {
  t.same(parseConnections(captured('connections')), [{ sid: '1', cid: '0' }])
})

t.test('a session may have several connections', async (t) => {
  const text = 'Session: 4\n    Connection: 0\n        IP Address: 10.0.0.1\n    Connection: 1\nSession: 9\n    Connection: 0\n'
  t.same(parseConnections(text), [
    { sid: '4', cid: '0' },
    { sid: '4', cid: '1' },
    { sid: '9', cid: '0' },
  ])
})

t.test('portals are read without the number of their group', async (t) => {
  t.same(parsePortals(captured('portals')), ['[::1]:33271', '127.0.0.1:33270'])
})

t.test('an empty answer is an empty list', async (t) => {
  t.same([parseTargets(''), parseConnections(''), parsePortals('')], [[], [], []])
})
