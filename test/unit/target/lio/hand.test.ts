/** The thread that works on configfs, when the kernel does not answer, or when there is no configfs. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import t from 'tap'
import { checkLio } from '../../../../agent/target/lio/check.ts'
import { createLioTarget } from '../../../../agent/target/lio/target.ts'
import type { Log } from '../../../../lib/ports/log.ts'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
const IQN = 'iqn.2026-01.io.scoria:volume-5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10-1'
const inTime = new AbortController().signal

t.test('a call that the kernel keeps waiting is unknown when its time is up, and what comes after it waits, and no longer', async (t) => {
  const root = t.testdir({ core: {}, iscsi: { [IQN]: { tpgt_1: { np: {}, lun: {}, acls: {} } } } })
  const enable = `${root}/iscsi/${IQN}/tpgt_1/enable`
  // Whoever reads a pipe that nobody writes to waits, as whoever closes a session waits for its disk.
  execFileSync('mkfifo', [enable])
  const target = createLioTarget({ portal: '127.0.0.1:3260', log: quiet, root })
  t.teardown(() => target.stop())
  t.same(await target.list(inTime), { kind: 'ok', value: [IQN] })

  const [stuck, next] = [new AbortController(), new AbortController()]
  const fencing = target.fence(IQN, stuck.signal)
  const listing = target.list(next.signal)
  stuck.abort()
  t.match(await fencing, { kind: 'unknown', tool: 'lio' })
  next.abort()
  t.match(await listing, { kind: 'unknown', tool: 'lio' }, 'the one behind it')
  t.match(await target.list(next.signal), { kind: 'unknown' }, 'nothing is begun after its time')

  // The kernel has its answer.
  const pipe = openSync(enable, constants.O_RDWR)
  writeSync(pipe, '1')
  t.match(await target.list(inTime), { kind: 'ok' }, 'it goes on by itself')
  closeSync(pipe)
})

t.test('where configfs is not there every call fails with the remedy: what cannot be seen is not gone', async (t) => {
  const root = `${t.testdir({})}/target`
  const target = createLioTarget({ portal: '127.0.0.1:3260', log: quiet, root })
  t.teardown(() => target.stop())
  const spec = {
    iqn: IQN,
    lun: 1,
    devicePath: '/dev/null',
    initiator: 'iqn.2026-01.test:c',
    username: 'u',
    password: 'secretsecret12',
    readOnly: false,
  }
  for (const outcome of [await target.expose(spec, inTime), await target.fence(IQN, inTime), await target.list(inTime)]) {
    t.match(outcome, { kind: 'failed', tool: 'lio', detail: /modprobe -a target_core_mod iscsi_target_mod/ })
  }
  t.match(await checkLio({ portal: '127.0.0.1:3260', root }), /configfs is not mounted: mount -t configfs none/)
})
