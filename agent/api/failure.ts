/** Everything that the edge may have to refuse with: what the rules said, what is wrong with the text, and HTTP itself. */
import type { Failure } from '../../lib/model/failure.ts'
import type { JoiningFailure } from '../../lib/ports/joining.ts'
import type { InputFailure } from '../../lib/wire/cinder/input.ts'
import type { MembershipFailure } from './membership.ts'

export type HttpFailure =
  /** `challenge`: where tokens are to be had, for the header WWW-Authenticate; null without a token service. */
  | { readonly code: 'unauthorized'; readonly challenge: string | null }
  | { readonly code: 'forbidden'; readonly action: string }
  /** The token is good, and for no project. */
  | { readonly code: 'token-scope'; readonly scope: string }
  | { readonly code: 'identity-unavailable' }
  | { readonly code: 'too-many-logins' }
  | { readonly code: 'too-many-tokens' }
  | { readonly code: 'too-many-requests'; readonly project: string }
  | { readonly code: 'malformed-url' }
  | { readonly code: 'route-not-found' }
  | { readonly code: 'not-in-version'; readonly version: string }
  | { readonly code: 'method-not-allowed' }
  | { readonly code: 'body-too-large'; readonly limitBytes: number }
  | { readonly code: 'bad-content-type' }
  /** A public type is there for every project. */
  | { readonly code: 'no-access-list'; readonly type: string }
  | { readonly code: 'default-type-not-found'; readonly project: string }
  | { readonly code: 'default-type-unknown'; readonly type: string }
  /** The project may not use it. */
  | { readonly code: 'default-type-private'; readonly type: string; readonly project: string }
  /** Volumes have it. */
  | { readonly code: 'type-in-use'; readonly type: string }
  | { readonly code: 'zone-not-found'; readonly zone: string }
  /** A copy has the type and the zone of its source. */
  | { readonly code: 'source-type'; readonly type: string }
  | { readonly code: 'source-zone'; readonly zone: string; readonly sourceZone: string }
  /** Of this name, or more than one of it. */
  | { readonly code: 'pool-not-found'; readonly pool: string }
  /** `detail`: what it said; null if it said nothing. */
  | { readonly code: 'host-not-looked'; readonly host: string; readonly detail: string | null }
  /** They may have been changed all the same; those of all others that were meant are. */
  | { readonly code: 'logs-not-reached'; readonly hosts: readonly string[] }
  | { readonly code: 'service-not-found'; readonly binary: string; readonly host: string }
  /** Nothing in Cinder does what its call takes. */
  | { readonly code: 'host-not-set'; readonly host: string; readonly status: string }
  /** Nothing was heard of what it can do. */
  | { readonly code: 'backend-silent'; readonly backend: string }
  /** A service of Cinder's that is not part of this program. */
  | { readonly code: 'service-absent'; readonly service: string }
  | { readonly code: 'nothing-to-manage'; readonly name: string; readonly pool: string }
  | { readonly code: 'not-manageable'; readonly name: string; readonly reason: string }
  | { readonly code: 'orphan-unowned'; readonly name: string }
  | { readonly code: 'item-not-found'; readonly kind: string; readonly id: string }
  /** This host is not in the manifest any more, or as lost. */
  | { readonly code: 'no-member'; readonly state: 'left' | 'lost' }
  | { readonly code: 'internal'; readonly requestId: string }

/** What belongs to a service or to a feature of backends that is not there. */
export type AbsenceFailure =
  /** None of this name is up and enabled. */
  | { readonly code: 'service-unavailable'; readonly service: string }
  /** By its status or its snapshots, or it lies there already. */
  | { readonly code: 'not-migratable'; readonly volume: string }
  | { readonly code: 'not-moved'; readonly volume: string; readonly host: string }
  | { readonly code: 'not-migrating' }
  /** Nobody waits for a word on how the extend went; and there may be none. */
  | { readonly code: 'not-awaited'; readonly isExtending: boolean }
  | { readonly code: 'reimage-attached'; readonly volume: string; readonly attachments: number }
  | { readonly code: 'no-image-service' }

export type EdgeFailure = Failure | InputFailure | HttpFailure | AbsenceFailure | JoiningFailure | MembershipFailure
