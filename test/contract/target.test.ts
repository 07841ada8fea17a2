/** The contract of targets, held by tgtd with real initiators and by the simulator's fake. */
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createExec } from '../../agent/system/exec.ts'
import { createSpawn } from '../../agent/system/spawn.ts'
import { checkTgt } from '../../agent/target/tgt/check.ts'
import { type RunningTgtd, startTgtd } from '../../agent/target/tgt/daemon.ts'
import { createTgtTarget } from '../../agent/target/tgt/target.ts'
import type { Command, CommandResult, Exec } from '../../lib/ports/exec.ts'
import type { Log } from '../../lib/ports/log.ts'
import { done, type Outcome } from '../../lib/ports/outcome.ts'
import { FakeExports, type Session } from '../sim/fakes/exports.ts'
import { createInitiators, run } from './initiators.ts'
import { credentialsOf, exportOf, inTime, targetContract, type TargetUnderTest, value } from './target.ts'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
const exec = createExec({ log: quiet })
const spawn = createSpawn({ log: quiet })
const VOLUME_BYTES = 1024 * 1024

t.test('tgtd', async (t) => {
  targetContract(t, tgtTarget)

  t.test('an expose that was cut off after any of its commands is completed by the next', async (t) => {
    const { target, makeVolume, canLogIn, controlPort, portal } = await tgtTarget(t)
    let whole = ''
    for (let kept = 0; ; kept += 1) {
      const spec = exportOf(await makeVolume(), kept + 1)
      const cut = cutOff(kept)
      const outcome = await createTgtTarget({ controlPort, portal, exec: cut.exec, log: quiet }).expose(spec, inTime)
      if (!cut.isCut()) {
        t.equal(kept, 7, 'the one that nothing cut off was the eighth')
        whole = spec.iqn
        break
      }
      t.equal(outcome.kind, 'unknown', `cut off after ${kept} commands`)
      value(await target.expose(spec, inTime))
      t.ok(await canLogIn(credentialsOf(spec)), `completed after ${kept} commands`)
      value(await target.fence(spec.iqn, inTime))
      if (kept > 50) throw new Error('an expose has no end')
    }
    t.same(value(await target.list(inTime)), [whole])
  })

  t.test('a fence that was cut off after any of its commands is completed by the next', async (t) => {
    const { target, makeVolume, logIn, canLogIn, controlPort, portal } = await tgtTarget(t)
    for (let kept = 0; ; kept += 1) {
      const spec = exportOf(await makeVolume(), kept + 1)
      value(await target.expose(spec, inTime))
      const session = await logIn(credentialsOf(spec))
      const cut = cutOff(kept)
      const outcome = await createTgtTarget({ controlPort, portal, exec: cut.exec, log: quiet }).fence(spec.iqn, inTime)
      if (cut.isCut()) {
        t.equal(outcome.kind, 'unknown', `cut off after ${kept} commands`)
        value(await target.fence(spec.iqn, inTime))
      }
      t.notOk(await session.lastWrite(), `session, after ${kept} commands`)
      t.notOk(await canLogIn(credentialsOf(spec)), `login, after ${kept} commands`)
      if (!cut.isCut()) break
    }
    t.same(value(await target.list(inTime)), [])
  })

  t.test('what others export over the same tgtd is not listed', async (t) => {
    const { target, makeVolume, tgtadm } = await tgtTarget(t)
    await tgtadm('--mode', 'target', '--op', 'new', '--tid', '1', '--targetname', 'iqn.2026-01.test:other')
    const spec = exportOf(await makeVolume())
    value(await target.expose(spec, inTime))
    t.same(value(await target.list(inTime)), [spec.iqn])
  })

  t.test('the disk that an initiator sees keeps its id when tgtd restarts, and no other has it', async (t) => {
    const { target, makeVolume, restartEmpty, tgtadm } = await tgtTarget(t)
    const specs = [exportOf(await makeVolume(), 1), exportOf(await makeVolume(), 2)]
    const ids = async (): Promise<readonly string[]> => {
      for (const spec of specs) value(await target.expose(spec, inTime))
      return [...(await tgtadm('--mode', 'target', '--op', 'show')).matchAll(/Target \d+: (\S+)|SCSI ID: (6[0-9a-f]{31})$/gm)]
        .map(([, iqn, id]) => iqn ?? id ?? '')
        .sort()
    }
    const before = await ids()
    t.equal(new Set(before).size, 4, 'two names, two ids')
    await restartEmpty()
    specs.reverse()
    t.same(await ids(), before)
  })

  t.test('an initiator that does not ask whether a disk is read-only cannot write to it either', async (t) => {
    const { target, makeVolume, portal } = await tgtTarget(t)
    const spec = { ...exportOf(await makeVolume()), readOnly: true }
    const before = Buffer.alloc(VOLUME_BYTES, 0xaa)
    await writeFile(spec.devicePath, before)
    value(await target.expose(spec, inTime))
    const url = `iscsi://${spec.username}%${spec.password}@${portal}/${spec.iqn}/1`
    const { output } = await run('iscsi-test-cu', [
      '--dataloss',
      '--initiator-name',
      spec.initiator,
      '--test=SCSI.ReadOnly.ReadOnlySBC',
      '-v',
      url,
    ])
    t.match(output, /tests +1 +1 /, 'the tool ran its test')
    t.notMatch(output, /\[FAILED\] WRITE(10|12|16) /, 'and saw its writes refused')
    t.same(await readFile(spec.devicePath), before)
  })

  t.test('a path that is not there is refused, and nobody gets in', async (t) => {
    const { target, canLogIn } = await tgtTarget(t)
    const spec = exportOf('/nowhere/volume.img')
    t.match(await target.expose(spec, inTime), { kind: 'failed', tool: 'tgtadm', detail: /invalid request/ })
    t.notOk(await canLogIn(credentialsOf(spec)))
    value(await target.fence(spec.iqn, inTime))
    t.same(value(await target.list(inTime)), [])
  })

  t.test('a CHAP secret gets into no log and no outcome, whether the export works or not', async (t) => {
    const { makeVolume, controlPort, portal } = await tgtTarget(t)
    const lines: unknown[] = []
    const note = (event: string, fields: unknown): void => {
      lines.push({ event, fields })
    }
    const log: Log = { debug: note, info: note, warn: note, error: note }
    const target = createTgtTarget({ controlPort, portal, exec: createExec({ log }), log })
    const spec = { ...exportOf(await makeVolume()), password: 'canary5d41402a' }
    const outcomes = [
      await target.expose({ ...spec, devicePath: '/nowhere/volume.img' }, inTime),
      await target.expose(spec, inTime),
      await target.expose({ ...spec, password: 'canary5d41402a,' }, inTime),
      await target.fence(spec.iqn, inTime),
    ]
    t.same(
      outcomes.map(({ kind }) => kind),
      ['failed', 'ok', 'failed', 'ok'],
    )
    t.notMatch(JSON.stringify([lines, outcomes]), 'canary')
  })

  t.test('while tgtd is down every call fails with what to do about it', async (t) => {
    const { target, stop, controlPort, portal, makeVolume } = await tgtTarget(t)
    const spec = exportOf(await makeVolume())
    await stop()
    const remedy = new RegExp(`tgtd -C ${controlPort} --iscsi portal=`)
    for (const outcome of [await target.expose(spec, inTime), await target.fence(spec.iqn, inTime), await target.list(inTime)]) {
      t.match(outcome, { kind: 'failed', detail: remedy })
    }
    t.match(await checkTgt({ exec, controlPort, portal }), remedy)
  })

  t.test('the check opens a portal that is missing, and names one that cannot be opened', async (t) => {
    const { controlPort, portal, tgtadm } = await tgtTarget(t)
    t.equal(await checkTgt({ exec, controlPort, portal }), null, 'there already')
    const another = `127.0.0.1:${await freePort()}`
    t.equal(await checkTgt({ exec, controlPort, portal: another }), null, 'opened')
    t.match(await tgtadm('--mode', 'portal', '--op', 'show'), another)
    t.match(
      await checkTgt({ exec, controlPort, portal: '192.0.2.1:3260' }),
      /cannot listen on 192\.0\.2\.1:3260: set target\.portal/,
      'not this host',
    )
  })

  t.test('who connects while nothing is exported is not hung up on: open-iscsi would never get in again', async (t) => {
    const { controlPort, portal, tgtadm, target } = await tgtTarget(t)
    t.equal(await checkTgt({ exec, controlPort, portal }), null)
    const connection = connect({ host: '127.0.0.1', port: Number(portal.split(':')[1]) })
    t.teardown(() => connection.destroy())
    let isClosed = false
    connection.once('end', () => {
      isClosed = true
    })
    await once(connection, 'connect')
    // tgtd takes one event after the other: when it has answered twice, it has seen the connection.
    for (const _ of [1, 2]) await tgtadm('--mode', 'sys', '--op', 'show')
    t.notOk(isClosed)
    t.same(value(await target.list(inTime)), [], 'what keeps it open is no export')
  })

  t.test('a second tgtd on a control port or a portal that is taken does not start, and says which', async (t) => {
    const { controlPort, portal } = await tgtTarget(t)
    await t.rejects(startTgtd({ controlPort, portal, exec, spawn }), { message: new RegExp(`answers at control port ${controlPort}`) })
    await t.rejects(startTgtd({ controlPort: controlPort + 1, portal, exec, spawn }), { message: new RegExp(`cannot listen on ${portal}`) })
  })
})

