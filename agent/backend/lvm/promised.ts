/**
 * Thin LVs that LVM has written down and their pool has never heard of: what a power cut in the middle of `lvcreate` leaves.
 *
 * LVM counts the changes of a pool, and so does the kernel in the pool's own metadata; the LV carries the count before it
 * was made. One that is not behind the kernel's count never came to be: it has no bytes, cannot be activated ("No data
 * available", whatever is repeated), and a snapshot of that kind would pass for one that is there.
 */
import type { Exec } from '../../../lib/ports/exec.ts'
import type { Lv, VgState } from './report.ts'
import { identityOf } from './tags.ts'

const TIMEOUT_MS = 30_000

/** How many changes each active thin pool of the group has seen, by name; null if that cannot be told. */
export async function poolCounts(exec: Exec, vg: string, state: VgState): Promise<ReadonlyMap<string, number> | null> {
  const { exitCode, stdout } = await exec({ file: 'dmsetup', args: ['status', '--target', 'thin-pool'], timeoutMs: TIMEOUT_MS })
  if (exitCode !== 0) return null
  const counts = parsePoolStatus(stdout)
  const pools = state.lvs.filter(({ kind }) => kind === 'thin-pool')
  return new Map(
    pools.flatMap(({ name }) => {
      const device = `${doubled(vg)}-${doubled(name)}`
      // A pool with LVs in it lies below a device of the pool's name.
      const count = counts.get(`${device}-tpool`) ?? counts.get(device)
      return count === undefined ? [] : [[name, count] as const]
    }),
  )
}

/** Of ours alone: what others have begun is theirs to end. */
export function promisedOnly({ lvs }: VgState, counts: ReadonlyMap<string, number>): readonly Lv[] {
  return lvs.filter(({ kind, pool, transaction, tags }) => {
    const count = counts.get(pool ?? '')
    return kind === 'thin' && count !== undefined && transaction !== null && transaction >= count && identityOf(tags) !== null
  })
}

/** `vg-pool-tpool: 0 6291456 thin-pool 7 114/1024 …`: the first number after the target's name. */
function parsePoolStatus(text: string): ReadonlyMap<string, number> {
  const rows = text.matchAll(/^(\S+): \d+ \d+ thin-pool (\d{1,15}) /gm)
  return new Map([...rows].map(([, name = '', count = '']) => [name, Number(count)]))
}

/** As device-mapper writes names of LVM: a hyphen in one is two. */
function doubled(name: string): string {
  return name.replaceAll('-', '--')
}
