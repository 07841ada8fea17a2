/** The volume types that every simulated cluster is founded with. */
import type { VolumeType } from '../../lib/model/volume-type.ts'

export const FOUNDING_TYPES: readonly VolumeType[] = [
  { id: '00000000-0000-4000-8000-000000000001', name: '__DEFAULT__', description: null, extraSpecs: {} },
  { id: '00000000-0000-4000-8000-000000000002', name: 'gold', description: null, extraSpecs: { volume_backend_name: 'fake' } },
]
