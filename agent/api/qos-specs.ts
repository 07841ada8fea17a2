/**
 * The resource `qos-specs`: named limits of volume types, for admins.
 *
 * Read out of this peer's copy; what it lacks is asked of the register before anybody is told that it is not there. Which
 * type has which is a part of the type. As in Cinder the calls that change this are GETs.
 */
import type { KnownType } from '../../lib/model/catalogue.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { QosChange, QosEdit, QosSpecs } from '../../lib/model/qos.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { associationsBody, qosBody, qosChangeBody, qosFields } from '../../lib/wire/cinder/qos.ts'
import { QOS_KEYS, selectQos } from '../../lib/wire/cinder/qos-query.ts'
import { parseCreateQos, parseQosKeys, parseUpdateQos } from '../../lib/wire/cinder/qos-request.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { pageFor } from './page.ts'
import { newQosId, operationRid } from './request-names.ts'
import { revise } from './type-changes.ts'
import { withType } from './types.ts'

const GET = 'volume_extension:qos_specs_manage:get'
const GET_ALL = 'volume_extension:qos_specs_manage:get_all'
const UPDATE = 'volume_extension:qos_specs_manage:update'
const DELETE = 'volume_extension:qos_specs_manage:delete'
const ONE = '/qos-specs/:id'

export const qosRoutes: readonly Route[] = [
  { method: 'POST', path: '/qos-specs', since: 0, action: 'volume_extension:qos_specs_manage:create', handle: create },
  { method: 'GET', path: '/qos-specs', since: 0, action: GET_ALL, handle: list },
  { method: 'GET', path: ONE, since: 0, action: GET, handle: show },
  { method: 'PUT', path: ONE, since: 0, action: UPDATE, handle: update },
  { method: 'DELETE', path: ONE, since: 0, action: DELETE, handle: remove },
  { method: 'PUT', path: `${ONE}/delete_keys`, since: 0, action: DELETE, handle: removeKeys },
  { method: 'GET', path: `${ONE}/associations`, since: 0, action: GET_ALL, handle: associations },
  { method: 'GET', path: `${ONE}/associate`, since: 0, action: UPDATE, handle: (edge, call) => associate(edge, call, true) },
  { method: 'GET', path: `${ONE}/disassociate`, since: 0, action: UPDATE, handle: (edge, call) => associate(edge, call, false) },
  { method: 'GET', path: `${ONE}/disassociate_all`, since: 0, action: UPDATE, handle: disassociateAll },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateQos(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const claim = { ...wanted.value, id: newQosId(call, edge.uuid), bodyHash: hashHex(canonicalJson(wanted.value)) }
  return change(edge, { kind: 'claim-qos', claim }, (qos) => answer(200, qosBody(qos, call.base)))
}

async function list(edge: Edge, call: Call): Promise<Answer> {
  const query = parseListQuery(call.query, QOS_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const all = edge.service.qosSpecs()
  const selected = selectQos(all, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const page = await pageFor(call, { ...selected.value, all, query: query.value, kind: 'QoS specs', collection: 'qos-specs' })
  if (!page.ok) return page.answer
  return answer(200, { qos_specs: page.items.map(qosFields), ...(page.next === null ? {} : { qos_specs_links: page.next }) })
}

function show(edge: Edge, call: Call): Promise<Answer> {
  return withQos(edge, call, (qos) => answer(200, qosBody(qos, call.base)))
}

function update(edge: Edge, call: Call): Promise<Answer> | Answer {
  const edit = parseUpdateQos(call.body)
  return edit.ok ? reviseQos(edge, call, edit.value, answer(200, qosChangeBody(edit.value))) : failed(edit.failure)
}

function removeKeys(edge: Edge, call: Call): Promise<Answer> | Answer {
  const keys = parseQosKeys(call.body)
  if (!keys.ok) return failed(keys.failure)
  return reviseQos(edge, call, { specs: Object.fromEntries(keys.value.map((key) => [key, null])) }, answer(202, null))
}

function remove(edge: Edge, call: Call): Promise<Answer> {
  const force = isTrueWord(call.query['force'])
  return withQos(edge, call, ({ id }) =>
    change(edge, { kind: 'release-qos', id, rid: operationRid(call, 'delete qos', id), force }, () => answer(202, null)),
  )
}

function associations(edge: Edge, call: Call): Promise<Answer> {
  return withQos(edge, call, ({ id }) => answer(200, associationsBody(typesWith(edge, id))))
}

function associate(edge: Edge, call: Call, isAssociated: boolean): Promise<Answer> | Answer {
  const { vol_type_id: type } = call.query
  if (type === undefined || type === '') return failed({ code: 'bad-query', parameter: 'vol_type_id', rule: 'must name a volume type' })
  return withQos(edge, call, (qos) =>
    withType(edge, call, type, ({ id }) => {
      return revise(edge, call, { id, edit: { qos: { id: qos.id, isAssociated } }, done: () => answer(202, null) })
    }),
  )
}

function disassociateAll(edge: Edge, call: Call): Promise<Answer> {
  return withQos(edge, call, ({ id }) =>
    change(edge, { kind: 'free-qos', id, rid: operationRid(call, 'disassociate all', id) }, () => answer(202, null)),
  )
}

function reviseQos(edge: Edge, call: Call, edit: QosEdit, done: Answer): Promise<Answer> {
  return withQos(edge, call, ({ id }) => {
    const rid = operationRid(call, `revise qos ${canonicalJson(edit)}`, id)
    return change(edge, { kind: 'revise-qos', id, rid, edit }, () => done)
  })
}

/** By id alone, as in Cinder. */
async function withQos(edge: Edge, call: Call, answerOf: (qos: QosSpecs) => Answer | Promise<Answer>): Promise<Answer> {
  const find = (): QosSpecs | undefined => edge.service.qosSpecs().find(({ id }) => id === qosIdOf(call))
  const known = find()
  if (known !== undefined) return answerOf(known)
  const { result } = await edge.service.ask({ kind: 'types', change: null })
  if (!result.ok) return failed(result.failure)
  const found = find()
  return found === undefined ? failed({ code: 'qos-not-found', qos: qosIdOf(call).slice(0, 255) }) : answerOf(found)
}

async function change(edge: Edge, wanted: QosChange, done: (qos: QosSpecs) => Answer): Promise<Answer> {
  const { result } = await edge.service.ask({ kind: 'types', change: wanted })
  if (!result.ok) return failed(result.failure)
  const { changedQos } = result.value
  const qos = wanted.kind === 'claim-qos' ? wanted.claim.id : wanted.id
  return changedQos === null ? failed({ code: 'qos-not-found', qos }) : done(changedQos)
}

function typesWith(edge: Edge, id: string): readonly KnownType[] {
  return edge.service.types().filter(({ qosId }) => qosId === id)
}

const qosIdOf = (call: Call): string => call.params['id'] ?? ''
