/** The language of filter and goodness functions: text -> value, by Cinder's grammar and Python's arithmetic (evaluator.py). */
import t, { type Test } from 'tap'
import { FUNCTION_CHARS_MAX, parsePoolFunction } from '../../../lib/model/pool-function.ts'
import { type Value, valuesOf } from '../../../lib/placement/function-values.ts'
import { poolOf, requestOf, typeOf } from './pool.ts'

const POOL = poolOf('a', {
  free_capacity_gb: 99.9,
  allocated_capacity_gb: 'unknown',
  QoS_support: true,
  iops: '1_000',
  load: ' 2.5 ',
  quoted: '"big"',
  debt: -1.9,
  list: [1],
  missing: null,
})
const REQUEST = requestOf({ volume: { size: 5, display_name: 'db' }, type: typeOf({ tier: 'gold' }), qos: { total: '7' } })

/** undefined where there is no value; a text in angle brackets where the function is none. */
function computedBy(text: string): Value | undefined {
  const parsed = parsePoolFunction(text)
  return parsed.ok ? valuesOf(parsed.value, POOL, REQUEST)[0] : `<${parsed.wanted}>`
}

function check(t: Pick<Test, 'strictSame'>, rows: readonly (readonly [string, Value | undefined])[]): void {
  for (const [text, expected] of rows) t.strictSame(computedBy(text), expected, text)
}

t.test('operators bind as in Cinder: ^, sign, * /, + -, not, comparisons, ?:, and, or', async (t) => {
  check(t, [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 - 2 - 1', 4],
    ['12 / 3 / 2', 2],
    ['7 / 2', 3.5],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['(0-2) ^ 2', 4],
    ['2 ^ (0-1)', 0.5],
    ['3 - -2', 5],
    ['1.5 + .5', '<an operator or the end before 5>'],
    ['1.5 + 0.25', 1.75],
    ['not 1 == 2', false],
    ['not (1 == 2)', true],
    ['!0 + 0', true],
    ['NOT 1', false],
    ['1 < 2 < 3', true],
    ['1 < 3 < 2', false],
    ['3 > 2 <> 2', false],
    ['1 == 1.0 != 2', true],
    ['1 and 2', 2],
    ['0 or 2', 2],
    ['1 > 2 || 2 > 1 && 3 > 2', true],
    ['1 AND 0 OR 3', 3],
    ['1 == 1 and 1 == 1 and 1 == 2', false],
    ['2 > 1 ? 10 : 20', 10],
    ['2 < 1 ? 10 : 2 < 1 ? 20 : 30', 30],
    ['1 and 0 ? 5 : 6', 6],
    ['1 == 1 ? 1 : 1 / 0', 1],
    ['abs(1 - 3) + max(1, 4, 2) * min(3, 2)', 10],
  ])
})

t.test('names are read from five dictionaries; numbers lose what comes after the point', async (t) => {
  check(t, [
    ['stats.free_capacity_gb', 99],
    ['capabilities.debt', -1],
    ['capabilities.iops + 1', 1001],
    ['capabilities.load', 2.5],
    ['stats.QoS_support + 1', 2],
    ['capabilities.quoted == "big"', true],
    ['stats.host == "a@lvm#pool"', true],
    ['stats.allocated_capacity_gb == "unknown"', true],
    ['volume.size', 5],
    ['volume.display_name', 'db'],
    ['extra.tier == gold', true],
    ['qos.total * 2', 14],
    ['"5" == 5', false],
    ['"5" != 5', true],
    ['"a" < "b"', true],
    ["'it'", 'it'],
    ['gold', 'gold'],
    ['a.b.c', 'a.b.c'],
  ])
})

t.test('what Cinder’s evaluator raises at has no value', async (t) => {
  const texts = [
    '1 / 0',
    '1 == 1 or 1 / 0',
    'stats.nothing',
    'stats.tier',
    'capabilities.constructor',
    'capabilities.list',
    'capabilities.missing',
    'volume.status',
    '"a" + 1',
    '-"a"',
    '"a" < 1',
    'stats.allocated_capacity_gb < 5',
    'abs("a")',
    'abs(1, 2)',
    'max(1)',
    '2 ^ 0.5',
    '2 ^ 65',
    '9999999999 ^ 64',
  ]
  check(
    t,
    texts.map((text) => [text, undefined]),
  )
})

t.test('a text that is no function says what would be right', async (t) => {
  check(t, [
    ['', '<a number, a text or a name at the end>'],
    ['1 +', '<a number, a text or a name at the end>'],
    ['1 2', '<an operator or the end before 2>'],
    ['(1', '<a )>'],
    [')', '<a number, a text or a name before )>'],
    ['1 ? 2', '<a : and what counts otherwise>'],
    ['round(1)', '<abs, max, min, but no round()>'],
    ['max(1,)', '<a number, a text or a name before )>'],
    ['max(1, 2', '<a )>'],
    ['1, 2', '<an operator or the end before ,>'],
    ['disk.speed > 1', '<a name of stats, capabilities, volume, extra, qos, but not of disk>'],
    ['capabilities.tier1', '<an operator or the end before 1>'],
    ['1 # 2', '<numbers, words, quoted texts and operators>'],
    ['"open', '<numbers, words, quoted texts and operators>'],
    ['1'.repeat(FUNCTION_CHARS_MAX + 1), `<at most ${FUNCTION_CHARS_MAX} characters>`],
    [`${'('.repeat(40)}1${')'.repeat(40)}`, '<at most 32 things in one another>'],
    [`${'-'.repeat(40)}1`, '<at most 32 things in one another>'],
    [`${'not '.repeat(40)}1`, '<at most 32 things in one another>'],
    [`${'2^'.repeat(40)}1`, '<at most 32 things in one another>'],
    [`${'1?1:'.repeat(40)}1`, '<at most 32 things in one another>'],
  ])
  t.equal(computedBy(`1${'+1'.repeat(499)}`), 500, 'the longest takes no depth')
})
