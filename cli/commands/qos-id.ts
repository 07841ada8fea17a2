/** How QoS specs are asked for: Cinder knows them by id alone, so that a name is looked up in the list. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { itemsAt, textOf } from '../rest/body.ts'
import { UUID } from '../rest/find.ts'
import type { Context } from './context.ts'

/** @throws CliFailure if nothing has the name */
export async function qosPath({ client }: Context, nameOrId: string): Promise<string> {
  if (UUID.test(nameOrId)) return client.cinder(`/qos-specs/${nameOrId}`)
  const body = await client.call({ method: 'GET', path: client.cinder('/qos-specs') })
  const all = itemsAt(body, 'qos_specs')
  const found = all.find((qos) => textOf(qos, 'name') === nameOrId)
  if (found === undefined)
    throw new CliFailure(EXIT.notFound, `no QoS specs are called ${nameOrId}`, 'scoria qos list shows those that there are')
  return client.cinder(`/qos-specs/${encodeURIComponent(textOf(found, 'id'))}`)
}
