/** Somebody from another project, who has got to know a volume's id and tries what can be done with it. */
import { attachmentId, type ProjectId, type RequestId } from '../../lib/model/ids.ts'
import type { Operation, OperationRequest } from '../../lib/model/request.ts'
import type { VolumeBook } from './history.ts'
import type { Random } from './random.ts'

export function trespassOn({ spec }: VolumeBook, rid: RequestId, project: ProjectId, random: Random): OperationRequest {
  const attachment = attachmentId(random.uuid())
  const operation: Operation = random.pick([
    { kind: 'update', name: 'stolen' },
    { kind: 'delete', force: true },
    { kind: 'extend', sizeGiB: spec.sizeGiB + 1, online: true },
    { kind: 'attach', attachment, instance: null, mode: 'rw', connector: null, mountpoint: null },
  ] as const)
  return { rid, project, volume: spec.id, operation }
}
