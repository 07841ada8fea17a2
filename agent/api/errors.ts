/**
 * The one table from failure to answer: HTTP status, the class name that operators know, and the sentence.
 *
 * The compiler refuses a code without a row. docs/errors.md is written from this table, and a test compares the two.
 * Every 503 says why and when to come back; nothing that a 503 refused has been done, except where its text says so.
 */
import type { Rejection } from '../../lib/model/placement.ts'
import type { ValueRule } from '../../lib/wire/cinder/input.ts'
import { rejectionsText } from '../../lib/wire/cinder/message.ts'
import { MICROVERSION_MAX, microversionText } from '../../lib/wire/cinder/microversion.ts'
import { faultBody } from '../../lib/wire/cinder/fault.ts'
import type { EdgeFailure, FailureCode } from './failure.ts'

interface Row<Facts> {
  readonly status: number
  /** Cinder's exception where it has one, else Scoria's own name. */
  readonly name: string
  /** Seconds, for the header Retry-After. */
  readonly retryAfterS?: number
  /** One line for the operator's page of errors: what it means and what helps. */
  readonly help: string
  text(facts: Facts): string
}

type Table = { readonly [Code in FailureCode]: Row<Extract<EdgeFailure, { readonly code: Code }>> }

export const ERRORS: Table = {
  // What the rules said.
  'volume-not-found': {
    status: 404,
    name: 'VolumeNotFound',
    help: 'No volume of this project has the id. A majority of the hosts that keep the project’s account agreed.',
    text: (f) => `Volume ${f.volume} could not be found.`,
  },
  'attachment-not-found': {
    status: 404,
    name: 'VolumeAttachmentNotFound',
    help: 'No attachment has the id, or it is gone already.',
    text: (f) => `Volume attachment could not be found with filter: attachment_id = ${f.attachment}.`,
  },
  'invalid-status': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume’s status does not allow the action. Wait for the running one, or detach first.',
    text: (f) =>
      `Invalid volume: Volume ${f.volume} status must be ${orList(f.allowed)} to ${f.action}, but current status is: ${f.status}.`,
  },
  'volume-attached': {
    status: 400,
    name: 'InvalidVolume',
    help: 'The volume has attachments. Detach it first.',
    text: (f) => `Invalid volume: Volume ${f.volume} must not be attached to ${f.action}; its attachments: ${f.attachments.join(', ')}.`,
  },
  'attachment-status': {
    status: 400,
    name: 'InvalidVolumeAttachment',
    help: 'The attachment’s status does not allow the action.',
    text: (f) => `Invalid attachment: Attachment ${f.attachment} has status ${f.status}, which does not allow to ${f.action}.`,
  },
  'unsafe-detach': {
    status: 409,
    name: 'ConflictNovaUsingAttachment',
    help: 'A server uses the volume. Detach it through the compute service, which sends a service token.',
    text: (f) => `Detach volume from instance ${f.instance} using the Compute API (attachment ${f.attachment}).`,
  },
  'volume-busy': {
    status: 409,
    name: 'ResourceConflict',
    help: 'Another operation on the volume runs. Repeat when it has ended.',
    text: (f) => `Resource conflict: Volume ${f.volume} is busy: ${f.running}.`,
  },
  'size-not-larger': {
    status: 400,
    name: 'InvalidInput',
    help: 'A volume can only grow.',
    text: (f) =>
      `Invalid input received: New size for extend must be greater than current size. (current: ${f.sizeGiB}, extended: ${f.requestedGiB}).`,
  },
  'over-quota': {
    status: 413,
    name: 'VolumeLimitExceeded, VolumeSizeExceedsAvailableQuota, VolumeSizeExceedsLimit',
    retryAfterS: 0,
    help: 'The project’s limit would be exceeded. Volumes in error count until they are deleted.',
    text: quotaText,
  },
  'request-mismatch': {
    status: 422,
    name: 'RequestMismatch',
    help: 'The Idempotency-Key was used before with another body. Take a new key for a new request.',
    text: (f) => `This Idempotency-Key was used with another body before; that request made volume ${f.volume}.`,
  },
  'no-majority': {
    status: 503,
    name: 'QuorumUnavailable',
    retryAfterS: 5,
    help: 'Too few of the hosts that keep the project’s account can be reached from here. Bring hosts back, or ask a host on the side with the majority. Repeat a create with the same Idempotency-Key: it may have been decided.',
    text: (f) =>
      `QuorumUnavailable: ${f.answered} of ${f.members.length} hosts that keep the account of project ${f.project} answered, ${f.needed} are needed (${f.members.join(', ')}).`,
  },
  'owner-unreachable': {
    status: 503,
    name: 'OwnerUnreachable',
    retryAfterS: 5,
    help: 'The host that stores the volume does not answer. Its data is not affected. Look at that host.',
    text: (f) =>
      `OwnerUnreachable: host ${f.host} stores the volume and has not answered ${f.sinceMs === null ? 'since this host started' : `since ${new Date(f.sinceMs).toISOString()}`}.`,
  },
  'no-room': {
    status: 503,
    name: 'NoValidBackend',
    retryAfterS: 60,
    help: 'No pool can take the request now. The text names what refused each pool.',
    text: (f) => `NoValidBackend: No valid backend was found. ${refusals(f.rejected)}`,
  },
  forming: {
    status: 503,
    name: 'ClusterForming',
    retryAfterS: 10,
    help: 'Fewer hosts have joined than `init --expect` announced. Join the others.',
    text: (f) => `ClusterForming: ${f.joined} of ${f.expect} hosts have joined; the cluster takes no volume before all have.`,
  },
  recovering: {
    status: 503,
    name: 'HostRecovering',
    retryAfterS: 5,
    help: 'The host is starting and still compares its journal, volumes and exports.',
    text: (f) => `HostRecovering: host ${f.host} is still recovering after its start.`,
  },
  'export-failed': {
    status: 500,
    name: 'VolumeBackendAPIException',
    help: 'The host could not set up or tear down the iSCSI target. Its log has the tool’s output.',
    text: (f) => `Volume ${f.volume} could not be exported: ${f.tool}: ${f.detail}`,
  },
  overloaded: {
    status: 503,
    name: 'Overloaded',
    retryAfterS: 1,
    help: 'A queue is full. Send fewer requests at once.',
    text: (f) => `Overloaded: the queue of ${f.queue} holds ${f.limit} requests already.`,
  },
  'peer-incomplete': {
    status: 503,
    name: 'QuorumUnavailable',
    retryAfterS: 5,
    help: 'Whether the id exists cannot be told while these hosts are silent.',
    text: (f) =>
      `QuorumUnavailable: the id is not known here, and too many hosts did not answer to say that it does not exist (${f.silent.join(', ')}).`,
  },
  // What is wrong with the request's text.
  'bad-microversion': {
    status: 400,
    name: 'InvalidAPIVersionString',
    help: 'The header OpenStack-API-Version has to be `volume 3.N` or `volume latest`.',
    text: (f) => `API Version String '${f.version}' is of invalid format. Must be of format MajorNum.MinorNum.`,
  },
  'unsupported-microversion': {
    status: 406,
    name: 'InvalidGlobalAPIVersion',
    help: 'Ask for a version from 3.0 to 3.71.',
    text: (f) =>
      `Version ${f.version} is not supported by the API. Minimum is ${microversionText(0)} and maximum is ${microversionText(MICROVERSION_MAX)}.`,
  },
  'malformed-body': {
    status: 400,
    name: 'MalformedRequestBody',
    help: 'The body is missing or is not the JSON object that the call takes.',
    text: () => 'Malformed request body',
  },
  'missing-key': {
    status: 400,
    name: 'ValidationError',
    help: 'A required key is missing.',
    text: (f) =>
      `Invalid input for field/attribute ${f.path || 'body'}. ${f.keys.map((key) => `'${key}' is a required property`).join(', ')}`,
  },
  'unknown-key': {
    status: 400,
    name: 'ValidationError',
    help: 'The call does not have this key in this microversion.',
    text: (f) =>
      `Invalid input for field/attribute ${f.path || 'body'}. Additional properties are not allowed (${f.keys.map((key) => `'${key}'`).join(', ')} unexpected)`,
  },
  'bad-value': {
    status: 400,
    name: 'ValidationError',
    help: 'A value has the wrong type, form or size.',
    text: (f) => `Invalid input for field/attribute ${f.path || 'body'}. Value: ${f.value}. ${ruleText(f.value, f.rule)}`,
  },
  'unknown-action': {
    status: 400,
    name: 'NoSuchAction',
    help: 'Scoria does not have this action.',
    text: (f) => `There is no such action: ${f.action}`,
  },
  'not-supported': {
    status: 400,
    name: 'NotSupported',
    help: 'Cinder has this, Scoria has not (yet). Nothing was created.',
    text: (f) => notSupportedText(f.feature),
  },
  'bad-query': {
    status: 400,
    name: 'InvalidInput',
    help: 'A query parameter is wrong.',
    text: (f) => `Invalid input received: query parameter ${f.parameter} ${f.rule}.`,
  },
  // HTTP itself.
  unauthorized: {
    status: 401,
    name: 'Unauthorized',
    help: 'Send a token: with `auth: noauth`, the header `X-Auth-Token: user:project`.',
    text: () => 'The request you have made requires authentication.',
  },
  forbidden: {
    status: 403,
    name: 'PolicyNotAuthorized',
    help: 'The caller’s role does not allow this.',
    text: (f) => `Policy doesn't allow ${f.action} to be performed.`,
  },
  'malformed-url': {
    status: 400,
    name: 'MalformedRequestUrl',
    help: 'The project in the URL is not the token’s project.',
    text: () => 'Malformed request url',
  },
  'route-not-found': { status: 404, name: 'NotFound', help: 'There is no such path.', text: () => 'The resource could not be found.' },
  'not-in-version': {
    status: 404,
    name: 'VersionNotFoundForAPIMethod',
    help: 'The call exists from a higher microversion on.',
    text: (f) => `API version ${f.version} is not supported on this method.`,
  },
  'method-not-allowed': {
    status: 405,
    name: 'MethodNotAllowed',
    help: 'The path exists, but not with this method.',
    text: () => 'The method is not allowed for this resource.',
  },
  'body-too-large': {
    status: 413,
    name: 'RequestTooLarge',
    retryAfterS: 0,
    help: 'A request’s body is limited to 128 KiB.',
    text: (f) => `Request is too large: the limit is ${f.limitBytes} bytes.`,
  },
  'bad-content-type': { status: 415, name: 'InvalidContentType', help: 'Send application/json.', text: () => 'Unsupported Content-Type' },
  'type-not-found': {
    status: 404,
    name: 'VolumeTypeNotFound',
    help: 'The manifest has no such volume type: `scoria type list`.',
    text: (f) => `Volume type ${f.type} could not be found.`,
  },
  'zone-not-found': {
    status: 400,
    name: 'InvalidInput',
    help: 'No host is in that availability zone.',
    text: (f) => `Invalid input received: Availability zone '${f.zone}' is invalid.`,
  },
  'item-not-found': { status: 404, name: 'NotFound', help: 'There is no such item.', text: (f) => `${f.kind} ${f.id} could not be found.` },
  internal: {
    status: 500,
    name: 'Internal',
    help: 'A defect of the program. Its log has the details under the request id.',
    text: (f) => `The server could not complete the request (${f.requestId}).`,
  },
  // Inviting hosts.
  'no-cluster-key': {
    status: 409,
    name: 'NoClusterKey',
    help: 'Only the host that ran `init` holds the cluster’s key. Ask for the invite there.',
    text: () => 'This host does not hold the cluster key: invite on the host that ran init.',
  },
  'token-unknown': {
    status: 404,
    name: 'TokenUnknown',
    help: 'The invite is not known to this host.',
    text: () => 'The invite is not known here.',
  },
  'token-expired': {
    status: 409,
    name: 'TokenExpired',
    help: 'Make a new invite.',
    text: (f) => `The invite expired at ${new Date(f.expiredAtMs).toISOString()}.`,
  },
  'token-used': {
    status: 409,
    name: 'TokenUsed',
    help: 'An invite serves once. Make a new one.',
    text: (f) => `The invite was used by ${f.by}.`,
  },
  'name-taken': {
    status: 409,
    name: 'NameTaken',
    help: 'A host of the cluster has this name. Choose another.',
    text: (f) => `A host named ${f.name} is in the cluster already.`,
  },
  'bad-request': { status: 400, name: 'BadRequest', help: 'The request to join was malformed.', text: (f) => f.detail },
}

