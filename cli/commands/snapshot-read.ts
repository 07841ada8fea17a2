/** `scoria snapshot list` and `show`. */
import type { Command } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { type Item, textOf } from '../rest/body.ts'
import { findSnapshot, findVolume } from '../rest/find.ts'
import { listAll } from '../rest/pages.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { snapshotColumns, snapshotFields } from './snapshot-rows.ts'

interface ListOptions extends CommonOptions {
  readonly allProjects?: boolean
  readonly status?: string
  readonly name?: string
  readonly volume?: string
}

export function addSnapshotList(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('list')
    .description('list snapshots, newest first')
    .option('--all-projects', 'of every project')
    .option('--status <status>', 'only in this status')
    .option('--name <name>', 'only with this name')
    .option('--volume <volume>', 'only of this volume, by name or id')
    .action(async (options: ListOptions) => {
      const context = await contextOf(options, terminal)
      const snapshots = await listSnapshots(context, options)
      const columns = snapshotColumns(terminal.nowMs(), context.paint)
      const none = 'no snapshots; make one: scoria snapshot create NAME --volume VOLUME'
      printList(terminal, context.output, { snapshots }, snapshots, columns, none)
    })
  withCommon(command)
  withExamples(command, 'scoria snapshot list', 'scoria snapshot list --volume db -o json')
}

export function addSnapshotShow(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('show')
    .description('show one snapshot')
    .argument('<snapshot>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const snapshot = await findSnapshot(client, name)
      printOne(terminal, output, { snapshot }, textOf(snapshot, 'id'), snapshotFields(snapshot))
    })
  withCommon(command)
  withExamples(command, 'scoria snapshot show before', 'scoria snapshot show before -o value --columns status')
}

async function listSnapshots({ client }: Context, options: ListOptions): Promise<readonly Item[]> {
  const query = new URLSearchParams()
  if (options.allProjects === true) query.set('all_tenants', '1')
  if (options.status !== undefined) query.set('status', options.status)
  if (options.name !== undefined) query.set('name', options.name)
  if (options.volume !== undefined) query.set('volume_id', textOf(await findVolume(client, options.volume), 'id'))
  return listAll(client, 'snapshots', query)
}
