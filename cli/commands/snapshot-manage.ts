/** `scoria snapshot manage`, `unmanage` and `manageable`: what a pool has as a snapshot of a volume becomes one here, and none again. No byte moves. */
import type { Command } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { type ListColumn, printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, partOf, textOf } from '../rest/body.ts'
import { findSnapshot, findVolume } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, newKey, property, type WaitOptions, withCommon, withExamples, withWait } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { MANAGEABLE_COLUMNS } from './manageable-rows.ts'
import { snapshotFields, snapshotName, waitForSnapshot } from './snapshot-rows.ts'

interface ManageOptions extends CommonOptions, WaitOptions {
  readonly name?: string
  readonly description?: string
  readonly property?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
}

const COLUMNS: readonly ListColumn<Item>[] = [
  ...MANAGEABLE_COLUMNS,
  { header: 'OF', cell: (row) => textOf(partOf(row, 'source_reference'), 'source-name') },
  { header: 'SNAPSHOT', cell: (row) => textOf(row, 'cinder_id') },
]

export function addSnapshotManage(parent: Command, terminal: Terminal): void {
  const list = parent
    .command('manageable')
    .description('list what lies in a pool as a snapshot of something, and what is managed already')
    .argument('<pool>', 'host@backend#pool, as in scoria host list -o wide')
    .action(async (pool: string, options: CommonOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const path = client.cinder(`/manageable_snapshots/detail?host=${encodeURIComponent(pool)}`)
      const body = await client.call({ method: 'GET', path })
      printList(terminal, output, body, itemsAt(body, 'manageable-snapshots'), COLUMNS, `no snapshots lie in ${pool}`)
    })
  withCommon(list)
  withExamples(list, "scoria snapshot manageable 'a@lvm#vg0'", "scoria snapshot manageable 'a@lvm#vg0' -o json")

  const manage = parent
    .command('manage')
    .description('make a snapshot of what lies in a volume’s pool as a snapshot of it, with all that is on it')
    .argument('<volume>', 'name or id of the volume that it is a snapshot of')
    .argument('<disk>', 'its name in the pool: the LV, or the file')
    .option('--name <name>', 'name of the snapshot')
    .option('--description <text>', 'for people')
    .option('--property <key=value>', 'metadata, repeatable', property)
    .option('--idempotency-key <key>', 'repeats of the same key make one snapshot (default: a new one)')
    .action(async (volume: string, disk: string, options: ManageOptions) => manageOne(volume, disk, options, terminal))
  withWait(withCommon(manage), 'it is available or in error')
  withExamples(
    manage,
    'scoria snapshot manage db db-nightly --name nightly --wait',
    'scoria snapshot manage db old-snap --property keep=yes',
  )

  const unmanage = parent
    .command('unmanage')
    .description('forget snapshots and leave their bytes where they are; scoria snapshot manage takes them in again')
    .argument('<snapshots...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions & WaitOptions) => {
      const context = await contextOf(options, terminal)
      await forEachNamed(terminal, names, 'snapshots are still managed', (name) => unmanageOne(context, name, options))
    })
  withWait(withCommon(unmanage), 'it is no snapshot any more')
  withExamples(unmanage, 'scoria snapshot unmanage nightly --wait', 'scoria snapshot unmanage monday tuesday')
}

async function manageOne(volume: string, disk: string, options: ManageOptions, terminal: Terminal): Promise<void> {
  const context = await contextOf(options, terminal)
  const { client, output } = context
  const { name, description, property: metadata } = options
  const ref = { 'source-name': disk }
  const snapshot = { volume_id: textOf(await findVolume(client, volume), 'id'), ref, ...given({ name, description, metadata }) }
  const idempotencyKey = options.idempotencyKey ?? newKey()
  let body = await client.call({ method: 'POST', path: client.cinder('/manageable_snapshots'), body: { snapshot }, idempotencyKey })
  const made = itemAt(body, 'snapshot')
  if (options.wait === true)
    body = { snapshot: (await waitForSnapshot(context, textOf(made, 'id'), snapshotName(made), options.timeout)) ?? made }
  printOne(terminal, output, body, textOf(made, 'id'), snapshotFields(itemAt(body, 'snapshot')))
}

async function unmanageOne(context: Context, name: string, options: WaitOptions): Promise<void> {
  const { client, terminal } = context
  const snapshot = await findSnapshot(client, name)
  const [id, shownAs] = [textOf(snapshot, 'id'), snapshotName(snapshot)]
  await client.call({ method: 'POST', path: client.cinder(`/snapshots/${id}/action`), body: { 'os-unmanage': null }, isRemoval: true })
  const left = options.wait === true ? await waitForSnapshot(context, id, shownAs, options.timeout) : null
  if (left !== null)
    throw new CliFailure(
      EXIT.failed,
      `snapshot ${shownAs} (${id}) is still managed, in status ${textOf(left, 'status')}`,
      'its bytes could not be given back; the log of its host says why',
      `try again: scoria snapshot unmanage ${id}`,
    )
  terminal.err(
    `snapshot ${shownAs} (${id}) ${options.wait === true ? 'is' : 'is being'} unmanaged; its bytes stay where its volume ${textOf(snapshot, 'volume_id')} lies\n`,
  )
}
