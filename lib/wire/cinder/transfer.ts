/** Bodies of volume transfers: what is offered, and from 3.57 by whom. Links are those of the older call, as in Cinder. */
import type { Transfer } from '../../model/transfer.ts'
import type { VolumeId } from '../../model/ids.ts'
import { cinderDate } from './dates.ts'
import { type LinkBase, linksTo } from './links.ts'

/** A transfer with its volume, as it is listed and shown. */
export interface ListedTransfer {
  readonly id: string
  readonly volume: VolumeId
  readonly transfer: Transfer
  readonly createdAtMs: number
}

const SNAPSHOTS_SINCE = 55
const HISTORY_SINCE = 57

export function listedTransfer(volume: VolumeId, transfer: Transfer): ListedTransfer {
  return { id: transfer.id, volume, transfer, createdAtMs: transfer.createdAtMs }
}

export function transferSummary({ id, volume, transfer }: ListedTransfer, base: LinkBase): object {
  return { id, volume_id: volume, name: transfer.name, links: linksTo(base, 'os-volume-transfer', id) }
}

export function transferDetail(listed: ListedTransfer, base: LinkBase, microversion: number): object {
  const { noSnapshots, source, destination, state, createdAtMs } = listed.transfer
  const history = { source_project_id: source, destination_project_id: destination, accepted: state === 'accepted' }
  return {
    ...transferSummary(listed, base),
    created_at: cinderDate(createdAtMs),
    ...(microversion >= SNAPSHOTS_SINCE ? { no_snapshots: noSnapshots } : {}),
    ...(microversion >= HISTORY_SINCE ? history : {}),
  }
}

/** The one answer that has the key. */
export function transferCreated(listed: ListedTransfer, authKey: string, base: LinkBase, microversion: number): object {
  return { ...transferDetail(listed, base, microversion), auth_key: authKey }
}
