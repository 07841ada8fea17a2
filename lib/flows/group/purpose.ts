/**
 * What this peer has asked of the registers, and what for, so that an answer finds its flow again.
 *
 * Lost in a crash: every change is idempotent, and whoever still needs it asks again.
 */
import type { PeerId, ProjectId, RequestId, ReservationId, VolumeId } from '../../model/ids.ts'
import type { LedgerChange } from '../../model/ledger.ts'
import type { OperationRequest } from '../../model/request.ts'

/** What a request to a register was for, so that its answer finds its flow again. */
export type AskPurpose =
  | { readonly kind: 'create'; readonly rid: RequestId }
  | { readonly kind: 'room'; readonly rid: RequestId }
  | { readonly kind: 'resolve'; readonly volume: VolumeId; readonly rid: RequestId; readonly reservation: ReservationId }
  | { readonly kind: 'fold'; readonly project: ProjectId }
  | { readonly kind: 'find'; readonly search: string }
  | { readonly kind: 'ledger'; readonly client: string }
  | { readonly kind: 'edit'; readonly client: string; readonly request: OperationRequest }
  | { readonly kind: 'watch'; readonly project: ProjectId }
  /** A grant of this host that its journal does not explain. */
  | { readonly kind: 'adopt'; readonly rid: RequestId }
  /** Whatever a register holds that names this host. */
  | { readonly kind: 'own' }
  /** The owner has done what the register wanted of this volume, or never will. */
  | { readonly kind: 'withdraw'; readonly volume: VolumeId }
  /** The owner is about to make a volume of this project another one's. */
  | { readonly kind: 'leave'; readonly volume: VolumeId; readonly rid: RequestId }
  /** A delete whose owner is away. */
  | { readonly kind: 'intend'; readonly client: string; readonly request: OperationRequest; readonly owner: PeerId }
  /** A delete whose owner is lost for good, or has left. */
  | { readonly kind: 'forget'; readonly client: string | null }
  | { readonly kind: 'limits'; readonly client: string }
  | { readonly kind: 'identity'; readonly client: string }
  | { readonly kind: 'types'; readonly asker: TypesAsker }

/** Who waits for the volume types: this peer's own copy, a client, or a create that was ranked by an old one. */
export type TypesAsker =
  | { readonly kind: 'copy' }
  | { readonly kind: 'client'; readonly client: string }
  | { readonly kind: 'create'; readonly rid: RequestId }

export interface Ask {
  readonly project: ProjectId
  readonly change: LedgerChange
  readonly purpose: AskPurpose
  /** Members still to ask, in order. */
  readonly left: readonly PeerId[]
  readonly asked: PeerId
  /** What the last member that answered without a majority said. */
  readonly answered: number
}
