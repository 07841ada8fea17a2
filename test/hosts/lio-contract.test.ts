/** The contract of targets, on a host whose kernel has one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startLab } from './lab.ts'

const PROGRAM = join(import.meta.dirname, '..', 'contract', 'lio-program.js')
const PROGRAM_MS = 400_000

t.setTimeout(900_000)

const lab = await startLab({ storage: 1 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})

t.test('the contract of targets holds on files and on block devices', async (t) => {
  const host = lab.storage(0)
  await host.must(['vgcreate', '-q', 'scoria', '/dev/ubda'])
  const { code } = await host.run(`node --enable-source-maps ${PROGRAM} > /lab/contract.tap 2>&1`, { timeoutMs: PROGRAM_MS })
  const lines = readFileSync(join(host.outbox, 'contract.tap'), 'utf8').split('\n')
  for (const line of lines) if (/^ *# (expose|{)/.test(line)) t.comment(line.trim())
  t.same(
    lines.filter((line) => /^ *not ok/.test(line)),
    [],
  )
  t.equal(code, 0)
})
