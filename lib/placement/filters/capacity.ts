/**
 * The pool must have room, by Cinder's rules for over-subscription.
 *
 * The thin branch never looks at what is physically free: that is Cinder's rule, and the reason for ThinPoolFilter.
 * Source: cinder/scheduler/filters/capacity_filter.py.
 */
import { capacityFactors, provisioningOf, readCapacity } from '../capacity-factors.ts'
import type { CapacityFactors } from '../capacity-factors.ts'
import type { Filter } from './filter.ts'
import { roundToHundredths } from '../python-values.ts'

export const capacityFilter: Filter = (pool, request) => {
  // Nothing to add: a volume that is taken over as it stands.
  if (request.sizeGiB === 0) return null
  const needed = `${request.sizeGiB} GiB`
  const capacity = readCapacity(pool.capabilities)
  const { totalGiB, freeGiB, reservedPercentage } = capacity
  if (freeGiB === null) return { reported: 'no free_capacity_gb', needed }
  // Cinder takes a pool that cannot tell at its word: its refusal comes at the reservation.
  if (typeof freeGiB === 'string') return null
  if (typeof totalGiB === 'string') {
    if (reservedPercentage === 0) return null
    return { reported: `total capacity ${totalGiB}, ${reservedPercentage}% of it reserved`, needed: 'reserved_percentage 0' }
  }
  const factors = capacityFactors(capacity, provisioningOf(request.type))
  if (factors === null || totalGiB === null || totalGiB <= 0) return { reported: `total capacity ${totalGiB ?? 'not reported'}`, needed }
  if (factors.provisioning === 'thin') {
    // An infinite ratio can only be reported as text, and would make every sum infinite.
    const isRatio = factors.ratio >= 1 && factors.ratio < Number.POSITIVE_INFINITY
    if (!isRatio) return { reported: `max_over_subscription_ratio ${ratioText(factors.ratio)}`, needed: 'at least 1.0' }
  }
  if (factors.virtualFreeGiB < request.sizeGiB) return { reported: roomText(totalGiB, factors), needed }
  // Cinder's second test. `availableGiB` holds the ratio already, so it binds only where rounding hid a shortage.
  const share = (capacity.provisionedGiB + request.sizeGiB) / factors.availableGiB
  if (factors.provisioning === 'thick' || share <= factors.ratio) return null
  return { reported: `${share} of the available capacity provisioned`, needed: `at most ${ratioText(factors.ratio)}` }
}

function roomText(totalGiB: number, { virtualFreeGiB, ratio, reservedGiB }: CapacityFactors): string {
  const reserve = reservedGiB === 0 ? '' : `, ${reservedGiB} GiB reserved`
  return `${virtualFreeGiB.toFixed(2)} GiB free of ${roundToHundredths(totalGiB)} GiB (ratio ${ratioText(ratio)}${reserve})`
}

function ratioText(ratio: number): string {
  return Number.isInteger(ratio) ? ratio.toFixed(1) : String(roundToHundredths(ratio))
}
