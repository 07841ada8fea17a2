/** How commands are run, on real processes: what they see, how they end, and what of them gets into the log. */
import t from 'tap'
import { createExec } from '../../../agent/system/exec.ts'
import { createSpawn } from '../../../agent/system/spawn.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import type { Log } from '../../../lib/ports/log.ts'

function listening(): { readonly exec: Exec; readonly log: Log; readonly logged: () => string } {
  const lines: unknown[] = []
  const note = (event: string, fields: unknown): void => {
    lines.push({ event, fields })
  }
  const log: Log = { debug: note, info: note, warn: note, error: note }
  return { exec: createExec({ log }), log, logged: () => JSON.stringify(lines) }
}

t.test('arguments reach the command as they are: no shell reads them', async (t) => {
  const args = ['$(id)', '; id', '`id`', '*', 'a b', '"', '\\', '|', '', 'ü']
  const { stdout } = await listening().exec({
    file: process.execPath,
    args: ['-p', 'JSON.stringify(process.argv.slice(1))', '--', ...args],
    timeoutMs: 10_000,
  })
  t.same(JSON.parse(stdout), args)
})

t.test('a command sees nothing of the agent’s environment, and finds what lies in sbin', async (t) => {
  const { stdout } = await listening().exec({ file: 'env', args: ['-0'], timeoutMs: 10_000 })
  const pairs = stdout
    .split('\0')
    .filter((pair) => pair !== '')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const)
  // tap puts its own into every process that a test starts.
  const environment: Record<string, string> = Object.fromEntries(pairs.filter(([name]) => !/^_TAPJS_|^NODE_OPTIONS$/.test(name)))
  t.same(Object.keys(environment).sort(), ['HOME', 'LC_ALL', 'LVM_SUPPRESS_FD_WARNINGS', 'PATH'])
  t.equal(environment['LC_ALL'], 'C')
  t.match(environment['PATH'], '/usr/sbin')
})

t.test('how a command ended is a value: its code and both of its outputs', async (t) => {
  const { exec } = listening()
  t.same(await exec({ file: 'sh', args: ['-c', 'echo out; echo err >&2; exit 5'], timeoutMs: 10_000 }), {
    exitCode: 5,
    stdout: 'out',
    stderr: 'err',
    timedOut: false,
    missing: false,
  })
})

t.test('a command that is not installed is missing, and no exception', async (t) => {
  t.match(await listening().exec({ file: 'no-such-command-here', args: [], timeoutMs: 10_000 }), {
    exitCode: null,
    missing: true,
    timedOut: false,
  })
})

t.test('a command that takes too long is killed, also if it ignores the polite signal', async (t) => {
  const { exec } = listening()
  t.match(await exec({ file: 'sleep', args: ['600'], timeoutMs: 50 }), { exitCode: null, timedOut: true, missing: false })
  const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"
  t.match(await exec({ file: process.execPath, args: ['-e', stubborn], timeoutMs: 300 }), {
    exitCode: null,
    timedOut: true,
    missing: false,
  })
})

t.test('a command that does not stop talking is ended and its result not taken for good', async (t) => {
  const exec = createExec({ log: listening().log, outputBytesMax: 4096 })
  const { exitCode, stdout, timedOut } = await exec({ file: 'yes', args: [], timeoutMs: 60_000 })
  t.same({ exitCode, timedOut }, { exitCode: null, timedOut: false })
  t.ok(stdout.length <= 4096)
})

t.test('a secret argument is in no log and no result, whatever the command says', async (t) => {
  const { exec, logged } = listening()
  const secret = 'canary-5d41402a'
  const said = await exec({
    file: 'sh',
    args: ['-c', 'echo "bad password $1" >&2; exit 1', 'sh', secret],
    timeoutMs: 10_000,
    secretArgs: [3],
  })
  const missing = await exec({ file: 'no-such-command-here', args: [secret], timeoutMs: 10_000, secretArgs: [0] })
  t.notMatch(logged() + JSON.stringify([said, missing]), secret)
  t.match(said.stderr, 'bad password')
})

t.test('a daemon runs until it is stopped', async (t) => {
  const { log } = listening()
  const daemon = createSpawn({ log })({ file: 'sleep', args: ['600'] })
  t.type(daemon.pid, 'number')
  await daemon.stop()
  t.match(await daemon.exited, { exitCode: null, missing: false })
  await daemon.stop()
})

t.test('a daemon that ends by itself says how, with its last words', async (t) => {
  const { log } = listening()
  t.same(await createSpawn({ log })({ file: 'sh', args: ['-c', 'echo taken >&2; exit 3'] }).exited, {
    exitCode: 3,
    stderr: 'taken\n',
    missing: false,
  })
})

t.test('a daemon that is not installed is missing, and no exception', async (t) => {
  const { log } = listening()
  const daemon = createSpawn({ log })({ file: 'no-such-daemon-here', args: [] })
  t.equal(daemon.pid, null)
  t.match(await daemon.exited, { exitCode: null, missing: true })
})
