/**
 * Measures an agent from beside it, in its own host: `create N`, `attach N`. Prints milliseconds as JSON.
 *
 * A create is measured in turn with a bare `lvcreate` that makes the same LV, so that both meet the same machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { argv, stdout } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { COMMAND_ENVIRONMENT } from '../../../agent/system/environment.ts'
import { at, createClient, textAt } from '../../cluster/client.ts'

const LOOK_EVERY_MS = 1000
const INITIATOR = 'iqn.2026-01.io.scoria.test:figures'
const client = createClient('http://127.0.0.1:8776', 'demo')

async function lvm(...args: readonly string[]): Promise<void> {
  const child = spawn('lvm', args, { env: COMMAND_ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.resume()
  child.stderr.resume()
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`lvm ${args.join(' ')} ended with ${String(code)}`)
}

/** Milliseconds. */
async function took(work: () => Promise<void>): Promise<number> {
  const fromMs = performance.now()
  await work()
  return performance.now() - fromMs
}

/** Until it became available by the agent's own clock: who looks more often takes the processor from it. */
async function createMs(): Promise<number> {
  const fromMs = Date.now()
  const id = textAt(at(await client.call('POST', '/volumes', 202, { volume: { size: 1 } }), 'volume'), 'id')
  for (;;) {
    await pause(LOOK_EVERY_MS)
    const volume = at(await client.call('GET', `/volumes/${id}`, 200), 'volume')
    const status = textAt(volume, 'status')
    if (status === 'available') return Date.parse(`${textAt(volume, 'updated_at')}Z`) - fromMs
    if (status !== 'creating') throw new Error(`${id} is ${status}: ${(await client.messages(id)).join('; ')}`)
  }
}

async function creates(count: number): Promise<object> {
  const [bare, whole]: [number[], number[]] = [[], []]
  for (let n = 0; n < count; n += 1) {
    bare.push(await took(() => lvm('lvcreate', '-q', '--yes', '--virtualsize', '1g', '--thinpool', 'pool', '--name', `bare-${n}`, 'vg')))
    whole.push(await createMs())
  }
  for (let n = 0; n < count; n += 1) await lvm('lvremove', '-q', '--yes', `vg/bare-${n}`)
  return { bare, whole }
}

async function attaches(count: number): Promise<object> {
  const free = (await client.volumes()).filter(({ status }) => status === 'available').slice(0, count)
  const whole: number[] = []
  for (const { id } of free) {
    const body = { attachment: { volume_uuid: id, connector: { initiator: INITIATOR, host: 'figures' } } }
    whole.push(await took(async () => void (await client.call('POST', '/attachments', 200, body))))
  }
  return { whole }
}

const [, , what = '', count = ''] = argv
const measured = what === 'create' ? await creates(Number(count)) : await attaches(Number(count))
stdout.write(`${JSON.stringify(measured)}\n`)
