/**
 * What this host's volumes add up to, per pool and per project: kept beside the records, so that a reservation costs the
 * same on a host with ten volumes and with ten thousand.
 *
 * The sums follow from the records alone. They change only together with the table of volumes, by what a record counted
 * before and what it counts now, and they are counted anew from the journal at every start.
 */
import type { PoolName, ProjectId } from '../model/ids.ts'
import { assertNever } from '../model/invariant.ts'
import { addUsage, lessUsage, NO_USAGE, type Usage } from '../model/quota.ts'
import { sizeWithMembers } from '../model/group.ts'
import { type Recorded, usageOfRecord } from '../model/snapshot.ts'

/** The parts of a volume's record that count. */
export interface Counted {
  readonly volume: Recorded & { readonly pool: PoolName | null; readonly project: ProjectId }
  readonly step: 'reserved' | 'committed' | 'built' | 'deleting' | 'failed'
  readonly pending:
    | { readonly kind: 'extend' | 'snapshot' | 'accept' | 'retype'; readonly sizeGiB: number; readonly committed: boolean }
    // Its volumes keep the room for it.
    | { readonly kind: 'group-snapshot' }
    | null
}

export interface PoolSums {
  /** Given out: volumes at the size they have or will have, snapshots, reservations, errors until they are deleted. */
  readonly provisionedGiB: number
  /** Volumes, those included that are being made. */
  readonly volumes: number
  /** Builds that wait or run. */
  readonly queue: number
}

export interface Holdings {
  readonly pools: Map<PoolName, PoolSums>
  /** Volumes and snapshots whose request is settled; a grant that is not counts in the register. */
  readonly projects: Map<ProjectId, Usage>
}

export function noHoldings(): Holdings {
  return { pools: new Map(), projects: new Map() }
}

/** A record takes the place of another; `undefined` where there was or is none. */
export function recount(holdings: Holdings, before: Counted | undefined, after: Counted | undefined): void {
  if (before !== undefined) add(holdings, before, -1)
  if (after !== undefined) add(holdings, after, 1)
}

export function poolSums(holdings: Holdings, pool: PoolName): PoolSums {
  return holdings.pools.get(pool) ?? NOTHING
}

const NOTHING: PoolSums = { provisionedGiB: 0, volumes: 0, queue: 0 }

function add({ pools, projects }: Holdings, counted: Counted, sign: 1 | -1): void {
  const { volume, step } = counted
  const { pool, project } = volume
  const isSettled = countsHere(step)
  if (pool !== null) {
    const { provisionedGiB, volumes, queue } = pools.get(pool) ?? NOTHING
    pools.set(pool, {
      provisionedGiB: provisionedGiB + sign * roomOf(counted),
      volumes: volumes + (volume.holds === undefined ? sign : 0),
      queue: queue + (isSettled ? 0 : sign),
    })
  }
  if (!isSettled) return
  const counts = usageOfRecord(volume)
  const usage = addUsage(projects.get(project) ?? NO_USAGE, sign === 1 ? counts : lessUsage(counts))
  if (usage.volumes === 0 && usage.groups === 0) projects.delete(project)
  else projects.set(project, usage)
}

/** All that a volume has of its pool or has been promised, GiB. A snapshot is in the record as soon as it is committed. */
function roomOf({ volume, pending, step }: Counted): number {
  // The volumes that a group begins with have records of their own as soon as it is committed.
  if (volume.holds !== undefined) return step === 'reserved' ? sizeWithMembers(volume) : 0
  const sizeGiB = pending?.kind === 'extend' ? Math.max(volume.sizeGiB, pending.sizeGiB) : volume.sizeGiB
  const reserved = pending?.kind === 'snapshot' && !pending.committed ? pending.sizeGiB : 0
  return sizeGiB + total(volume.snapshots) + reserved
}

function total(sizes: readonly { readonly sizeGiB: number }[]): number {
  return sizes.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
}

/** Reserved and committed volumes are being made: they count in their pool's queue, and in the register's grants. */
function countsHere(step: Counted['step']): boolean {
  switch (step) {
    case 'reserved':
    case 'committed':
      return false
    case 'built':
    case 'deleting':
    case 'failed':
      return true
    default:
      return assertNever(step)
  }
}
