/** How a volume type is asked for: by its name or id; changed by its id alone, so that no repeat can meet another of its name. */
import { itemAt, textOf } from '../rest/body.ts'
import type { Context } from './context.ts'

export async function typeId(context: Context, nameOrId: string): Promise<string> {
  return textOf(itemAt(await context.client.call({ method: 'GET', path: typePath(context, nameOrId) }), 'volume_type'), 'id')
}

export function typePath({ client }: Context, nameOrId: string): string {
  return client.cinder(`/types/${encodeURIComponent(nameOrId)}`)
}
