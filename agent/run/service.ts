/**
 * What the REST edge may ask of the peer that it runs in.
 *
 * `ask` goes through the rules and answers when they do; everything else reads the peer's replicated view from memory
 * and is as old as the view is.
 */
import type { KnownType } from '../../lib/model/catalogue.ts'
import type { DefaultType } from '../../lib/model/default-type.ts'
import type { GroupType } from '../../lib/model/group-type.ts'
import type { HostView } from '../../lib/model/host.ts'
import type { AttachmentId, GroupSnapshotId, PeerId, ProjectId, SnapshotId, TransferId, VolumeId } from '../../lib/model/ids.ts'
import type { Manifest } from '../../lib/model/manifest.ts'
import type { Limits } from '../../lib/model/quota.ts'
import type { ServiceMark } from '../../lib/model/service.ts'
import type { QosSpecs } from '../../lib/model/qos.ts'
import type { Placing } from '../../lib/flows/coordinator/place.ts'
import type { PoolView, Ranking } from '../../lib/model/placement.ts'
import type { ClientReply, ClientRequest, VolumeView } from '../../lib/model/request.ts'

export type ReplyTo<Request extends ClientRequest> = Extract<
  ClientReply,
  { kind: Request['kind'] extends 'find-attachment' | 'find-transfer' | 'find-group-snapshot' ? 'find' : Request['kind'] }
>

export interface Service {
  /** Resolves with the rules' answer; never rejects while the agent runs. A stop answers `recovering`. */
  ask<Request extends ClientRequest>(request: Request): Promise<ReplyTo<Request>>
  /** Also of a group, which is a record like a volume's. Null: not in this peer's view (ask `find` before saying 404). */
  volume(id: VolumeId): VolumeView | null
  /** The volume that has this attachment, from the view. */
  volumeOfAttachment(id: AttachmentId): VolumeView | null
  /** The volume that has this snapshot, from the view. */
  volumeOfSnapshot(id: SnapshotId): VolumeView | null
  /** The volume whose newest transfer this is, from the view. */
  volumeOfTransfer(id: TransferId): VolumeView | null
  /** The group that has this group snapshot, from the view. */
  groupOfSnapshot(id: GroupSnapshotId): VolumeView | null
  /** From the view alone, newest first: (createdAtMs desc, id asc). `project` null: all projects. */
  volumes(project: ProjectId | null): readonly VolumeView[]
  /** The same of groups. */
  groups(project: ProjectId | null): readonly VolumeView[]
  hosts(): readonly HostView[]
  pools(): readonly PoolView[]
  explain(request: Placing): Ranking
  manifest(): Manifest
  /** The volume types that count, by this peer's copy. */
  types(): readonly KnownType[]
  /** By this peer's copy, by name. */
  groupTypes(): readonly GroupType[]
  /** By this peer's copy, by name. */
  qosSpecs(): readonly QosSpecs[]
  /** Of the projects that have one of their own, by this peer's copy. */
  defaultTypes(): readonly DefaultType[]
  /** Of a class of quotas, by this peer's copy. */
  limitsOfClass(name: string): Limits
  /** What operators have said of services, by this peer's copy. */
  services(): readonly ServiceMark[]
  self(): PeerId
  /** Projects whose registers this peer knows of (for lists over all projects). */
  projects(): readonly ProjectId[]
}
