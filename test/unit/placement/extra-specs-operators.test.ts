/** The operator language of extra specs: one row a rule of cinder/scheduler/filters/extra_specs_ops.py. */
import t from 'tap'
import type { Json } from '../../../lib/model/json.ts'
import { meetsDemand } from '../../../lib/placement/extra-specs-operators.ts'

type Row = readonly [reported: Json, demand: string, isMet: boolean]

const RULES: Readonly<Record<string, readonly Row[]>> = {
  'without an operator the two are equal, type and all': [
    ['lvm', 'lvm', true],
    ['lvm', 'LVM', false],
    ['5', '5', true],
    [5, '5', false],
    [true, 'True', false],
    ['a b', 'a b', true],
    ['a b', 'a  b', false],
    ['', '', true],
    ['> 5', '> 5', true],
    [6, '> 5', false],
    [4, '< 5', false],
  ],
  'no demand is met by null': [
    [null, 'lvm', false],
    [null, '<is> False', false],
    [null, 's!= a', false],
    [null, '<or> a <or> b', false],
    [null, '= 0', false],
  ],
  'a single = means at least': [
    [5, '= 5', true],
    [6, '= 5', true],
    [4, '= 5', false],
  ],
  'numbers are compared as floats, whatever type they were reported in': [
    ['5.0', '== 5', true],
    [5, '== 5.0', true],
    [5, '!= 5', false],
    [5, '!= 6', true],
    [5, '>= 5.5', false],
    ['1e3', '<= 1000', true],
    [' 7 ', '>= 7', true],
    [true, '== 1', true],
    ['1_000', '== 1000', true],
    ['infinite', '>= 1', false],
    ['inf', '>= 1000000', true],
    ['-inf', '<= -1000000', true],
    ['nan', '== nan', false],
    ['nan', '!= 1', true],
  ],
  'what is no number makes a numeric test false': [
    ['abc', '!= 5', false],
    [5, '!= abc', false],
    ['0x10', '== 16', false],
    ['1__0', '== 10', false],
    ['', '>= 0', false],
    [[5], '== 5', false],
    [{ a: 5 }, '>= 0', false],
  ],
  's-operators compare text by code point': [
    ['abc', 's== abc', true],
    ['abc', 's!= abc', false],
    ['abc', 's< abd', true],
    ['abc', 's<= abc', true],
    ['abcd', 's> abc', true],
    ['abc', 's> abc', false],
    ['ab', 's>= abc', false],
    ['10', 's< 9', true],
    ['\u{1F600}', 's> \uFF5E', true],
    [5, 's== 5', false],
    [5, 's!= 5', true],
    [5, 's< 9', false],
  ],
  '<in> finds a part of a text, a member of a list, a key': [
    ['iSCSI and FC', '<in> FC', true],
    ['iSCSI', '<in> FC', false],
    ['iSCSI', '<in> SCS FC', true],
    [['a', 'b'], '<in> b', true],
    [['ab'], '<in> b', false],
    [{ gold: 1 }, '<in> gold', true],
    [{ gold: 1 }, '<in> constructor', false],
    [5, '<in> 5', false],
  ],
  '<is> reads both sides as a truth value': [
    [true, '<is> True', true],
    ['yes', '<is> true', true],
    ['ON', '<is> 1', true],
    [1, '<is> True', true],
    [false, '<is> False', true],
    ['nonsense', '<is> False', true],
    [false, '<is> True', false],
    ['nonsense', '<is> True', false],
  ],
  '<or> takes one of the words, exactly': [
    ['iSCSI', '<or> iSCSI <or> FC', true],
    ['FC', '<or> iSCSI <or> FC', true],
    ['iscsi', '<or> iSCSI <or> FC', false],
    [5, '<or> 5 <or> 6', false],
    ['<or>', '<or> a <or> b', false],
  ],
  'an operator without a word is never met': [
    ['a', '<or>', false],
    ['a', '<in>', false],
    [5, '=', false],
    [false, '<is>', false],
  ],
}

for (const [rule, rows] of Object.entries(RULES)) {
  t.test(rule, async (t) => {
    for (const [reported, demand, isMet] of rows)
      t.equal(meetsDemand(reported, demand), isMet, `${JSON.stringify(reported)} against '${demand}'`)
  })
}
