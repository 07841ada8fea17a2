import t from 'tap'
import { createLog } from '../../../agent/system/log.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void, level: 'debug' | 'info' = 'info'): readonly Record<string, unknown>[] {
  const lines: string[] = []
  write(createLog({ level, base: { host: 'a' }, sink: { write: (line) => void lines.push(line) } }))
  return lines.map((line): Record<string, unknown> => JSON.parse(line))
}

t.test('an event is one JSON line with its name, its fields, the host and the time', async (t) => {
  const [line] = logged((log) => log.warn('pool-stalled', { pool: 'a@file#pool', sinceMs: 5 }))
  t.match(line, { level: 'warn', event: 'pool-stalled', host: 'a', pool: 'a@file#pool', sinceMs: 5, time: /^\d{4}-\d\d-\d\dT.*Z$/ })
})

t.test('no secret reaches the log, however deep it lies and whatever carries it', async (t) => {
  const CANARY = 'canary-7f3a'
  const lines = logged((log) => {
    log.info('a', { password: CANARY, auth_password: CANARY, chapSecret: CANARY, token: CANARY, 'X-Auth-Token': CANARY })
    log.info('b', { spec: { list: [{ password: CANARY, privateKey: CANARY }] } })
    log.error('c', {
      error: Object.assign(new Error('failed', { cause: Object.assign(new Error('inner'), { code: 'EIO' }) }), { password: CANARY }),
    })
    log.info('d', { bytes: Buffer.from(CANARY), swarmKey: [CANARY], clusterKey: CANARY })
  })
  t.equal(lines.length, 4)
  t.notMatch(JSON.stringify(lines), new RegExp(CANARY))
  t.match(lines[2], { error: { message: 'failed', cause: { code: 'EIO' } } }, 'what an operator needs stays')
})

t.test('lines below the level are not written', async (t) => {
  t.equal(logged((log) => log.debug('x')).length, 0)
  t.equal(logged((log) => log.debug('x'), 'debug').length, 1)
})

t.test('a value that refers to itself does not hang the log', async (t) => {
  const loop: Record<string, unknown> = { name: 'loop' }
  loop['self'] = loop
  t.equal(logged((log) => log.info('x', loop)).length, 1)
})

t.test('the level is changed while it runs, and the log says so whatever the levels are', async (t) => {
  const lines = logged((log) => {
    log.debug('before')
    t.equal(log.level('debug'), 'debug')
    log.debug('now')
    t.equal(log.level('error'), 'error')
    log.warn('after')
    t.equal(log.level(null), 'error')
    t.equal(log.level('error'), 'error')
    log.error('at last')
  })
  t.match(lines, [
    { event: 'log-level-changed', from: 'info', to: 'debug' },
    { event: 'now' },
    { event: 'log-level-changed', from: 'debug', to: 'error' },
    { event: 'at last' },
  ])
  t.equal(lines.length, 4)
})
