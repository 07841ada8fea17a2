import t from 'tap'
import fc from 'fast-check'
import { fields, table } from '../../../cli/output/table.ts'
import { parseCinderDate, parseDurationMs, parseSizeGiB, showAge, showSize } from '../../../cli/units.ts'

t.test('sizes are whole GiB, however they are written', async (t) => {
  const good: readonly (readonly [string, number])[] = [
    ['10', 10],
    ['10G', 10],
    ['10g', 10],
    ['10GB', 10],
    ['10GiB', 10],
    ['10 GiB', 10],
    ['1T', 1024],
    ['1.5TiB', 1536],
    ['0.5T', 512],
  ]
  for (const [text, sizeGiB] of good) t.equal(parseSizeGiB(text), sizeGiB, text)
  for (const text of ['', '0', '-1', '1.5', '1.5G', '10M', '10GiBs', 'ten', '1e3', '99999999999999999999'])
    t.equal(parseSizeGiB(text), null, text)
})

t.test('a size that is shown is the size that was meant', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), (sizeGiB) => parseSizeGiB(showSize(sizeGiB)) === sizeGiB))
})

t.test('durations need a unit', async (t) => {
  t.equal(parseDurationMs('90s'), 90_000)
  t.equal(parseDurationMs('15m'), 900_000)
  t.equal(parseDurationMs('2h'), 7_200_000)
  t.equal(parseDurationMs('1.5d'), 129_600_000)
  for (const text of ['', '15', '0s', '-1m', '5x', 'm']) t.equal(parseDurationMs(text), null, text)
})

t.test('an age is told in the largest unit that fits', async (t) => {
  t.equal(showAge(-5), '0s')
  t.equal(showAge(119_999), '119s')
  t.equal(showAge(600_000), '10m')
  t.equal(showAge(3_600_000 * 30), '30h')
  t.equal(showAge(86_400_000 * 3), '3d')
})

t.test("Cinder's dates are UTC although they do not say so", async (t) => {
  t.equal(parseCinderDate('2026-01-02T03:04:05.000000'), Date.UTC(2026, 0, 2, 3, 4, 5))
  t.equal(parseCinderDate('2026-01-02T03:04:05Z'), Date.UTC(2026, 0, 2, 3, 4, 5))
  t.equal(parseCinderDate(''), null)
})

t.test('a table has no borders, lines up, and has no empty cell that would shift columns for awk', async (t) => {
  const rows = [
    { name: 'db', status: 'available' },
    { name: 'a-longer-name', status: '' },
  ]
  const text = table(
    [
      { header: 'NAME', cell: (row: (typeof rows)[number]) => row.name },
      { header: 'STATUS', cell: (row) => row.status },
    ],
    rows,
  )
  t.equal(text, 'NAME           STATUS\ndb             available\na-longer-name  -\n')
})

t.test('a name from outside can neither break a line nor move the cursor', async (t) => {
  const text = table([{ header: 'NAME', cell: (row: string) => row }], ['a\nb\u0007\u001b[2Jc'])
  t.equal(text.split('\n').length, 3)
  t.notMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
  t.notMatch(fields([['name', 'a\r\n\u001b]0;x']]).slice(0, -1), /\p{Cc}/u)
})
