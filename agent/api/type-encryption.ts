/**
 * The encryption record of a volume type. It is kept and shown; a create of such a type is refused by the rules, since no
 * host can encrypt.
 *
 * As in Cinder it stays as it is while volumes have the type, and of the id in the URL only the type's counts: clients
 * write what they like for the record's.
 */
import {
  encryptionBody,
  encryptionChangeBody,
  encryptionFields,
  parseCreateEncryption,
  parseUpdateEncryption,
} from '../../lib/wire/cinder/type-encryption.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { newEncryptionId } from './request-names.ts'
import { refusalOfUse, revise } from './type-changes.ts'
import { typeIdOf, withType } from './types.ts'

const RECORD = '/types/:id/encryption/:record'
const GET = 'volume_extension:volume_type_encryption:get'

export const typeEncryptionRoutes: readonly Route[] = [
  { method: 'GET', path: '/types/:id/encryption', since: 0, action: GET, handle: show },
  { method: 'GET', path: RECORD, since: 0, action: GET, handle: showItem },
  { method: 'POST', path: '/types/:id/encryption', since: 0, action: 'volume_extension:volume_type_encryption:create', handle: create },
  { method: 'PUT', path: RECORD, since: 0, action: 'volume_extension:volume_type_encryption:update', handle: update },
  { method: 'DELETE', path: RECORD, since: 0, action: 'volume_extension:volume_type_encryption:delete', handle: remove },
]

function show(edge: Edge, call: Call): Promise<Answer> {
  return withType(edge, call, typeIdOf(call), ({ id, encryption }) => answer(200, encryptionFields(id, encryption)))
}

/** One field of it, by the field's name. */
function showItem(edge: Edge, call: Call): Promise<Answer> {
  const key = call.params['record'] ?? ''
  return withType(edge, call, typeIdOf(call), ({ id, encryption }) => {
    const fields = encryptionFields(id, encryption)
    return Object.hasOwn(fields, key)
      ? answer(200, { [key]: fields[key] })
      : failed({ code: 'item-not-found', kind: 'Encryption item', id: key.slice(0, 255) })
  })
}

function create(edge: Edge, call: Call): Promise<Answer> | Answer {
  const wanted = parseCreateEncryption(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  return withUnused(edge, call, (id) => {
    const encryption = { ...wanted.value, id: newEncryptionId(call, id, edge.uuid), createdAtMs: edge.clock(), updatedAtMs: null }
    return revise(edge, call, {
      id,
      edit: { encryption: { kind: 'add', encryption } },
      name: wanted.value,
      done: (type) => answer(200, encryptionBody(type.id, type.encryption ?? encryption)),
    })
  })
}

function update(edge: Edge, call: Call): Promise<Answer> | Answer {
  const wanted = parseUpdateEncryption(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const edit = { encryption: { kind: 'change', to: wanted.value, atMs: edge.clock() } } as const
  const done = (): Answer => answer(200, encryptionChangeBody(wanted.value))
  return withUnused(edge, call, (id) => revise(edge, call, { id, edit, name: wanted.value, done }))
}

function remove(edge: Edge, call: Call): Promise<Answer> {
  const edit = { encryption: { kind: 'remove' } } as const
  return withUnused(edge, call, (id) => revise(edge, call, { id, edit, done: () => answer(202, null) }))
}

function withUnused(edge: Edge, call: Call, change: (id: string) => Promise<Answer>): Promise<Answer> {
  return withType(edge, call, typeIdOf(call), async ({ id }) => (await refusalOfUse(edge, call, id)) ?? change(id))
}
