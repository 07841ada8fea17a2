/** Joining and founding as the commands do it: who waits for whom, and how a cluster begins. */
import t from 'tap'
import { readArguments } from '../../../agent/command/arguments.ts'
import { HOST_OPTION_ROWS, hostOptions } from '../../../agent/command/host-options.ts'
import { initHost } from '../../../agent/command/init.ts'
import { knockUntilFree } from '../../../agent/command/join.ts'
import type { Joined } from '../../../agent/peer/join-client.ts'
import { isForming } from '../../../lib/model/manifest.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'

/** A world whose clock moves only when somebody sleeps. */
function world() {
  let nowMs = 0
  const said: string[] = []
  return {
    said,
    say: (line: string) => void said.push(line),
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms
    },
  }
}
const refused = (code: string): Joined => ({ ok: false, code, facts: {} })

t.test('a host that comes while another is on its way in waits for it, and says so once', async (t) => {
  const answers = [refused('step-pending'), refused('step-pending'), refused('step-pending'), refused('name-taken')]
  const around = world()
  t.same(await knockUntilFree(async () => answers.shift() ?? refused('none left'), around), refused('name-taken'))
  t.match(around.said, [/^waiting: the accounts still move .* hosts join one at a time$/])
  t.equal(around.said.length, 1)
})

t.test('it waits a minute and not for ever; any other answer is one', async (t) => {
  const around = world()
  let knocks = 0
  const knock = (code: string) => async () => {
    knocks += 1
    return refused(code)
  }
  t.same(await knockUntilFree(knock('step-pending'), around), refused('step-pending'))
  t.equal(around.nowMs(), 60_000)
  knocks = 0
  t.same(await knockUntilFree(knock('token-expired'), around), refused('token-expired'))
  t.equal(knocks, 1)
})

t.test('a cluster of one is complete, a larger one waits for its founding hosts', async (t) => {
  for (const expect of [1, 3]) {
    const host = hostOptions(readArguments(['--name', 'a', '--dir', `${t.testdir({})}/${expect}`], HOST_OPTION_ROWS, 0))
    const signed = await initHost({ host, expect, types: [], limits: DEFAULT_LIMITS, isDryRun: false }, () => undefined)
    if (signed === null) return t.fail('there is a manifest')
    const { manifest } = signed
    t.equal(isForming(manifest), expect > 1, `expect ${expect}`)
    t.match(manifest, { voting: { epoch: expect > 1 ? 0 : 1, former: null }, hosts: [{ name: 'a', voter: true, state: 'member' }] })
  }
  return undefined
})
