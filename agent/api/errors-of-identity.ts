/** Answers to what the cluster's own users, projects and tokens refuse. */
import type { IdentityRefusal } from '../../lib/model/identity.ts'
import type { Rows } from './error-rows.ts'

export const IDENTITY_ERRORS: Rows<IdentityRefusal> = {
  'identity-exists': {
    status: 409,
    name: 'Conflict',
    help: 'The name is taken; upper and lower case are not told apart. Choose another, or change the one that has it.',
    text: (f) => `Conflict: there is a ${f.of} named ${f.name} already.`,
  },
  'identity-not-found': {
    status: 404,
    name: 'NotFound',
    help: 'There is none with this id. Names are looked up with `?name=`.',
    text: (f) => (f.of === 'token' ? 'Could not find token: it is unknown, expired or revoked.' : `Could not find ${f.of}: ${f.id}.`),
  },
  'identity-mismatch': {
    status: 422,
    name: 'RequestMismatch',
    help: 'The Idempotency-Key was used before with another body. Take a new key for a new request.',
    text: (f) => `This Idempotency-Key was used with another body before; that request made ${f.id}.`,
  },
  'identity-full': {
    status: 400,
    name: 'BadRequest',
    help: 'What is kept of users has an end: a million characters in all, and so many credentials and roles for each. Delete some, or ask a Keystone instead.',
    text: (f) => `Bad request: there would be more than ${f.limit} ${f.of}.`,
  },
}
