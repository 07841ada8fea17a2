/** What is read from /proc and from disks. */
import { createServer } from 'node:net'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { probeFsync } from '../../../agent/system/fsync-probe.ts'
import { listeningIn, listenersOn } from '../../../agent/system/listeners.ts'
import { fileSystemIn, nearest } from '../../../agent/system/mounts.ts'

t.test('the process that listens on a port is named', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  t.match(await listenersOn([port]), [{ host: '127.0.0.1', port, pid: process.pid, program: /node|MainThread/ }])
  t.same(await listenersOn([]), [])
  const line =
    '   1: 0100007F:2248 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51234 1 0000000000000000 100 0 0 10 0'
  t.same(listeningIn(`  sl  local_address rem_address   st\n${line}\n${line.replace(' 0A ', ' 01 ')}\n`), [
    { host: '127.0.0.1', port: 8776, inode: '51234' },
  ])
})

t.test('a path lies on the mount that is nearest above it, and on the last of two at one place', async (t) => {
  const mountinfo = [
    '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '28 27 0:25 / /var rw - xfs /dev/vdb rw',
    '29 28 0:26 / /var/lib/my\\040state rw shared:1 - tmpfs none rw',
    '30 28 0:27 / /srv rw - ext4 /dev/vdc rw',
    '31 28 0:27 / /srv rw - nfs4 host:/x rw',
  ].join('\n')
  const cases = { '/': 'ext4', '/variable': 'ext4', '/var/lib': 'xfs', '/var/lib/my state/journal': 'tmpfs', '/srv/x': 'nfs4' }
  for (const [path, type] of Object.entries(cases)) t.equal(fileSystemIn(mountinfo, path), type, path)
  t.equal(await nearest('/proc/nosuch/folder'), '/proc')
})

t.test('a disk is measured and nothing is left on it; one that cannot be written is told', async (t) => {
  const folder = t.testdir({})
  t.match(await probeFsync(folder), { kind: 'measured', p50Ms: Number, maxMs: Number })
  t.same(readdirSync(folder), [])
  t.match(await probeFsync(`${folder}/none`), { kind: 'failed', code: 'ENOENT' })
})
