/**
 * A link between a storage host and a volume's user that is cut, or loses much of what they send: nobody's business but
 * theirs. The initiator goes on when it is over, and no agent has changed anything.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { at, type Client, items } from '../cluster/client.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { Stage } from './export-stage.ts'
import type { Guest } from './guest.ts'
import type { Lab } from './lab.ts'
import { there } from './use-volume.ts'
import { startWriter, type Writer } from './writer.ts'

/** Longer than an initiator takes to notice. */
const CUT_MS = 10_000
const LOSS = '30%'
const LOSS_S = 20
/** An initiator tries again every few seconds; on a busy machine. */
const BACK_MS = 120_000
const SOME_BLOCKS = 10
const BEAT_MS = 5000

export async function linkIsCut(t: Test, lab: Lab, stage: Stage): Promise<void> {
  const { host, other } = stage
  await whileItWrites(t, stage, async (writer) => {
    await lab.cutLink(host, other)
    // What was under way may have arrived.
    await pause(CUT_MS / 5)
    const flushed = writer.flushed()
    await pause(CUT_MS)
    t.equal(writer.flushed(), flushed, 'nothing passes')
    await lab.mendLink(host, other)
  })
}

export async function linkIsLossy(t: Test, stage: Stage): Promise<void> {
  await whileItWrites(t, stage, async () => {
    await Promise.all([loseMuch(stage.host), loseMuch(stage.other)])
  })
}

/** Begun and ended in there: what the lab itself asks these hosts would be lost too. */
async function loseMuch(guest: Guest): Promise<void> {
  const lossy = `tc qdisc add dev vec0 root netem loss ${LOSS} && sleep ${LOSS_S} && tc -s qdisc show dev vec0 && tc qdisc del dev vec0 root && echo over`
  await guest.must(`modprobe sch_netem && echo > /lab/lossy && { (sleep 1; ${lossy}) >> /lab/lossy 2>&1 & }`)
  const isOver = async (): Promise<undefined | NotYet> => {
    const told = readFileSync(join(guest.outbox, 'lossy'), 'utf8')
    return /dropped [1-9].*over/s.test(told) ? undefined : new NotYet(told)
  }
  await waitFor(`${guest.name} has lost some and has its network back`, isOver, { timeoutMs: BACK_MS })
}

async function whileItWrites(t: Test, { client, other, attached }: Stage, meanwhile: (writer: Writer) => Promise<void>): Promise<void> {
  const before = await settledState(client)
  const writer = await startWriter(other, there(attached).device)
  await writer.goesOn(SOME_BLOCKS, { timeoutMs: BACK_MS })
  await meanwhile(writer)
  await writer.goesOn(SOME_BLOCKS, { timeoutMs: BACK_MS })
  await writer.stop()
  t.comment(`${writer.flushed()} blocks were flushed`)
  t.equal(await writer.missing(), '', 'every block that was flushed is there')
  t.same(await stateIn(client), before, 'no agent has changed anything')
}

/** What went before has ended, and been told: hosts tell how far they are in beats. */
async function settledState(client: Client): Promise<unknown> {
  const look = async (): Promise<unknown> => {
    const first = await stateIn(client)
    await pause(2 * BEAT_MS)
    return isDeepStrictEqual(await stateIn(client), first) ? first : new NotYet(first)
  }
  return await waitFor('nothing changes any more', look, { timeoutMs: BACK_MS })
}

/** How far each journal is, and what the API shows of volumes and attachments. */
async function stateIn(client: Client): Promise<unknown> {
  const hosts = items(await client.call('GET', '/scoria/v1/hosts', 200), 'hosts')
  const heads = hosts.map((row) => [at(row, 'name'), at(at(row, 'beat'), 'epoch'), at(at(row, 'beat'), 'head')])
  const volumes = await client.call('GET', '/volumes/detail', 200)
  return { heads, volumes, attachments: await client.call('GET', '/attachments/detail', 200) }
}
