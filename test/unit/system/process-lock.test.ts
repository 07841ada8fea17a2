/** One process per folder, also right after the one before was killed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { liveHolder, noteProcess, takeLock, takeLockWhenOver } from '../../../agent/system/process-lock.ts'
import { startProcess } from '../../cluster/process.ts'
import { NotYet, waitFor } from '../../cluster/wait-for.ts'

t.test('a lock is for one, and free when that one has let it go', async (t) => {
  const file = join(t.testdir(), 'lock')
  const first = takeLock(file)
  if (!first.ok) throw new Error('a lock in a new folder is free')
  t.same(takeLock(file), { ok: false, pid: process.pid, isEnding: false })
  t.same(await takeLockWhenOver(file), { ok: false, pid: process.pid, isEnding: false }, 'nobody waits for one that lives')
  first.release()
  t.ok(takeLock(file).ok)
})

t.test('a process that was killed holds nothing, also if nobody has taken note of its end', async (t) => {
  const { parent, child } = await processWithChild(t)
  const file = join(t.testdir(), 'lock')
  noteProcess(file, child)
  t.equal(liveHolder(file), child)
  process.kill(child, 'SIGKILL')
  await waitFor('the child is a zombie of its parent', async () =>
    readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z ') ? true : new NotYet(child),
  )
  t.ok(parent.isRunning(), 'its parent lives and has not asked for it')
  t.equal(liveHolder(file), null)
  t.ok(takeLock(file).ok)
})

t.test('a file without a name in it holds nothing', async (t) => {
  const file = join(t.testdir({ lock: '' }), 'lock')
  t.equal(liveHolder(file), null)
  t.ok(takeLock(file).ok)
})

/** A parent that never waits for its child. */
async function processWithChild(t: Test): Promise<{ parent: ReturnType<typeof startProcess>; child: number }> {
  const log = join(t.testdir(), 'child')
  const parent = startProcess(['sh', '-c', 'sleep 60 & echo $!; exec sleep 60'], log)
  t.teardown(() => parent.signal('SIGKILL'))
  const child = await waitFor('the child has started', async () => {
    const pid = Number(readFileSync(log, 'utf8'))
    return pid > 0 ? pid : new NotYet('no id yet')
  })
  return { parent, child }
}
