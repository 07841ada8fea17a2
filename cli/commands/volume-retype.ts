/** What `scoria volume set --type` does: another type, or why the volume keeps the one that it has. */
import { type Command, Option } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure, usage } from '../failure.ts'
import { itemAt, itemsAt, textOf } from '../rest/body.ts'
import type { Client } from '../rest/client.ts'

export interface RetypeOptions {
  readonly type?: string
  readonly retypePolicy?: string
}

export function withRetype(command: Command): Command {
  return command
    .option('--type <type>', 'another volume type, by name or id')
    .addOption(new Option('--retype-policy <policy>', 'whether it may be moved for that').choices(['never', 'on-demand']))
}

/** @throws CliFailure for a policy without a type */
export function demandType({ type, retypePolicy }: RetypeOptions): boolean {
  if (retypePolicy !== undefined && type === undefined) throw usage('--retype-policy says nothing without --type')
  return type !== undefined
}

/** @throws CliFailure if the volume is of another type afterwards: the answer to the request does not tell */
export async function changeType(client: Client, id: string, { type, retypePolicy }: RetypeOptions): Promise<void> {
  if (type === undefined) return
  const path = client.cinder(`/volumes/${id}`)
  const policy = retypePolicy === undefined ? {} : { migration_policy: retypePolicy }
  await client.call({ method: 'POST', path: `${path}/action`, body: { 'os-retype': { new_type: type, ...policy } } })
  const volume = itemAt(await client.call({ method: 'GET', path }), 'volume')
  const now = textOf(volume, 'volume_type')
  if (now === type || textOf(volume, 'volume_type_id') === type) return
  const [message] = itemsAt(await client.call({ method: 'GET', path: client.cinder(`/messages?resource_uuid=${id}&limit=1`) }), 'messages')
  const why = message === undefined ? 'no message says why; see the log of its host' : textOf(message, 'user_message')
  throw new CliFailure(EXIT.noRoom, `volume ${id} is of type ${now} as before`, why, `see what the type demands: scoria type show ${type}`)
}
