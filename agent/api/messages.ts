/** User messages (3.3): why volumes are in `error`. Made from the volumes' records, so every peer has them. */
import { hasLeft, hostName, type Manifest } from '../../lib/model/manifest.ts'
import type { Volume, VolumeFailure } from '../../lib/model/volume.ts'
import { newestFirst } from '../../lib/wire/cinder/item-list.ts'
import { type Message, messageBody, messageOf } from '../../lib/wire/cinder/message.ts'
import { MESSAGE_KEYS, selectMessages } from '../../lib/wire/cinder/message-query.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { operateOn } from './operate.ts'
import { pageFor } from './page.ts'
import { namedUuid } from './request-names.ts'
import { isLostVolume } from './shown-volume.ts'
import { listVolumes, partialHeaders, type VolumeList } from './volume-list.ts'

export const messageRoutes: readonly Route[] = [
  { method: 'GET', path: '/messages', since: 3, action: 'message:get', handle: list },
  { method: 'GET', path: '/messages/:id', since: 3, action: 'message:get', handle: show },
  { method: 'DELETE', path: '/messages/:id', since: 3, action: 'message:delete', handle: dismiss },
]

/** From here on the list has pages, an order and filters; before, it is whole. */
const PAGES_SINCE = 5

async function list(edge: Edge, call: Call): Promise<Answer> {
  const raw = call.microversion < PAGES_SINCE ? {} : call.query
  const query = parseListQuery(raw, MESSAGE_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const known = await listVolumes(edge, call, query.value.allTenants)
  const all = messagesOf(known, edge, call).toSorted(newestFirst)
  const selected = selectMessages(all, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const page = await pageFor(call, { ...selected.value, all, query: query.value, kind: 'Message', collection: 'messages' })
  if (!page.ok) return page.answer
  const links = page.next === null ? {} : { messages_links: page.next }
  return answer(200, { messages: page.items.map((message) => messageBody(message, call.base)), ...links }, partialHeaders(known))
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locate(edge, call)
  return found.ok ? answer(200, { message: messageBody(found.message, call.base) }) : failed(found.failure)
}

/** What is wrong with the volume stays so; it is told of no more until something is wrong with it anew. */
async function dismiss(edge: Edge, call: Call): Promise<Answer> {
  const found = await locate(edge, call)
  if (!found.ok) return failed(found.failure)
  const { volume } = found.message
  if (volume.failure === null) return answer(204, null)
  const done = await operateOn(edge, call, volume, { kind: 'dismiss', of: volume.failure.kind })
  return done.ok ? answer(204, null) : failed(done.failure)
}

type Found = { readonly ok: true; readonly message: Message } | { readonly ok: false; readonly failure: EdgeFailure }

async function locate(edge: Edge, call: Call): Promise<Found> {
  const id = (call.params['id'] ?? '').toLowerCase()
  const all = await listVolumes(edge, call, call.caller.isAdmin)
  const message = messagesOf(all, edge, call).find((candidate) => candidate.id === id)
  if (message !== undefined) return { ok: true, message }
  // Without the registers it is not known whether the volume exists.
  return { ok: false, failure: all.partial ?? { code: 'item-not-found', kind: 'Message', id: id.slice(0, 255) } }
}

/** A volume's message has the same id for as long as the same thing is wrong with it. */
function messagesOf(list: VolumeList, edge: Edge, call: Call): readonly Message[] {
  const manifest = edge.service.manifest()
  return list.volumes.flatMap((volume) => {
    if (volume.failure === null) return []
    if (isLostVolume(manifest, volume)) return [lostMessage(manifest, volume, volume.failure)]
    if (volume.failure.isDismissed === true) return []
    return [messageOf(volume, volume.failure, namedUuid('message', volume.id, volume.failure.kind), call.caller.isAdmin)]
  })
}

function lostMessage(manifest: Manifest, volume: Volume, failure: VolumeFailure): Message {
  const host = volume.owner === null ? '' : hostName(manifest, volume.owner)
  const isNeverMade = volume.owner !== null && hasLeft(manifest, volume.owner)
  const message = messageOf(volume, failure, namedUuid('message', volume.id, isNeverMade ? 'host-left' : 'host-lost'), false)
  const why = isNeverMade
    ? `It was never made: the host that it was promised on has left the cluster (${host}).`
    : `Its host is lost (${host}), and its data with it.`
  return { ...message, text: `volume:${why} The volume can only be deleted.` }
}
