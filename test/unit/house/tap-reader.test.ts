/**
 * The count at the end of `npm test` is only worth something if nothing gets lost on the way to it.
 */
import t from 'tap'
import { type FileResult, TapReader } from '../../house/tap-reader.ts'

function results(...lines: readonly string[]): FileResult[] {
  const found: FileResult[] = []
  const reader = new TapReader((result) => found.push(result))
  for (const line of ['TAP version 14', '1..1', ...lines]) reader.line(line)
  reader.end()
  return found
}

t.test('a subtest counts once, whatever it asserts', async (t) => {
  const [file] = results(
    '# Subtest: a.test.js',
    '    # Subtest: adds',
    '        ok 1 - one',
    '        ok 2 - two',
    '        1..2',
    '    ok 1 - adds # time=4.3ms',
    '    ok 2 - bare assertion',
    '    1..2',
    'ok 1 - a.test.js # time=1500ms',
  )
  t.match(file, { file: 'a.test.js', passed: 2, failed: 0, skipped: 0, seconds: 1.5, failures: [] })
})

t.test('a failure is shown once, at the innermost point, with its diagnostics', async (t) => {
  const [file] = results(
    '# Subtest: a.test.js',
    '    # Subtest: adds',
    '        not ok 1 - sum',
    '          ---',
    '          diff: |',
    '            not ok 7 - this is text, not a point',
    '          ...',
    '        1..1',
    '    not ok 1 - adds # time=4.3ms',
    '      ---',
    '      at: somewhere',
    '      ...',
    '    1..1',
    'not ok 1 - a.test.js # time=10ms',
    '  ---',
    '  exitCode: 1',
    '  ...',
  )
  t.match(file, { passed: 0, failed: 1, skipped: 0 })
  t.same(file?.failures, [{ path: ['adds', 'sum'], diagnostics: ['diff: |', '  not ok 7 - this is text, not a point'] }])
})

t.test('a file that was killed is a failure, although no point of it failed', async (t) => {
  const [file] = results(
    '# Subtest: a.test.js',
    '    # Subtest: crash',
    '        ok 1 - so far',
    '    1..0 # no tests found',
    'not ok 1 - a.test.js # time=10ms',
    '  ---',
    '  signal: SIGKILL',
    '  ...',
  )
  t.match(file, { passed: 0, failed: 1 })
  t.same(file?.failures, [{ path: ['the file itself failed'], diagnostics: ['signal: SIGKILL'] }])
})

t.test('a file that fails after its tests have passed is a failure', async (t) => {
  const [file] = results('# Subtest: a.test.js', '    ok 1 - fine', '    1..1', 'not ok 1 - a.test.js # time=10ms')
  t.match(file, { passed: 1, failed: 1 })
})

t.test('a file without a test is a failure', async (t) => {
  const [file] = results('# Subtest: a.test.js', '    1..0 # no tests found', 'ok 1 - a.test.js # SKIP no tests found')
  t.match(file, { passed: 0, failed: 1, skipped: 0, failures: [{ path: ['ran no test'] }] })
})

t.test('skipped and postponed points count as skipped, at any depth, and never as passed', async (t) => {
  const [file] = results(
    '# Subtest: a.test.js',
    '    # Subtest: parts',
    '        ok 1 - done',
    '        ok 2 - inner # SKIP no disk',
    '        not ok 3 - later # Todo',
    '        1..3',
    '    ok 1 - parts # time=4.3ms',
    '    ok 2 - outer # SKIP',
    '    1..2',
    'ok 1 - a.test.js # time=10ms',
  )
  t.match(file, { passed: 1, failed: 0, skipped: 3, failures: [] })
})

t.test('a file that says why it does not run counts as one skip', async (t) => {
  const [file] = results('# Subtest: a.test.js', '    1..0 # no kernel', 'ok 1 - a.test.js # SKIP no kernel')
  t.match(file, { passed: 0, failed: 0, skipped: 1 })
})

t.test('files are told apart, and what a test prints is not counted', async (t) => {
  const files = results(
    '# Subtest: a.test.js',
    '    hello, ok 1 - world',
    '    ok 1 - first',
    '    1..1',
    'ok 1 - a.test.js # time=10ms',
    '',
    '# Subtest: b.test.js',
    '    not ok 1 - second',
    '    1..1',
    'not ok 2 - b.test.js # time=10ms',
    '# { total: 2, pass: 1, fail: 1 }',
  )
  t.same(
    files.map(({ file, passed, failed }) => ({ file, passed, failed })),
    [
      { file: 'a.test.js', passed: 1, failed: 0 },
      { file: 'b.test.js', passed: 0, failed: 1 },
    ],
  )
})
