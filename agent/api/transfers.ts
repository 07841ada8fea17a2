/**
 * Transfers of volumes between projects: `os-volume-transfer`, and from 3.55 `volume-transfers`, which takes snapshots along.
 *
 * The owner of the volume decides all of it; the key that it makes is in the answer to the create and nowhere else.
 */
import type { Result } from '../../lib/model/failure.ts'
import { keyProof, openTransfer } from '../../lib/model/transfer.ts'
import type { Parsed } from '../../lib/wire/cinder/input.ts'
import { newestFirst } from '../../lib/wire/cinder/item-list.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { type ListedTransfer, listedTransfer, transferCreated, transferDetail, transferSummary } from '../../lib/wire/cinder/transfer.ts'
import { selectTransfers, TRANSFER_KEYS, transferParameters } from '../../lib/wire/cinder/transfer-query.ts'
import {
  type CreateTransfer,
  parseAcceptTransfer,
  parseCreateTransfer,
  parseCreateWithSnapshots,
} from '../../lib/wire/cinder/transfer-request.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'
import { locateTransfer, volumeOf } from './locate-transfer.ts'
import { operateOn } from './operate.ts'
import { pageFor } from './page.ts'
import { newTransferId, operationRid } from './request-names.ts'
import { isLostVolume } from './shown-volume.ts'

export const transferRoutes: readonly Route[] = [
  ...routesBelow('/os-volume-transfer', 0, parseCreateTransfer),
  ...routesBelow('/volume-transfers', 55, parseCreateWithSnapshots),
]

function routesBelow(path: string, since: number, parse: (body: unknown) => Parsed<CreateTransfer>): readonly Route[] {
  const collection = path.slice(1)
  const summary = (call: Call) => (item: ListedTransfer) => transferSummary(item, call.base)
  const detail = (call: Call) => (item: ListedTransfer) => transferDetail(item, call.base, call.microversion)
  const all = 'volume:get_all_transfers'
  return [
    { method: 'POST', path, since, action: 'volume:create_transfer', handle: (edge, call) => create(edge, call, parse(call.body)) },
    { method: 'GET', path, since, action: all, handle: (edge, call) => list(edge, call, summary(call), collection) },
    {
      method: 'GET',
      path: `${path}/detail`,
      since,
      action: all,
      handle: (edge, call) => list(edge, call, detail(call), `${collection}/detail`),
    },
    { method: 'GET', path: `${path}/:id`, since, action: 'volume:get_transfer', handle: show },
    { method: 'DELETE', path: `${path}/:id`, since, action: 'volume:delete_transfer', handle: remove },
    { method: 'POST', path: `${path}/:id/accept`, since, action: 'volume:accept_transfer', handle: accept },
  ]
}

async function create(edge: Edge, call: Call, wanted: Parsed<CreateTransfer>): Promise<Answer> {
  if (!wanted.ok) return failed(wanted.failure)
  const { volume: id, name, noSnapshots } = wanted.value
  const found = await locateVolume(edge, call, id)
  if (!found.ok) return failed(found.failure)
  const { volume } = found.view
  const offered = newTransferId(call, volume.id, edge.uuid)
  const done = await operateOn(edge, call, volume, { kind: 'offer', transfer: offered, name, noSnapshots, createdAtMs: edge.clock() })
  if (!done.ok) return failed(done.failure)
  const { transfer, authKey } = done.value
  if (transfer === null || authKey === null) return failed({ code: 'transfer-not-found', transfer: offered })
  return answer(202, { transfer: transferCreated(listedTransfer(volume.id, transfer), authKey, call.base, call.microversion) })
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateTransfer(edge, call, idOf(call))
  return found.ok ? answer(200, { transfer: transferDetail(found.listed, call.base, call.microversion) }) : failed(found.failure)
}

async function remove(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateTransfer(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const done = await operateOn(edge, call, found.volume, { kind: 'cancel-transfer', transfer: found.listed.transfer.id })
  return done.ok ? answer(202, null) : failed(done.failure)
}

/** For the caller's own project, whatever he may do in others. */
async function accept(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseAcceptTransfer(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await volumeOf(edge, idOf(call))
  if (!found.ok) return failed(found.failure)
  const { id: transfer, volume } = found
  const { user, project, isAdmin } = call.caller
  const operation = { kind: 'accept', transfer, proof: keyProof(transfer, wanted.value.authKey), user, anyType: isAdmin } as const
  const rid = operationRid(call, 'accept', transfer)
  const { result } = await edge.service.ask({ kind: 'operate', request: { rid, project, volume: volume.id, operation } })
  if (!result.ok) return failed(result.failure)
  const accepted = result.value.transfer
  if (accepted === null) return failed({ code: 'transfer-not-found', transfer })
  return answer(202, { transfer: transferSummary(listedTransfer(volume.id, accepted), call.base) })
}

async function list(edge: Edge, call: Call, bodyOf: (item: ListedTransfer) => object, collection: string): Promise<Answer> {
  const query = parseListQuery(transferParameters(call.query, call.microversion), TRANSFER_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const { allTenants } = query.value
  const all = openTransfers(edge, call, allTenants)
  const selected = selectTransfers(all, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const find = (id: string): Promise<Result<ListedTransfer>> => listed(edge, call, id, allTenants)
  const page = await pageFor(call, { ...selected.value, all, query: query.value, kind: 'Transfer', collection, find })
  if (!page.ok) return page.answer
  const links = page.next === null ? {} : { transfers_links: page.next }
  return answer(200, { transfers: page.items.map(bodyOf), ...links })
}

/** What was lost with its host cannot be handed on. Newest first. */
function openTransfers(edge: Edge, call: Call, allProjects: boolean): readonly ListedTransfer[] {
  const manifest = edge.service.manifest()
  const seen = edge.service.volumes(allProjects ? null : call.caller.project).map(({ volume }) => volume)
  const offered = seen.flatMap((volume) => {
    const open = isLostVolume(manifest, volume) ? null : openTransfer(volume)
    return open === null ? [] : [listedTransfer(volume.id, open)]
  })
  return offered.toSorted(newestFirst)
}

/** One that is in the caller's list, but not yet at this peer. */
async function listed(edge: Edge, call: Call, id: string, allTenants: boolean): Promise<Result<ListedTransfer>> {
  const found = await locateTransfer(edge, call, id)
  if (!found.ok) return found
  return allTenants || found.volume.project === call.caller.project
    ? { ok: true, value: found.listed }
    : { ok: false, failure: { code: 'transfer-not-found', transfer: found.listed.transfer.id } }
}

const idOf = (call: Call): string => call.params['id'] ?? ''
