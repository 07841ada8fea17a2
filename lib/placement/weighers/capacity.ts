/** Virtual free capacity: what CapacityFilter compares. Source: cinder/scheduler/weights/capacity.py, CapacityWeigher. */
import { capacityFactors, provisioningOf, readCapacity } from '../capacity-factors.ts'
import type { Weigher } from './weigher.ts'
import { hundredths } from './weigher.ts'

export const capacityWeigher: Weigher = (pool, request) => {
  const factors = capacityFactors(readCapacity(pool.capabilities), provisioningOf(request.type))
  return factors === null ? null : hundredths(factors.virtualFreeGiB)
}
