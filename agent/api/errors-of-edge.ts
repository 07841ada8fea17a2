/** Answers to what HTTP, the identity and the names of types and zones refuse, and to refused invites. */
import type { JoiningFailure } from '../../lib/ports/joining.ts'
import type { Rows } from './error-rows.ts'
import type { HttpFailure } from './failure.ts'

export const EDGE_ERRORS: Rows<HttpFailure> = {
  unauthorized: {
    status: 401,
    name: 'Unauthorized',
    help: 'The token is missing, unknown, expired or revoked. With Keystone get one there, from where `WWW-Authenticate` says; without authentication send `X-Auth-Token: user:project`.',
    text: () => 'The request you have made requires authentication.',
  },
  forbidden: {
    status: 403,
    name: 'PolicyNotAuthorized',
    help: 'None of the token’s roles allows this: to look takes reader, to change takes member, the rest admin.',
    text: (f) => `Policy doesn't allow ${f.action} to be performed.`,
  },
  'token-scope': {
    status: 403,
    name: 'TokenScope',
    help: 'The token is for no project. Get one for a project (`OS_PROJECT_NAME`); for the whole system only admins have a use here.',
    text: (f) => `TokenScope: the token has a ${f.scope} scope. Get a token for a project.`,
  },
  'identity-unavailable': {
    status: 503,
    name: 'IdentityUnavailable',
    retryAfterS: 5,
    help: 'Nobody could say whose the token is, and nobody is let in on a doubt. Nothing was done. With Keystone the log of the host says why: `keystone-silent`, `keystone-refuses`; with the cluster’s own users too few of the hosts that keep them can be reached.',
    text: () =>
      'IdentityUnavailable: the identity service did not say whose the token is, and nobody is let in on a doubt. Ask again in a moment; operators find the reason in the log of this host.',
  },
  'too-many-logins': {
    status: 429,
    name: 'TooManyLogins',
    retryAfterS: 10,
    help: 'From this address somebody has tried this user with a wrong password too often. Wait, then log in with the right one.',
    text: () => 'TooManyLogins: too many logins have failed. Wait a moment, then log in with the right password.',
  },
  'too-many-tokens': {
    status: 429,
    name: 'TooManyTokens',
    retryAfterS: 1,
    help: 'From this address came too many tokens that are none, so that one which this host has not seen has to wait for its turn. Ask again. Operators find who it is in the log: `audit-not-let-in`.',
    text: () => 'TooManyTokens: too many tokens from your address are unknown, expired or revoked. Ask again in a moment.',
  },
  'too-many-requests': {
    status: 429,
    name: 'TooManyRequests',
    retryAfterS: 1,
    help: 'The project asks this host more often than `limits.requestsPerSecond` says. Nothing was done. Ask less often, or other hosts too.',
    text: (f) => `TooManyRequests: project ${f.project} asks this host too often. Ask again in a moment.`,
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
  'no-access-list': {
    status: 404,
    name: 'VolumeTypeAccessNotFound',
    help: 'The type is public: every project may use it, and there is no list.',
    text: () => 'Access list not available for public volume types.',
  },
  'default-type-not-found': {
    status: 404,
    name: 'VolumeTypeProjectDefaultNotFound',
    help: 'The project has no default type of its own; creates without a type get the cluster’s.',
    text: (f) => `Default type for project ${f.project} not found.`,
  },
  'default-type-unknown': {
    status: 400,
    name: 'VolumeTypeNotFound',
    help: 'There is no such volume type to be a project’s default: `scoria type list`.',
    text: (f) => `Volume type ${f.type} could not be found.`,
  },
  'default-type-private': {
    status: 400,
    name: 'InvalidInput',
    help: 'The type is private and the project is not on its list: `scoria type access add`.',
    text: (f) => `Invalid input received: project ${f.project} has no access to volume type ${f.type}.`,
  },
  'type-in-use': {
    status: 400,
    name: 'VolumeTypeInUse',
    help: 'Volumes have the type: it is not deleted, and its extra specs stay. Delete the volumes first, or make another type.',
    text: (f) => `Target volume type is still in use. Volume type ${f.type} has volumes.`,
  },
  'zone-not-found': {
    status: 400,
    name: 'InvalidInput',
    help: 'No host is in that availability zone.',
    text: (f) => `Invalid input received: Availability zone '${f.zone}' is invalid.`,
  },
  'source-type': {
    status: 400,
    name: 'InvalidInput',
    help: 'A volume made from a snapshot or from another volume has the same volume type. Leave the type out.',
    text: (f) =>
      `Invalid input received: Invalid volume_type provided: ${f.type} (requested type is not compatible; either match source volume, or omit type argument).`,
  },
  'source-zone': {
    status: 400,
    name: 'InvalidInput',
    help: 'A volume made from a snapshot or from another volume lies on the same host. Leave the zone out.',
    text: (f) => `Invalid input received: Volume must be in the same availability zone as its source: ${f.sourceZone}, and not ${f.zone}.`,
  },
  'pool-not-found': {
    status: 404,
    name: 'ServiceNotFound',
    help: 'No pool has this name, or several: name it as `host@backend#pool` (`scoria host list`).',
    text: (f) => `Service ${f.pool} could not be found.`,
  },
  'host-not-looked': {
    status: 503,
    name: 'ServiceUnavailable',
    retryAfterS: 5,
    help: 'The host of the pool did not answer, or could not list what lies there. Nothing was changed. Look at that host.',
    text: (f) =>
      `ServiceUnavailable: host ${f.host} ${f.detail === null ? 'did not answer' : `could not look what lies in its pools: ${f.detail}`}.`,
  },
  'backend-silent': {
    status: 502,
    name: 'RPCTimeout',
    help: 'The host is a member, and has not told this host of its pools yet. Look whether its agent runs (`scoria host list`).',
    text: (f) => `RPCTimeout: nothing was heard of the pools of ${f.backend} yet.`,
  },
  'service-absent': {
    status: 503,
    name: 'ServiceNotFound',
    help: 'The call belongs to a service of Cinder’s that Scoria does not have. Nothing was done, and asking again will not help.',
    text: (f) => `Service ${f.service} could not be found.`,
  },
  'service-not-found': {
    status: 404,
    name: 'ServiceNotFound',
    help: 'No host, and no backend of one, has this name and runs such a service: `scoria service list` shows them.',
    text: (f) => `Service ${f.binary} could not be found on host ${f.host}.`,
  },
  'logs-not-reached': {
    status: 503,
    name: 'ServiceUnavailable',
    retryAfterS: 5,
    help: 'Hosts that are named did not say how much their logs write, or run an agent that is too old to be asked. A change has reached all others that were meant. Look at those hosts, then ask again.',
    text: (f) => `ServiceUnavailable: the logs of ${f.hosts.join(', ')} were not reached. Ask again when these hosts answer.`,
  },
  'nothing-to-manage': {
    status: 400,
    name: 'ManageExistingInvalidReference',
    help: 'Nothing of this name lies in the pool, or it is a volume or a snapshot already. List what does: `GET manageable_volumes?host=…`, `GET manageable_snapshots?host=…`, `scoria orphan list`.',
    text: (f) =>
      `Manage existing volume failed due to invalid backend reference ${f.name}: nothing of this name that is no volume or snapshot lies in ${f.pool}.`,
  },
  'not-manageable': {
    status: 400,
    name: 'ManageExistingInvalidReference',
    help: 'It is there and is not safe to manage as it stands; the text says why and what to do.',
    text: (f) => `Manage existing volume failed due to invalid backend reference ${f.name}: ${f.reason}.`,
  },
  'orphan-unowned': {
    status: 400,
    name: 'InvalidInput',
    help: 'Its tags do not say whose it was, or the project’s name cannot be one. Say whose it is to be.',
    text: (f) => `Invalid input received: whose ${f.name} was is not known: name a project.`,
  },
  'item-not-found': { status: 404, name: 'NotFound', help: 'There is no such item.', text: (f) => `${f.kind} ${f.id} could not be found.` },
  'no-member': {
    status: 503,
    name: 'NoMember',
    retryAfterS: 60,
    help: 'The host that was asked has left the cluster, or was marked as lost. Ask another host. To use this one again, join with an empty folder: `scoria join TOKEN --dir DIR`.',
    text: (f) =>
      `NoMember: this host ${f.state === 'lost' ? 'was marked as lost' : 'has left the cluster'} and serves nothing any more. Ask another host; to use this one again, join with an empty folder.`,
  },
  'host-not-set': {
    status: 500,
    name: 'NotImplemented',
    help: 'As in Cinder, whose call checks what it is asked and then does nothing. Nothing was changed. `scoria service set HOST --disable`, or `os-services/disable`, keeps a host free of new volumes.',
    text: (f) =>
      `The server is incapable of performing the requested operation: to ${f.status} host ${f.host} use os-services/${f.status}.`,
  },
  internal: {
    status: 500,
    name: 'Internal',
    help: 'A defect of the program. Its log has the details under the request id.',
    text: (f) => `The server could not complete the request (${f.requestId}).`,
  },
}

export const JOINING_ERRORS: Rows<JoiningFailure> = {
  'no-cluster-key': {
    status: 409,
    name: 'NoClusterKey',
    help: 'Only the host that ran `init` holds the cluster’s key. Ask for the invite there.',
    text: () => "NoClusterKey: this host does not hold the cluster's key. Run on the host that ran scoria init: scoria invite",
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
