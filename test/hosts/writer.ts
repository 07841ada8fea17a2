/**
 * Somebody who writes to a volume all the time, on a compute host: block after block, each flushed before the next.
 *
 * It remembers what was flushed in a file of this machine, so that whatever happens to the storage, every promise that it
 * was given can be looked at afterwards.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NotYet, type WaitOptions, waitFor } from '../cluster/wait-for.ts'
import type { ComputeHost } from './compute-host.ts'
import { createService } from './service.ts'

export interface Writer {
  /** How many blocks were flushed so far. */
  flushed(): number
  /** Resolves when it has flushed so many more from now on. @throws if that does not happen in time, or it has failed */
  goesOn(blocks: number, options?: WaitOptions): Promise<void>
  /** Resolves when a write of it has failed. */
  failed(options?: WaitOptions): Promise<void>
  stop(): Promise<void>
  /** Which of the flushed blocks are not on the device any more, read past all caches. */
  missing(): Promise<string>
}

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'test', 'hosts', 'guest', 'write-on.sh')
const READ_MS = 120_000
const BLOCK = 4096

/** Resolves when the first block is flushed. */
export async function startWriter(host: ComputeHost, device: string): Promise<Writer> {
  const service = createService(host, 'writer', `/bin/sh ${PROGRAM} ${device}`)
  const written = join(host.outbox, 'written')
  const notWritten = join(host.outbox, 'not-written')
  const flushed = (): number => (existsSync(written) ? Number(readFileSync(written, 'utf8').trimEnd().split('\n').at(-1)) : 0)
  const goesOn: Writer['goesOn'] = async (blocks, options) => {
    const before = flushed()
    const look = async (): Promise<undefined | NotYet> => {
      if (existsSync(notWritten)) throw new Error(`${host.name}: its write of block ${readFileSync(notWritten, 'utf8').trim()} failed`)
      return flushed() >= before + blocks ? undefined : new NotYet(`${flushed() - before} blocks`)
    }
    await waitFor(`${host.name} writes to ${device}`, look, options)
  }
  await host.must('rm -f /lab/written /lab/not-written')
  await service.start()
  await goesOn(1)
  return {
    flushed,
    goesOn,
    failed: (options) =>
      waitFor(
        `a write of ${host.name} fails`,
        async () => (existsSync(notWritten) ? undefined : new NotYet(`${flushed()} blocks written`)),
        options,
      ),
    stop: () => service.stop('TERM'),
    async missing() {
      const count = flushed()
      const read = `dd if=${device} bs=${BLOCK} count=${count} iflag=direct status=none`
      return (await host.must(`${read} | awk '$2 != NR || $1 != "block" { print NR }' | head`, { timeoutMs: READ_MS })).trim()
    },
  }
}
