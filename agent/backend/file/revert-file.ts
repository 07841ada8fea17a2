/**
 * A volume that takes back the bytes of one of its snapshots: a copy of the snapshot's file takes the place of the volume's.
 *
 * The rename is the revert, all of it or none. The request's name is kept after it, so that a repeat that comes late reverts
 * nothing that was written since; one that a crash cut off before that is made once more, while nobody uses the volume.
 */
import type { RequestId } from '../../../lib/model/ids.ts'
import type { BackendVolume, SnapshotName } from '../../../lib/ports/backend.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { putCopy } from './copy-file.ts'
import { imageName, snapshotStem, type Stem, volumeStem } from './names.ts'
import { readRevert, writeRevert } from './tags-file.ts'
import { lookAt, syncAfterEffect } from './volume-file.ts'

/** @throws if one of the two is not there, or has another size; or if it cannot be copied, and then the volume is as it was */
export async function revertVolume(
  directory: string,
  exec: Exec,
  { id, sizeBytes }: BackendVolume,
  snapshot: SnapshotName,
  rid: RequestId,
): Promise<void> {
  const [volume, source] = [volumeStem(id), snapshotStem(snapshot)]
  for (const stem of [volume, source]) await demand(directory, stem, sizeBytes)
  if ((await readRevert(directory, volume)) !== rid) {
    await putCopy(directory, exec, source, volume, sizeBytes)
    await syncAfterEffect(directory)
    await writeRevert(directory, volume, rid)
  }
  // Also if it was noted: whoever did that may have crashed before this.
  await syncAfterEffect(directory)
}

async function demand(directory: string, stem: Stem, sizeBytes: number): Promise<void> {
  const found = await lookAt(directory, stem)
  if (found === null) throw new Error(`${imageName(stem)} is not there`)
  if (found.size !== sizeBytes) throw new Error(`${imageName(stem)} has ${found.size} bytes, not ${sizeBytes}`)
}
