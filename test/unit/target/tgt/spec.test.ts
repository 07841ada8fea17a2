/** What is kept away from tgtadm, which reads commas as the ends of options and knows no quotes. */
import fc from 'fast-check'
import t from 'tap'
import { problemOf, scsiId } from '../../../../agent/target/tgt/spec.ts'
import type { ExportSpec } from '../../../../lib/ports/target.ts'

const GOOD: ExportSpec = {
  iqn: 'iqn.2026-01.io.scoria:volume-5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10-1',
  lun: 1,
  devicePath: '/srv/scoria/volume-1.img',
  initiator: 'iqn.1993-08.org.debian:01:abc',
  username: 'user1',
  password: 'secretsecret12',
  readOnly: false,
}

t.test('what real hosts are called passes', async (t) => {
  const names = [
    'iqn.1993-08.org.debian:01:8ecd1a3f',
    'iqn.1991-05.com.microsoft:WIN-HOST.example.com',
    'eui.02004567A425678D',
    'naa.52004567BA64678D',
    'iqn.2001-04.com.example',
  ]
  for (const initiator of names) t.equal(problemOf({ ...GOOD, initiator }), null, initiator)
})

t.test('what would let in others, or be read as an option, is refused', async (t) => {
  const bad: readonly Partial<ExportSpec>[] = [
    { initiator: 'ALL' },
    { initiator: '10.0.0.0/8' },
    { initiator: '' },
    { initiator: '-Q' },
    { initiator: 'iqn.2026-01.*' },
    { initiator: 'iqn.2026-01.test:a,b' },
    { initiator: 'iqn.2026-01.test:a\nb' },
    { initiator: `iqn.2026-01.test:${'a'.repeat(220)}` },
    { devicePath: 'none:volume' },
    { devicePath: 'relative.img' },
    { devicePath: '/srv/a,bstype=sg' },
    { lun: 0 },
    { lun: 1.5 },
    { username: '--op' },
    { username: 'a,b' },
    { username: '' },
    { password: 'short' },
    { password: 'longer-than-sixteen' },
    { password: 'comma,comma,12' },
  ]
  for (const part of bad) t.type(problemOf({ ...GOOD, ...part }), 'string', JSON.stringify(part))
})

t.test('whatever passes has no character that tgtadm would trip over', async (t) => {
  const isKept = fc.property(
    fc.constantFrom('initiator', 'username', 'password', 'devicePath'),
    fc.string({ unit: 'binary', maxLength: 40 }),
    (field, text) => {
      const spec = { ...GOOD, [field]: text }
      return problemOf(spec) !== null || !/^-|[,\n\0]/.test(text)
    },
  )
  t.doesNotThrow(() => fc.assert(isKept))
})

t.test('a problem never shows the secret', async (t) => {
  t.notMatch(problemOf({ ...GOOD, password: 'top,secret' }), 'top')
})

t.test('an export has a disk id of its own, in the form of an NAA', async (t) => {
  t.match(scsiId(GOOD.iqn), /^6[0-9a-f]{31}$/)
  t.equal(scsiId(GOOD.iqn), scsiId(GOOD.iqn))
  t.not(scsiId(GOOD.iqn), scsiId(`${GOOD.iqn}0`))
})
