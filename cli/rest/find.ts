/**
 * Finds what a person named: by id, or by name if exactly one has it.
 *
 * An ambiguous name is refused with its candidates: a guess could delete the wrong volume.
 */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { type Item, itemAt, itemsAt, textOf } from './body.ts'
import type { Client } from './client.ts'
import { listAll } from './pages.ts'

/** What is named like this is an id. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

interface Kind {
  /** Key of one in a body, with an `s` of several; and what a person calls it. */
  readonly key: string
  readonly word: string
  readonly collection: string
  readonly list: string
}

const VOLUME: Kind = { key: 'volume', word: 'volume', collection: 'volumes', list: 'scoria volume list' }
const SNAPSHOT: Kind = { key: 'snapshot', word: 'snapshot', collection: 'snapshots', list: 'scoria snapshot list' }
const TRANSFER: Kind = {
  key: 'transfer',
  word: 'transfer request',
  collection: 'volume-transfers',
  list: 'scoria volume transfer request list',
}

export function findVolume(client: Client, nameOrId: string): Promise<Item> {
  return findNamed(client, VOLUME, nameOrId)
}

export function findSnapshot(client: Client, nameOrId: string): Promise<Item> {
  return findNamed(client, SNAPSHOT, nameOrId)
}

export function findTransfer(client: Client, nameOrId: string): Promise<Item> {
  return findNamed(client, TRANSFER, nameOrId)
}

/** Cinder lets nobody but admins filter these by name: all are listed. */
export function findGroup(client: Client, nameOrId: string): Promise<Item> {
  return findAmongAll(client, { key: 'group', word: 'group', collection: 'groups', list: 'scoria group list' }, nameOrId)
}

export function findGroupSnapshot(client: Client, nameOrId: string): Promise<Item> {
  const kind = { key: 'group_snapshot', word: 'group snapshot', collection: 'group_snapshots', list: 'scoria group snapshot list' } as const
  return findAmongAll(client, kind, nameOrId)
}

async function findAmongAll(
  client: Client,
  kind: Kind & { readonly collection: 'groups' | 'group_snapshots' },
  nameOrId: string,
): Promise<Item> {
  if (UUID.test(nameOrId)) return findNamed(client, kind, nameOrId)
  const all = await listAll(client, kind.collection, new URLSearchParams())
  return only(
    all.filter((item) => item['name'] === nameOrId),
    kind,
    nameOrId,
  )
}

async function findNamed(client: Client, kind: Kind, nameOrId: string): Promise<Item> {
  const { key, collection } = kind
  if (UUID.test(nameOrId)) return itemAt(await client.call({ method: 'GET', path: client.cinder(`/${collection}/${nameOrId}`) }), key)
  const body = await client.call({ method: 'GET', path: client.cinder(`/${collection}/detail?name=${encodeURIComponent(nameOrId)}`) })
  // The filter may be inexact on some servers; the name that was typed is not.
  return only(
    itemsAt(body, `${key}s`).filter((item) => item['name'] === nameOrId),
    kind,
    nameOrId,
  )
}

function only(found: readonly Item[], { word, list }: Kind, nameOrId: string): Item {
  const [item] = found
  if (item === undefined) throw new CliFailure(EXIT.notFound, `no ${word} is named ${nameOrId}`, `see what is there: ${list}`)
  if (found.length === 1) return item
  throw ambiguous(`${found.length} ${word}s are named ${nameOrId}`, found, `${list} -o wide`)
}

/** By the attachment's id, or by its volume if that has exactly one. */
export async function findAttachment(client: Client, idOrVolume: string): Promise<Item> {
  const byId = UUID.test(idOrVolume) ? await attachmentById(client, idOrVolume) : null
  if (byId !== null) return byId
  const volume = await findVolume(client, idOrVolume)
  const path = client.cinder(`/attachments/detail?volume_id=${textOf(volume, 'id')}`)
  const found = itemsAt(await client.call({ method: 'GET', path }), 'attachments').filter((item) => item['volume_id'] === volume['id'])
  const [attachment] = found
  if (attachment === undefined) throw new CliFailure(EXIT.notFound, `volume ${idOrVolume} has no attachment`)
  if (found.length === 1) return attachment
  throw ambiguous(`volume ${idOrVolume} has ${found.length} attachments`, found, 'scoria volume list -o wide')
}

async function attachmentById(client: Client, id: string): Promise<Item | null> {
  try {
    return itemAt(await client.call({ method: 'GET', path: client.cinder(`/attachments/${id}`) }), 'attachment')
  } catch (error) {
    if (error instanceof CliFailure && error.exitCode === EXIT.notFound) return null
    throw error
  }
}

function ambiguous(fact: string, candidates: readonly Item[], list: string): CliFailure {
  const shown = candidates
    .slice(0, 2)
    .map((item) => `  ${textOf(item, 'id')}  ${textOf(item, 'status')}  ${textOf(item, 'created_at')}`.trimEnd())
  const rest = candidates.length > 2 ? `  and ${candidates.length - 2} more: ` : '  '
  return new CliFailure(EXIT.conflict, `${fact}; use an id:`, ...shown, `${rest}${list}`)
}
