/**
 * Carries out the steps of a plan, one after the other, until one does not end well.
 *
 * Zeroes are written and not discarded: what a discard leaves behind is up to the disk. `blkdiscard --zeroout` lets a disk that
 * can write zeroes by itself do so, without unmapping, and the kernel writes them where it cannot. Each is on the disk (sync)
 * before the next step says so. Neither may be waited for: a disk of some terabytes takes hours.
 */
import type { Exec } from '../../../lib/ports/exec.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { devicePath } from './names.ts'
import type { Step } from './steps.ts'
import type { VolumeGroup } from './volume-group.ts'

/** Some terabytes on a slow disk. */
const BULK_TIMEOUT_MS = 24 * 3600 * 1000
const BLOCK_BYTES = 4 * 1024 * 1024

export async function carryOut(exec: Exec, vg: VolumeGroup, steps: readonly Step[]): Promise<Outcome<void>> {
  for (const step of steps) {
    const outcome = await one(exec, vg, step)
    if (outcome.kind !== 'ok') return outcome
  }
  return done(undefined)
}

async function one(exec: Exec, vg: VolumeGroup, step: Step): Promise<Outcome<unknown>> {
  switch (step.kind) {
    case 'lvm':
      return await vg.change(step.args)
    case 'give':
      return await vg.give(step.from, step.to)
    case 'zero': {
      const device = devicePath(vg.name, step.lv)
      const range = ['--offset', String(step.fromBytes), '--length', String(step.toBytes - step.fromBytes)]
      const zeroed = await bulk(exec, 'blkdiscard', ['--zeroout', '--force', ...range, device])
      return zeroed.kind === 'ok' ? await bulk(exec, 'sync', [device]) : zeroed
    }
    case 'copy': {
      const [from, to] = [`if=${devicePath(vg.name, step.from)}`, `of=${devicePath(vg.name, step.to)}`]
      const size = [`bs=${BLOCK_BYTES}`, `count=${step.sizeBytes}`, 'iflag=direct,fullblock,count_bytes', 'oflag=direct']
      return await bulk(exec, 'dd', [from, to, ...size, 'conv=fsync,nocreat,notrunc', 'status=none'])
    }
  }
}

async function bulk(exec: Exec, file: string, args: readonly string[]): Promise<Outcome<void>> {
  const { exitCode, stderr, missing } = await exec({ file, args, timeoutMs: BULK_TIMEOUT_MS })
  if (exitCode === 0) return done(undefined)
  const detail = missing ? 'is not installed: apt-get install util-linux coreutils' : stderr.trim()
  // It may have written a part, which is no matter: what it writes to is not yet, or no longer, anybody's.
  return exitCode === null && !missing ? { kind: 'unknown', tool: file, detail } : { kind: 'failed', tool: file, detail }
}
