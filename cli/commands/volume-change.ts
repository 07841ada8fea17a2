/** `scoria volume set` and `extend`. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findVolume } from '../rest/find.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { collect, contextOf, property, sizeGiB, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilSettled } from './volume-wait.ts'

interface SetOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly property?: Readonly<Record<string, string>>
  readonly unsetProperty?: readonly string[]
}

export function addVolumeSet(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('set')
    .description('change name, description or properties')
    .argument('<volume>', 'name or id')
    .option('--name <name>', 'new name')
    .option('--description <text>', 'new description')
    .option('--property <key=value>', 'set a property, repeatable', property)
    .option('--unset-property <key>', 'remove a property, repeatable', collect)
    .action(async (name: string, options: SetOptions) => set(name, options, terminal))
  withCommon(command)
  withExamples(command, 'scoria volume set db --name db-old', 'scoria volume set db --property tier=gold --unset-property temp')
}

export function addVolumeExtend(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('extend')
    .description('grow a volume')
    .argument('<volume>', 'name or id')
    .argument('<size>', 'new size, whole GiB: 20, 20GiB, 1T', sizeGiB)
    .action(async (name: string, size: number, options: CommonOptions & WaitOptions) => extend(name, size, options, terminal))
  withWait(withCommon(command), 'it has grown')
  withExamples(command, 'scoria volume extend db 20GiB --wait', 'scoria volume extend db 1T')
}

async function set(name: string, options: SetOptions, terminal: Terminal): Promise<void> {
  const changes = {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.description === undefined ? {} : { description: options.description }),
  }
  const isUpdate = Object.keys(changes).length > 0
  if (!isUpdate && options.property === undefined && options.unsetProperty === undefined) {
    throw usage('nothing to set', 'say what: --name, --description, --property, --unset-property')
  }
  const { client, output } = await contextOf(options, terminal)
  const id = textOf(await findVolume(client, name), 'id')
  const path = client.cinder(`/volumes/${id}`)
  if (isUpdate) await client.call({ method: 'PUT', path, body: { volume: changes } })
  if (options.property !== undefined) await client.call({ method: 'POST', path: `${path}/metadata`, body: { metadata: options.property } })
  for (const key of options.unsetProperty ?? [])
    await client.call({ method: 'DELETE', path: `${path}/metadata/${encodeURIComponent(key)}` })
  const body = await client.call({ method: 'GET', path })
  printOne(terminal, output, body, id, volumeFields(itemAt(body, 'volume')))
}

async function extend(name: string, size: number, options: CommonOptions & WaitOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  const volume = await findVolume(client, name)
  const id = textOf(volume, 'id')
  const path = client.cinder(`/volumes/${id}`)
  await client.call({ method: 'POST', path: `${path}/action`, body: { 'os-extend': { new_size: size } } })
  const body =
    options.wait === true
      ? { volume: await waitUntilSettled(context, id, volumeName(volume), options.timeout) }
      : await client.call({ method: 'GET', path })
  printOne(terminal, output, body, id, volumeFields(itemAt(body, 'volume')))
}
