/** `scoria completion`: what a real bash makes of the script. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from './stub.ts'

const folder = mkdtempSync(join(tmpdir(), 'scoria-completion-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** What bash offers for the last of these words. */
function offered(script: string, ...words: readonly string[]): readonly string[] {
  const file = join(folder, 'scoria.bash')
  writeFileSync(file, script)
  const typed = ['scoria', ...words]
  const set = `COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length - 1}`
  const out = execFileSync('bash', ['--norc', '-u', '-c', `source ${file}; ${set}; _scoria; printf '%s\\n' "\${COMPREPLY[@]}"`])
  return out.toString().trim().split('\n')
}

t.test('bash ends commands, their options, and forms of output', async (t) => {
  const { out, exitCode } = await run(['completion', 'bash'], { endpoint: 'http://127.0.0.1:1' })
  t.equal(exitCode, 0)
  t.same(offered(out, 'vol'), ['volume'])
  t.same(offered(out, 'vers'), [''], 'what there is not is not offered')
  t.ok(offered(out, '').includes('doctor'), 'what this host does itself, too')
  t.ok(offered(out, 'volume', '').includes('create'))
  t.same(offered(out, 'volume', 'create', 'db', '--si'), ['--size'])
  t.same(offered(out, 'type', 'access', 'a'), ['add'])
  t.same(offered(out, 'volume', 'list', '-o', 'y'), ['yaml'])
  t.same(offered(out, 'application', 'credential', 'create', '--exp'), ['--expiration'])
})

t.test('zsh gets the same by its own way, and another shell is told which there are', async (t) => {
  t.match((await run(['completion', 'zsh'], { endpoint: 'http://127.0.0.1:1' })).out, /^#compdef scoria\n.*bashcompinit\n/)
  t.match(await run(['completion', 'fish'], { endpoint: 'http://127.0.0.1:1' }), { exitCode: 2, err: /There are: bash, zsh/ })
})
