/**
 * Group types: what a group of volumes is promised to be, under a name that admins give.
 *
 * They stand in the cluster's catalogue beside the volume types, by the same rules: one name, one type, whichever peers
 * are asked at once.
 */
import type { RequestId } from './ids.ts'

export interface GroupType {
  /** UUID */
  readonly id: string
  readonly name: string
  readonly description: string | null
  /** A type that is not public is there for admins alone: group types have no list of projects. */
  readonly isPublic: boolean
  /** Cinder's own is `consistent_group_snapshot_enabled: "<is> True"`. */
  readonly groupSpecs: Readonly<Record<string, string>>
}

/** What the register says of one of them. */
export interface GroupTypeEntry extends GroupType {
  readonly kind: 'group-type'
  readonly version: number
  readonly isGone: boolean
  /** Hash of the request that made it. Its id names the request. */
  readonly bodyHash: string
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

export type GroupTypeClaim = GroupType & Pick<GroupTypeEntry, 'bodyHash'>

/** Only what is there is changed; a spec that is null goes, and has to be there. */
export interface GroupTypeEdit {
  readonly name?: string
  readonly description?: string | null
  readonly isPublic?: boolean
  readonly groupSpecs?: Readonly<Record<string, string | null>>
}

/** What somebody wants done to group types. */
export type GroupTypeChange =
  | { readonly kind: 'claim-group-type'; readonly claim: GroupTypeClaim }
  | { readonly kind: 'revise-group-type'; readonly id: string; readonly rid: RequestId; readonly edit: GroupTypeEdit }
  | { readonly kind: 'release-group-type'; readonly id: string; readonly rid: RequestId }

/** Who has this name is the cluster's default group type; none is founded with it. */
export const DEFAULT_GROUP_TYPE_NAME = '__DEFAULT__'
