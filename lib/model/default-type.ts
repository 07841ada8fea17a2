/** The volume type that a project's creates get if they name none, in place of the cluster's. */
import type { ProjectId, RequestId } from './ids.ts'

export interface DefaultType {
  readonly project: ProjectId
  readonly typeId: string
}

/** What the register says of one project's. */
export interface DefaultTypeEntry extends DefaultType {
  readonly kind: 'default-type'
  readonly version: number
  readonly isGone: boolean
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

/** `typeId` null: the project has the cluster's again. */
export interface DefaultTypeChange {
  readonly kind: 'set-default-type'
  readonly project: ProjectId
  readonly rid: RequestId
  readonly typeId: string | null
}
