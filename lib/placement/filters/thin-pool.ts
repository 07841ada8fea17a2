/**
 * A thin pool that is physically almost full takes no new volume, whatever its over-subscription ratio allows.
 *
 * Cinder has no such rule. A thin pool whose data or metadata runs out stops the writes of every volume in it, so the
 * guard looks at the bytes that are really used, which the capacity rule never reads.
 */
import { asNumber } from '../capacity-factors.ts'
import type { Filter, Refusal } from './filter.ts'

export const thinPoolFilter: Filter = ({ capabilities }, _request, options) => {
  const crowded =
    tooFull('data', asNumber(capabilities['thin_data_percent']), options.thinDataPercentMax) ??
    tooFull('metadata', asNumber(capabilities['thin_metadata_percent']), options.thinMetadataPercentMax)
  if (crowded !== null) return crowded
  const freeGiB = capabilities['thin_provisioning_support'] === true ? asNumber(capabilities['free_capacity_gb']) : null
  if (freeGiB === null || freeGiB > 0) return null
  return { reported: `${freeGiB.toFixed(2)} GiB physically free`, needed: 'more than 0 GiB physically free' }
}

function tooFull(what: 'data' | 'metadata', percent: number | null, percentMax: number): Refusal | null {
  if (percent === null || percent < percentMax) return null
  return { reported: `thin ${what} ${percent}% full`, needed: `below ${percentMax}%` }
}
