/** A volume type. All types are public: they are part of the manifest, which belongs to the cluster and not to a project. */
import type { VolumeType } from '../../model/volume-type.ts'

export function volumeTypeBody(type: VolumeType): object {
  return {
    id: type.id,
    name: type.name,
    description: type.description,
    is_public: true,
    'os-volume-type-access:is_public': true,
    extra_specs: type.extraSpecs,
    qos_specs_id: null,
  }
}
