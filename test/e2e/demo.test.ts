/** `npm run demo` is the first thing that a visitor runs: it must show what it says, and leave nothing. */
import t from 'tap'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../cluster/process.ts'

const DEMO = fileURLToPath(new URL('../demo/demo.js', import.meta.url))

t.setTimeout(300_000)

t.test('the demo tells its story to the end', async (t) => {
  const { exitCode, stdout, stderr } = await runCommand(process.execPath, [DEMO], { timeoutMs: 240_000 })
  t.equal(exitCode, 0, `${stdout}\n${stderr}`)
  t.match(stdout, /stopped: no process, no target and no file is left/)
})
