/** `scoria volume set`, `unset` and `extend`. */
import type { Command } from 'commander'
import { printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findVolume } from '../rest/find.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { usage } from '../failure.ts'
import { changeFlags, type FlagOptions, hasFlags, unsetImage, withFlags } from './volume-flags.ts'
import { collect, contextOf, sizeGiB, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { changeTexts, demandTexts, type TextOptions, withTexts } from './text-changes.ts'
import { changeType, demandType, type RetypeOptions, withRetype } from './volume-retype.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilSettled } from './volume-wait.ts'

type SetOptions = TextOptions & FlagOptions & RetypeOptions

interface UnsetOptions extends CommonOptions {
  readonly property?: readonly string[]
  readonly imageProperty?: readonly string[]
}

export function addVolumeSet(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('set')
    .description('change name, description, properties or type; say whether it boots or may be written to')
    .argument('<volume>', 'name or id')
  withRetype(withFlags(withTexts(command))).action(async (name: string, options: SetOptions) => set(name, options, terminal))
  withCommon(command)
  withExamples(
    command,
    'scoria volume set db --name db-old',
    'scoria volume set db --property tier=gold --unset-property temp',
    'scoria volume set golden --bootable --read-only --image-property os_distro=debian',
    'scoria volume set db --type fast --retype-policy never',
  )
}

export function addVolumeUnset(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('unset')
    .description('take properties away')
    .argument('<volume>', 'name or id')
    .option('--property <key>', 'remove a property, repeatable', collect)
    .option('--image-property <key>', 'remove a property of its image, repeatable', collect)
    .action(async (name: string, options: UnsetOptions) => unset(name, options, terminal))
  withCommon(command)
  withExamples(command, 'scoria volume unset db --property tier', 'scoria volume unset golden --image-property os_distro')
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

async function set(name: string, options: SetOptions, terminal: Terminal): Promise<void> {
  if (!demandType(options) && !hasFlags(options)) demandTexts(options, '--type')
  const { client, output } = await contextOf(options, terminal)
  const id = textOf(await findVolume(client, name), 'id')
  const path = client.cinder(`/volumes/${id}`)
  await changeType(client, id, options)
  await changeFlags(client, path, options)
  const body = await changeTexts(client, 'volume', path, options)
  printOne(terminal, output, body, id, volumeFields(itemAt(body, 'volume')))
}

async function unset(name: string, options: UnsetOptions, terminal: Terminal): Promise<void> {
  const { property = [], imageProperty = [] } = options
  if (property.length + imageProperty.length === 0) throw usage('nothing to unset', 'say what: --property, --image-property')
  const { client, output } = await contextOf(options, terminal)
  const id = textOf(await findVolume(client, name), 'id')
  const path = client.cinder(`/volumes/${id}`)
  await unsetImage(client, path, imageProperty)
  const body = await changeTexts(client, 'volume', path, { unsetProperty: property })
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
