/** A snapshot as Cinder's clients read it, for each microversion. The key set of a version is fixed. */
import type { Snapshot } from '../../model/snapshot.ts'
import { cinderDate, cinderDateOrNull } from './dates.ts'

/** In lists without detail. */
export function snapshotSummary(snapshot: Snapshot): object {
  return {
    id: snapshot.id,
    name: snapshot.name,
    description: snapshot.description,
    status: snapshot.status,
    size: snapshot.sizeGiB,
    volume_id: snapshot.volume,
    metadata: snapshot.metadata,
    created_at: cinderDate(snapshot.createdAtMs),
    updated_at: cinderDateOrNull(snapshot.updatedAtMs),
  }
}

/** What a create and an update answer with. */
export function snapshotBody(snapshot: Snapshot, microversion: number): object {
  return {
    ...snapshotSummary(snapshot),
    ...(microversion >= 14 ? { group_snapshot_id: snapshot.groupSnapshot ?? null } : {}),
    ...(microversion >= 41 ? { user_id: snapshot.user } : {}),
    ...(microversion >= 65 ? { consumes_quota: true } : {}),
  }
}

/** One that is shown, or listed with detail. */
export function snapshotDetail(snapshot: Snapshot, microversion: number): object {
  const step = snapshot.failure?.step
  const isMade = snapshot.status !== 'creating' && step !== 'create' && step !== 'manage'
  return {
    ...snapshotBody(snapshot, microversion),
    'os-extended-snapshot-attributes:progress': isMade ? '100%' : '0%',
    'os-extended-snapshot-attributes:project_id': snapshot.project,
  }
}
