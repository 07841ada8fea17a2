/** Users and projects by name or id, at the part of Keystone's API that peers serve, or at the Keystone that they ask. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { type Item, itemsAt, textOf } from '../rest/body.ts'
import type { Context } from './context.ts'

export const IDENTITY = '/identity/v3'
const ID = /^[0-9a-f]{32}$/

/** @throws CliFailure if nothing has the name */
export async function identityItem({ client }: Context, kind: 'user' | 'project', nameOrId: string): Promise<Item> {
  const name = encodeURIComponent(nameOrId)
  const named = itemsAt(await client.call({ method: 'GET', path: `${IDENTITY}/${kind}s?name=${name}` }), `${kind}s`)
  const [found] = named.length > 0 || !ID.test(nameOrId) ? named : [await byId({ client }, kind, nameOrId)]
  if (found === undefined)
    throw new CliFailure(EXIT.notFound, `no ${kind} is called ${nameOrId}`, `scoria ${kind} list shows those that there are`)
  return found
}

async function byId({ client }: Pick<Context, 'client'>, kind: 'user' | 'project', id: string): Promise<Item | undefined> {
  const all = itemsAt(await client.call({ method: 'GET', path: `${IDENTITY}/${kind}s` }), `${kind}s`)
  return all.find((item) => textOf(item, 'id') === id)
}

export async function identityId(context: Context, kind: 'user' | 'project', nameOrId: string): Promise<string> {
  return textOf(await identityItem(context, kind, nameOrId), 'id')
}
