/**
 * The resource `attachments` (3.27): who uses a volume, and how it is reached.
 *
 * The secret of an export is with the owner alone; every answer about one attachment asks him for it, a list never has it.
 */
import type { Attachment } from '../../lib/model/attachment.ts'
import { frontEndSpecs } from '../../lib/model/qos.ts'
import type { Result } from '../../lib/model/failure.ts'
import type { Operation } from '../../lib/model/request.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { attachmentDetail, attachmentSummary } from '../../lib/wire/cinder/attachment.ts'
import { parseAttachmentAction, parseCreateAttachment, parseUpdateAttachment } from '../../lib/wire/cinder/attachment-request.ts'
import { ATTACHMENT_KEYS, type ListedAttachment, listedAttachments, selectAttachments } from '../../lib/wire/cinder/attachment-query.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { locateAttachment, locateVolume } from './locate.ts'
import { type Operated, operateOn } from './operate.ts'
import { pageFor } from './page.ts'
import { isAllowed } from './policy.ts'
import { newAttachmentId } from './request-names.ts'
import { isLostVolume } from './shown-volume.ts'
import { listVolumes } from './volume-list.ts'

export const attachmentRoutes: readonly Route[] = [
  { method: 'POST', path: '/attachments', since: 27, action: 'volume:attachment_create', handle: create },
  {
    method: 'GET',
    path: '/attachments',
    since: 27,
    action: 'volume:attachment_get',
    handle: (edge, call) => list(edge, call, attachmentSummary, 'attachments'),
  },
  {
    method: 'GET',
    path: '/attachments/detail',
    since: 27,
    action: 'volume:attachment_get',
    handle: (edge, call) => list(edge, call, (item) => attachmentDetail(item, null), 'attachments/detail'),
  },
  { method: 'GET', path: '/attachments/:id', since: 27, action: 'volume:attachment_get', handle: show },
  { method: 'PUT', path: '/attachments/:id', since: 27, action: 'volume:attachment_update', handle: update },
  { method: 'DELETE', path: '/attachments/:id', since: 27, action: 'volume:attachment_delete', handle: remove },
  { method: 'POST', path: '/attachments/:id/action', since: 44, action: 'volume:attachment_complete', handle: act },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateAttachment(call.body, call.microversion)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateVolume(edge, call, wanted.value.volume)
  if (!found.ok) return failed(found.failure)
  const { volume } = found.view
  const { instance, mode, connector, mountpoint } = wanted.value
  const attachment = newAttachmentId(call, volume.id, edge.uuid)
  return attachmentAnswer(edge, await operateOn(edge, call, volume, { kind: 'attach', attachment, instance, mode, connector, mountpoint }))
}

/** An attachment that was given no connector has nothing to connect to yet; and who only reads is given no secret. */
async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateAttachment(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const { attachment, view } = found
  if (attachment.export !== 'exported' || !isAllowed(call.caller, 'scoria:connection'))
    return answer(200, { attachment: attachmentDetail(attachment, null) })
  return attachmentAnswer(edge, await operateOn(edge, call, view.volume, { kind: 'connection', attachment: attachment.id }))
}

async function update(edge: Edge, call: Call): Promise<Answer> {
  const connector = parseUpdateAttachment(call.body)
  if (!connector.ok) return failed(connector.failure)
  return withAttachment(
    edge,
    call,
    (attachment) => ({ kind: 'connect', attachment: attachment.id, connector: connector.value }),
    (done) => attachmentAnswer(edge, done),
  )
}

async function act(edge: Edge, call: Call): Promise<Answer> {
  const action = parseAttachmentAction(call.body)
  if (!action.ok) return failed(action.failure)
  return withAttachment(
    edge,
    call,
    (attachment) => ({ kind: 'complete', attachment: attachment.id }),
    () => answer(204, null),
  )
}

/** Answers with the volume's other attachments. A server's own attachment goes only at a service's word (CVE-2023-2088). */
async function remove(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateAttachment(edge, call, call.params['id'] ?? '')
  // One that is gone: its owner may remember this very request, and what was answered to it.
  const known = found.ok ? { volume: found.view.volume, id: found.attachment.id } : (found.past ?? found.failure)
  if ('code' in known) return failed(known)
  const { volume, id } = known
  const done = await operateOn(edge, call, volume, { kind: 'detach', attachment: id, allowUnsafe: call.caller.isService })
  if (!done.ok) return failed(done.failure)
  return answer(200, { attachments: done.volume.attachments.filter((item) => item.id !== id).map(attachmentSummary) })
}

async function withAttachment(
  edge: Edge,
  call: Call,
  operation: (attachment: Attachment) => Operation,
  answerOf: (done: Operated) => Answer,
): Promise<Answer> {
  const found = await locateAttachment(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const done = await operateOn(edge, call, found.view.volume, operation(found.attachment))
  return done.ok ? answerOf(done) : failed(done.failure)
}

/** The QoS specs are those that the type has now, by this peer's copy: attaching again tells of others. */
function attachmentAnswer(edge: Edge, done: Operated): Answer {
  if (!done.ok) return failed(done.failure)
  const { attachment, connection } = done.value
  return attachment === null
    ? failed({ code: 'volume-busy', volume: done.volume.id, running: 'the attachment was removed meanwhile' })
    : answer(200, { attachment: attachmentDetail(attachment, connection && { connection, qosSpecs: qosFor(edge, done.volume) }) })
}

/** The QoS specs that its type has, for whoever uses the volume. */
export function qosFor(edge: Edge, { typeId, sizeGiB }: Volume): Readonly<Record<string, string>> | null {
  const qosId = edge.service.types().find(({ id }) => id === typeId)?.qosId ?? null
  const qos = qosId === null ? undefined : edge.service.qosSpecs().find(({ id }) => id === qosId)
  return qos === undefined ? null : frontEndSpecs(qos, sizeGiB)
}

async function list(edge: Edge, call: Call, bodyOf: (attachment: Attachment) => object, collection: string): Promise<Answer> {
  const query = parseListQuery(call.query, ATTACHMENT_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const { allTenants } = query.value
  const all = (await attachable(edge, call, allTenants)).flatMap(listedAttachments)
  const selected = selectAttachments(all, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const page = await pageFor(call, {
    ...selected.value,
    all,
    query: query.value,
    kind: 'Volume attachment',
    collection,
    find: (id) => listedAttachment(edge, call, id, allTenants),
  })
  if (!page.ok) return page.answer
  const links = page.next === null ? {} : { attachments_links: page.next }
  return answer(200, { attachments: page.items.map((item) => bodyOf(item.attachment)), ...links })
}

/** The view knows every attachment; only whether a volume of a lost host was deleted is in its register. */
async function attachable(edge: Edge, call: Call, allProjects: boolean): Promise<readonly Volume[]> {
  const seen = edge.service.volumes(allProjects ? null : call.caller.project).map((view) => view.volume)
  const manifest = edge.service.manifest()
  return seen.some((volume) => isLostVolume(manifest, volume)) ? (await listVolumes(edge, call, allProjects)).volumes : seen
}

/** One that is in the caller's list, but not yet at this peer. */
async function listedAttachment(edge: Edge, call: Call, id: string, allTenants: boolean): Promise<Result<ListedAttachment>> {
  const found = await locateAttachment(edge, call, id)
  if (!found.ok) return found
  const { volume } = found.view
  const item = listedAttachments(volume).find((candidate) => candidate.id === found.attachment.id)
  return item !== undefined && (allTenants || volume.project === call.caller.project)
    ? { ok: true, value: item }
    : { ok: false, failure: { code: 'attachment-not-found', attachment: found.attachment.id } }
}
