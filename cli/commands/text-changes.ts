/** `set` of what people write on volumes and snapshots: name, description and properties. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import type { Client } from '../rest/client.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import { collect, property } from './context.ts'

export interface TextOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly property?: Readonly<Record<string, string>>
  readonly unsetProperty?: readonly string[]
}

export function withTexts(command: Command): Command {
  return command
    .option('--name <name>', 'new name')
    .option('--description <text>', 'new description')
    .option('--property <key=value>', 'set a property, repeatable', property)
    .option('--unset-property <key>', 'remove a property, repeatable', collect)
}

/** @param others options that would do too. @throws CliFailure if there is nothing to change */
export function demandTexts({ name, description, property, unsetProperty }: TextOptions, ...others: readonly string[]): void {
  if ([name, description, property, unsetProperty].every((option) => option === undefined))
    throw usage('nothing to set', `say what: ${['--name', '--description', '--property', '--unset-property', ...others].join(', ')}`)
}

/** Changes what was said of the `resource` at `path`. @returns the body that shows it afterwards */
export async function changeTexts(client: Client, resource: 'volume' | 'snapshot', path: string, options: TextOptions): Promise<unknown> {
  const { name, description, property: metadata, unsetProperty = [] } = options
  const changes = given({ name, description })
  if (Object.keys(changes).length > 0) await client.call({ method: 'PUT', path, body: { [resource]: changes } })
  if (metadata !== undefined) await client.call({ method: 'POST', path: `${path}/metadata`, body: { metadata } })
  for (const key of unsetProperty) await client.call({ method: 'DELETE', path: `${path}/metadata/${encodeURIComponent(key)}` })
  return client.call({ method: 'GET', path })
}