t.test('the simulator', async (t) => {
  targetContract(t, simulatedTarget)
})

interface TgtUnderTest extends TargetUnderTest {
  readonly controlPort: number
  readonly portal: string
  tgtadm(...args: string[]): Promise<string>
  stop(): Promise<void>
}

async function tgtTarget(t: Test): Promise<TgtUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-target-'))
  const port = await freePort()
  const portal = `127.0.0.1:${port}`
  // A port that is free for TCP is taken for the control socket too: no two tests have the same.
  const controlPort = port % 32_767
  let daemon: RunningTgtd = await startTgtd({ controlPort, portal, exec, spawn })
  const initiators = createInitiators(portal)
  const volumes: string[] = []
  const paths = new Map<string, string>()
  const real = createTgtTarget({ controlPort, portal, exec, log: quiet })
  t.teardown(async () => {
    await initiators.stop()
    await daemon.stop()
    await rm(directory, { recursive: true, force: true })
  })
  return {
    controlPort,
    portal,
    target: {
      ...real,
      expose(spec, signal) {
        paths.set(spec.iqn, spec.devicePath)
        return real.expose(spec, signal)
      },
    },
    async makeVolume() {
      const path = join(directory, `volume-${volumes.length}.img`)
      volumes.push(path)
      const file = await open(path, 'wx')
      await file.truncate(VOLUME_BYTES)
      await file.close()
      return path
    },
    canLogIn: initiators.canLogIn,
    logIn: (credentials) => initiators.logIn(credentials, paths.get(credentials.iqn) ?? ''),
    canWrite: (credentials) => initiators.canWrite(credentials, paths.get(credentials.iqn) ?? ''),
    async restartEmpty() {
      await daemon.stop()
      daemon = await startTgtd({ controlPort, portal, exec, spawn })
    },
    stop: () => daemon.stop(),
    async tgtadm(...args) {
      const { exitCode, stdout, stderr } = await exec({
        file: 'tgtadm',
        args: ['-C', String(controlPort), '--lld', 'iscsi', ...args],
        timeoutMs: 10_000,
      })
      if (exitCode !== 0) throw new Error(`tgtadm ${args.join(' ')}: ${stderr}`)
      return stdout
    },
  }
}

