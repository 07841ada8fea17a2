/**
 * Changes of volume types: through the register of the cluster, and answered by what it holds then.
 *
 * A type that volumes have is not deleted, and what it demands stays. Whether there are any is what the logs here and the
 * registers say; a create that is on its way at another peer is not among them.
 */
import type { KnownType, TypeChange, TypeEdit } from '../../lib/model/catalogue.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import { parseCreateType, parseExtraSpec, parseExtraSpecs, parseUpdateType } from '../../lib/wire/cinder/type-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { newTypeId, operationRid } from './request-names.ts'
import { noSpec, showType, specKeyOf, typeIdOf, withType } from './types.ts'
import { listVolumes } from './volume-list.ts'

export const typeChangeRoutes: readonly Route[] = [
  { method: 'POST', path: '/types', since: 0, action: 'volume_extension:type_create', handle: create },
  { method: 'PUT', path: '/types/:id', since: 0, action: 'volume_extension:type_update', handle: update },
  { method: 'DELETE', path: '/types/:id', since: 0, action: 'volume_extension:type_delete', handle: remove },
  { method: 'POST', path: '/types/:id/extra_specs', since: 0, action: 'volume_extension:types_extra_specs:create', handle: addSpecs },
  { method: 'PUT', path: '/types/:id/extra_specs/:key', since: 0, action: 'volume_extension:types_extra_specs:update', handle: writeSpec },
  {
    method: 'DELETE',
    path: '/types/:id/extra_specs/:key',
    since: 0,
    action: 'volume_extension:types_extra_specs:delete',
    handle: removeSpec,
  },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateType(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const claim = { ...wanted.value, id: newTypeId(call, edge.uuid), bodyHash: hashHex(canonicalJson(wanted.value)) }
  return change(edge, { kind: 'claim-type', claim }, (type) => showType(call, type))
}

function update(edge: Edge, call: Call): Promise<Answer> | Answer {
  const wanted = parseUpdateType(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  return withType(edge, call, typeIdOf(call), ({ id }) =>
    revise(edge, call, { id, edit: wanted.value, done: (type) => showType(call, type) }),
  )
}

function remove(edge: Edge, call: Call): Promise<Answer> {
  return withType(edge, call, typeIdOf(call), async ({ id }) => {
    const refusal = await refusalOfUse(edge, call, id)
    return refusal ?? change(edge, { kind: 'release-type', id, rid: operationRid(call, 'delete type', id) }, () => answer(202, null))
  })
}

function addSpecs(edge: Edge, call: Call): Promise<Answer> | Answer {
  const specs = parseExtraSpecs(call.body)
  return specs.ok ? changeSpecs(edge, call, specs.value, answer(200, { extra_specs: specs.value })) : failed(specs.failure)
}

function writeSpec(edge: Edge, call: Call): Promise<Answer> | Answer {
  const spec = parseExtraSpec(call.body, specKeyOf(call))
  return spec.ok ? changeSpecs(edge, call, spec.value, answer(200, spec.value)) : failed(spec.failure)
}

function removeSpec(edge: Edge, call: Call): Promise<Answer> {
  return withType(edge, call, typeIdOf(call), (type) =>
    type.extraSpecs[specKeyOf(call)] === undefined ? noSpec(call) : changeSpecs(edge, call, { [specKeyOf(call)]: null }, answer(202, null)),
  )
}

function changeSpecs(edge: Edge, call: Call, extraSpecs: NonNullable<TypeEdit['extraSpecs']>, done: Answer): Promise<Answer> {
  return withType(edge, call, typeIdOf(call), async ({ id }) => {
    const refusal = await refusalOfUse(edge, call, id)
    return refusal ?? revise(edge, call, { id, edit: { extraSpecs }, done: () => done })
  })
}

interface Revision {
  readonly id: string
  readonly edit: TypeEdit
  /** What the client wants, where the edit says more: a repeat wants the same at another time. */
  readonly name?: object
  /** What is answered, by the type as it is then. */
  done(type: KnownType): Answer
}

export function revise(edge: Edge, call: Call, { id, edit, name = edit, done }: Revision): Promise<Answer> {
  const rid = operationRid(call, `revise type ${canonicalJson(name)}`, id)
  return change(edge, { kind: 'revise-type', id, rid, edit }, done)
}

async function change(edge: Edge, wanted: TypeChange, done: (type: KnownType) => Answer): Promise<Answer> {
  const { result } = await edge.service.ask({ kind: 'types', change: wanted })
  if (!result.ok) return failed(result.failure)
  const { changed } = result.value
  return changed === null
    ? failed({ code: 'type-not-found', type: wanted.kind === 'claim-type' ? wanted.claim.id : wanted.id })
    : done(changed)
}

/** Null: as far as can be told no volume has it. A register that cannot be read may hold one. */
export async function refusalOfUse(edge: Edge, call: Call, id: string): Promise<Answer | null> {
  const { volumes, partial } = await listVolumes(edge, call, true)
  if (volumes.some(({ typeId }) => typeId === id)) return failed({ code: 'type-in-use', type: id })
  return partial === null ? null : failed(partial)
}