export interface Fault {
  readonly status: number
  readonly body: string
  readonly retryAfterS: number | null
}

export function faultOf(failure: EdgeFailure): Fault {
  // One lookup for all codes: each row takes the facts of its own code, which TypeScript cannot follow through a union.
  const row = ERRORS[failure.code] as Row<EdgeFailure>
  return { status: row.status, body: JSON.stringify(faultBody(row.status, row.text(failure))), retryAfterS: row.retryAfterS ?? null }
}

function quotaText(facts: {
  readonly resource: 'volumes' | 'gigabytes' | 'per_volume_gigabytes'
  readonly limit: number
  readonly used: number
  readonly requested: number
}): string {
  switch (facts.resource) {
    case 'volumes':
      return `VolumeLimitExceeded: Maximum number of volumes allowed (${facts.limit}) exceeded for quota 'volumes'.`
    case 'gigabytes':
      return `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested ${facts.requested}G, quota is ${facts.limit}G and ${facts.used}G has been consumed.`
    default:
      return `VolumeSizeExceedsLimit: Requested volume size ${facts.requested}G is larger than maximum allowed limit ${facts.limit}G.`
  }
}

function notSupportedText(feature: string): string {
  if (feature === 'multiattach')
    return 'Invalid input received: the multiattach parameter is not supported. Use a volume type with the extra spec multiattach="<is> True".'
  return `Invalid input received: ${feature} is not supported here.`
}

function ruleText(value: string, rule: ValueRule): string {
  switch (rule.kind) {
    case 'minimum':
      return `${value} is less than the minimum of ${rule.limit}`
    case 'maximum':
      return `${value} is greater than the maximum of ${rule.limit}`
    case 'too-long':
      return `It is too long: at most ${rule.limit} characters`
    case 'too-short':
      return `It is too short: at least ${rule.limit}`
    case 'form':
      return `It does not match ${rule.wanted}`
    default:
      return `It is not of type ${rule.wanted || 'that the call takes'}`
  }
}

function refusals(rejected: readonly Rejection[]): string {
  return rejectionsText(rejected, true)
}

function orList(words: readonly string[]): string {
  return words.length === 0 ? 'another' : words.join(' or ')
}