/** Runs so many commands that change something, and then is as if the agent had died: none after it is run. */
function cutOff(kept: number): { readonly exec: Exec; isCut(): boolean } {
  let left = kept
  let isCut = false
  const gone: CommandResult = { exitCode: null, stdout: '', stderr: '', timedOut: true, missing: false }
  return {
    isCut: () => isCut,
    exec: async (command: Command) => {
      if (!command.args.includes('show')) left -= 1
      if (left < 0) isCut = true
      return isCut ? gone : await exec(command)
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  return await new Promise((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port)))
    })
  })
}

/** The simulator calls its exports directly; here they stand behind the port. */
async function simulatedTarget(): Promise<TargetUnderTest> {
  const exports = new FakeExports({ onExpose() {}, onLogin() {}, onWrite() {} })
  let volumes = 0
  const login = ({ initiator, iqn, chap }: Parameters<TargetUnderTest['canLogIn']>[0]): Session | null =>
    exports.login(initiator, iqn, chap?.username ?? '', chap?.password ?? '')
  return {
    target: {
      portal: '192.0.2.1:3260',
      followsGrowth: true,
      expose: async (spec) => emptied(exports.expose(spec)),
      fence: async (iqn) => emptied(exports.fence(iqn)),
      list: async () => done(exports.list()),
    },
    async makeVolume() {
      volumes += 1
      return `/fake/${volumes}`
    },
    canLogIn: async (credentials) => login(credentials) !== null,
    async canWrite(credentials) {
      const session = login(credentials)
      return session !== null && exports.write(session)
    },
    async logIn(credentials) {
      const session = login(credentials)
      if (session === null) throw new Error('turned away')
      const write = async (): Promise<boolean> => exports.write(session)
      return { write, lastWrite: write }
    },
    restartEmpty: async () => exports.restartEmpty(),
  }
}

function emptied(outcome: Outcome<null>): Outcome<void> {
  return outcome.kind === 'ok' ? done(undefined) : outcome
}
