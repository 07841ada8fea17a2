/** `scoria volume set` and `extend`. */
import type { Command } from 'commander'
import { printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findVolume } from '../rest/find.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { contextOf, sizeGiB, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { changeTexts, demandTexts, type TextOptions, withTexts } from './text-changes.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilSettled } from './volume-wait.ts'

export function addVolumeSet(parent: Command, terminal: Terminal): void {
  const command = parent.command('set').description('change name, description or properties').argument('<volume>', 'name or id')
  withTexts(command).action(async (name: string, options: TextOptions) => set(name, options, terminal))
  withCommon(command)
  withExamples(command, 'scoria volume set db --name db-old', 'scoria volume set db --property tier=gold --unset-property temp')
}

export function addVolumeExtend(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('extend')
    .description('grow a volume; also one in use, where its pool says online_extend_support')
    .argument('<volume>', 'name or id')
    .argument('<size>', 'new size, whole GiB: 20, 20GiB, 1T', sizeGiB)
    .action(async (name: string, size: number, options: CommonOptions & WaitOptions) => extend(name, size, options, terminal))
  withWait(withCommon(command), 'it has grown')
  withExamples(command, 'scoria volume extend db 20GiB --wait', 'scoria volume extend db 1T')
}

async function set(name: string, options: TextOptions, terminal: Terminal): Promise<void> {
  demandTexts(options)
  const { client, output } = await contextOf(options, terminal)
  const id = textOf(await findVolume(client, name), 'id')
  const body = await changeTexts(client, 'volume', client.cinder(`/volumes/${id}`), options)
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
