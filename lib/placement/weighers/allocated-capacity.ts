/** What Scoria itself has put into the pool. Source: cinder/scheduler/weights/capacity.py, AllocatedCapacityWeigher. */
import { asNumber } from '../capacity-factors.ts'
import type { Weigher } from './weigher.ts'
import { hundredths } from './weigher.ts'

export const allocatedCapacityWeigher: Weigher = (pool) => hundredths(asNumber(pool.capabilities['allocated_capacity_gb']) ?? 0)
