/** Fences against a tgtd that behaves badly: what no real one can be made to do on command. */
import t from 'tap'
import { fence } from '../../../../agent/target/tgt/fence.ts'
import { createTgtadm } from '../../../../agent/target/tgt/tgtadm.ts'
import type { CommandResult, Exec } from '../../../../lib/ports/exec.ts'

const IQN = 'iqn.2026-01.io.scoria:volume-5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10-1'
const SESSION = 'Session: 3\n    Connection: 0\n'

interface Script {
  /** What each look at the connections finds; none once it is used up. */
  readonly looks: string[]
  /** How often tgtd refuses to delete the target. */
  refusals: number
}

/** A tgtd with one target. `calls` are the operations that changed something. */
function scripted(script: Script): { readonly exec: Exec; readonly calls: string[] } {
  const calls: string[] = []
  let isThere = true
  const answer = (exitCode: number, stdout: string, stderr = ''): CommandResult => ({
    exitCode,
    stdout,
    stderr,
    timedOut: false,
    missing: false,
  })
  const exec: Exec = async ({ args }) => {
    const [mode, op] = [args[args.indexOf('--mode') + 1], args[args.indexOf('--op') + 1]]
    if (op === 'show')
      return answer(
        0,
        mode === 'conn'
          ? (script.looks.shift() ?? '')
          : isThere
            ? `Target 5: ${IQN}\n    ACL information:\n        iqn.2026-01.test:c\n`
            : '',
      )
    calls.push(`${op} ${mode}`)
    if (mode === 'target' && op === 'delete') {
      script.refusals -= 1
      if (script.refusals >= 0) return answer(22, '', 'tgtadm: this target is still active')
      isThere = false
    }
    return answer(0, '')
  }
  return { exec, calls }
}

t.test('a session that shows up between two looks is closed before the target goes', async (t) => {
  const { exec, calls } = scripted({ looks: ['', SESSION], refusals: 0 })
  t.match(await fence(createTgtadm({ exec, controlPort: 9 }), IQN, new AbortController().signal), { kind: 'ok' })
  t.same(calls, ['unbind target', 'delete conn', 'unbind target', 'delete target'])
})

t.test('a target that tgtd holds on to is tried again and never forced', async (t) => {
  const { exec, calls } = scripted({ looks: [], refusals: 2 })
  const forced: boolean[] = []
  const watched: Exec = (command) => {
    forced.push(command.args.includes('--force'))
    return exec(command)
  }
  t.match(await fence(createTgtadm({ exec: watched, controlPort: 9 }), IQN, new AbortController().signal), { kind: 'ok' })
  t.equal(calls.filter((call) => call === 'delete target').length, 3)
  t.notOk(forced.includes(true))
})

t.test('a time limit in the middle leaves it open how the fence stands', async (t) => {
  const controller = new AbortController()
  const { exec } = scripted({ looks: Array.from({ length: 99 }, () => SESSION), refusals: 0 })
  let closed = 0
  const watched: Exec = (command) => {
    if (command.args.includes('conn') && command.args.includes('delete')) closed += 1
    if (closed === 3) controller.abort()
    return exec(command)
  }
  t.match(await fence(createTgtadm({ exec: watched, controlPort: 9 }), IQN, controller.signal), { kind: 'unknown', tool: 'tgtadm' })
})

t.test('a connection that never goes is a failure that names the export', async (t) => {
  const { exec, calls } = scripted({ looks: Array.from({ length: 99 }, () => SESSION), refusals: 0 })
  const pauses: number[] = []
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms)
  }
  t.match(await fence(createTgtadm({ exec, controlPort: 9 }), IQN, new AbortController().signal, pause), {
    kind: 'failed',
    detail: new RegExp(IQN),
  })
  t.notOk(calls.includes('delete target'), 'and its target stays, so that it is listed')
  t.ok(pauses.length < 100 && Math.max(...pauses) <= 250, 'bounded')
})
