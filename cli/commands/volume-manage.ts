/** `scoria volume manage`, `unmanage` and `manageable`: disks that a pool holds already become volumes, and volumes such disks again. No byte moves. */
import type { Command } from 'commander'
import { type ListColumn, printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, textOf } from '../rest/body.ts'
import { findVolume } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, newKey, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { MANAGEABLE_COLUMNS } from './manageable-rows.ts'
import { volumeFields, volumeName } from './volume-rows.ts'
import { waitUntilGone, waitUntilSettled } from './volume-wait.ts'

interface ManageOptions extends CommonOptions, WaitOptions {
  readonly name?: string
  readonly description?: string
  readonly type?: string
  readonly bootable?: boolean
  readonly idempotencyKey?: string
}

const COLUMNS: readonly ListColumn<Item>[] = [...MANAGEABLE_COLUMNS, { header: 'VOLUME', cell: (row) => textOf(row, 'cinder_id') }]

export function addVolumeManage(parent: Command, terminal: Terminal): void {
  const list = parent
    .command('manageable')
    .description('list what lies in a pool and could be managed, and what is managed already')
    .argument('<pool>', 'host@backend#pool, as in scoria host list -o wide')
    .action(async (pool: string, options: CommonOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const body = await client.call({ method: 'GET', path: client.cinder(`/manageable_volumes/detail?host=${encodeURIComponent(pool)}`) })
      printList(terminal, output, body, itemsAt(body, 'manageable-volumes'), COLUMNS, `nothing lies in ${pool}`)
    })
  withCommon(list)
  withExamples(list, "scoria volume manageable 'a@lvm#vg0'", "scoria volume manageable 'a@lvm#vg0' -o json")

  const manage = parent
    .command('manage')
    .description('make a volume of a disk that lies in a pool, with all that is on it')
    .argument('<pool>', 'host@backend#pool that it lies in')
    .argument('<disk>', 'its name there: the LV, or the file')
    .option('--name <name>', 'name of the volume')
    .option('--description <text>', 'for people')
    .option('--type <type>', 'name or id of a volume type')
    .option('--bootable', 'a server may boot from it')
    .option('--idempotency-key <key>', 'repeats of the same key make one volume (default: a new one)')
    .action(async (pool: string, disk: string, options: ManageOptions) => manageOne(pool, disk, options, terminal))
  withWait(withCommon(manage), 'it is available or in error')
  withExamples(
    manage,
    "scoria volume manage 'a@lvm#vg0' old-database --name db --wait",
    "scoria volume manage 'a@lvm#vg0' scratch --type gold",
  )

  const unmanage = parent
    .command('unmanage')
    .description('forget volumes and leave their bytes where they are; scoria volume manage takes them in again')
    .argument('<volumes...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions & WaitOptions) => {
      const context = await contextOf(options, terminal)
      await forEachNamed(terminal, names, 'volumes are still managed', (name) => unmanageOne(context, name, options))
    })
  withWait(withCommon(unmanage), 'it is no volume any more')
  withExamples(unmanage, 'scoria volume unmanage db --wait', 'scoria volume unmanage db-1 db-2')
}

async function manageOne(pool: string, disk: string, options: ManageOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  const { name, description, type, bootable } = options
  const volume = { host: pool, ref: { 'source-name': disk }, ...given({ name, description, volume_type: type, bootable }) }
  const idempotencyKey = options.idempotencyKey ?? newKey()
  let body = await client.call({ method: 'POST', path: client.cinder('/manageable_volumes'), body: { volume }, idempotencyKey })
  const begun = itemAt(body, 'volume')
  if (options.wait === true) body = { volume: await waitUntilSettled(context, textOf(begun, 'id'), volumeName(begun), options.timeout) }
  const made = itemAt(body, 'volume')
  printOne(terminal, output, body, textOf(made, 'id'), volumeFields(made))
}

async function unmanageOne(context: Context, name: string, options: WaitOptions): Promise<void> {
  const { client, terminal } = context
  const volume = await findVolume(client, name)
  const id = textOf(volume, 'id')
  await client.call({ method: 'POST', path: client.cinder(`/volumes/${id}/action`), body: { 'os-unmanage': null }, isRemoval: true })
  if (options.wait === true) await waitUntilGone(context, id, volumeName(volume), options.timeout, (status) => status !== 'unmanaging')
  terminal.err(
    `volume ${volumeName(volume)} (${id}) ${options.wait === true ? 'is' : 'is being'} unmanaged; its bytes stay in ${textOf(volume, 'os-vol-host-attr:host') || 'their pool'}\n`,
  )
}
