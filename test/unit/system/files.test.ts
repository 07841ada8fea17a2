import t from 'tap'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseYaml, readConfigFile } from '../../../agent/system/config-file.ts'
import { makeFolder, writeDurably } from '../../../agent/system/durable-file.ts'
import { takeLock } from '../../../agent/system/process-lock.ts'
import { checkPortFree, directoryFinding, nodeFinding } from '../../../agent/system/start-checks.ts'

t.test('a durable write replaces the file, keeps others out and leaves no draft', async (t) => {
  const dir = t.testdir({ 'a.json': 'old', '.a.json.draft': 'left over by a crash' })
  await writeDurably(join(dir, 'a.json'), 'new')
  t.equal(readFileSync(join(dir, 'a.json'), 'utf8'), 'new')
  t.equal(statSync(join(dir, 'a.json')).mode & 0o777, 0o600)
  t.same(readdirSync(dir), ['a.json'])
})

t.test('a lock is held by one process, freed by its owner, and taken over from a dead one', async (t) => {
  const file = join(t.testdir({}), 'lock')
  const mine = takeLock(file)
  t.match(takeLock(file), { ok: false, pid: process.pid })
  if (mine.ok) mine.release()
  t.notOk(existsSync(file))
  const gone = spawnSync(process.execPath, ['-e', ''])
  writeFileSync(file, `${gone.pid} 12345`)
  t.match(takeLock(file), { ok: true }, 'its process is gone')
  writeFileSync(file, `${process.pid} 1`)
  t.match(takeLock(file), { ok: true }, 'the id is in use again, by a process that started at another time')
})

t.test('a configuration file that cannot be used says which, where and what to do', async (t) => {
  const dir = t.testdir({ 'bad.yaml': 'name: a\n  zone: b\n', 'good.yaml': 'name: a # comment\n' })
  t.match(await readConfigFile(join(dir, 'none.yaml')), { ok: false, problem: /none\.yaml: no such file; `scoria init/ })
  t.match(await readConfigFile(join(dir, 'bad.yaml')), { ok: false, problem: /bad\.yaml: .*line 1|line 2/ })
  t.same(await readConfigFile(join(dir, 'good.yaml')), { ok: true, json: { name: 'a' } })
  t.same(parseYaml('{"name": "a"}', 'x'), { ok: true, json: { name: 'a' } }, 'JSON is YAML')
})

t.test('start checks name the remedy', async (t) => {
  const dir = t.testdir({ open: {} })
  t.match(await directoryFinding(join(dir, 'none')), { level: 'fail', found: /does not exist/, remedy: /^scoria init --name HOST --dir/ })
  t.match(await directoryFinding(join(dir, 'open')), { level: 'fail', found: /open to others/, remedy: `chmod 700 ${join(dir, 'open')}` })
  await makeFolder(join(dir, 'closed'))
  t.match(await directoryFinding(join(dir, 'closed')), { level: 'ok' })
  t.match(nodeFinding('v18.19.0'), { level: 'fail', found: /needs 20.20 or later/ })
  t.match(nodeFinding('v20.9.0'), { level: 'fail', found: /too old/ })
  t.match(nodeFinding('v20.20.2'), { level: 'ok' })
  t.match(nodeFinding('v22.0.0'), { level: 'ok' })
})

t.test('a port that is taken is told with its address', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  t.equal(
    await checkPortFree({ host: '127.0.0.1', port }, 'take another with --api-port'),
    `127.0.0.1:${port} is taken by another process: take another with --api-port`,
  )
  t.equal(await checkPortFree({ host: '127.0.0.1', port: 0 }, ''), null)
})
