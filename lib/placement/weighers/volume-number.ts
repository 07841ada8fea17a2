/** How many volumes lie in the pool. Source: cinder/scheduler/weights/volume_number.py. */
import { asNumber } from '../capacity-factors.ts'
import { hundredths, type Weigher } from './weigher.ts'

export const volumeNumberWeigher: Weigher = (pool) => hundredths(asNumber(pool.capabilities['total_volumes']) ?? 0)
