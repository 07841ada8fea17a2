/** `scoria volume list` and `show`. */
import type { Command } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemsAt, textOf } from '../rest/body.ts'
import { findVolume } from '../rest/find.ts'
import { listAll } from '../rest/pages.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { volumeColumns, volumeFields } from './volume-rows.ts'

interface ListOptions extends CommonOptions {
  readonly allProjects?: boolean
  readonly status?: string
  readonly name?: string
}

export function addVolumeList(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('list')
    .description('list volumes, newest first')
    .option('--all-projects', 'of every project')
    .option('--status <status>', 'only in this status')
    .option('--name <name>', 'only with this name')
    .action(async (options: ListOptions) => {
      const context = await contextOf(options, terminal)
      const volumes = await listVolumes(context, options)
      const columns = volumeColumns(terminal.nowMs(), context.paint)
      printList(terminal, context.output, { volumes }, volumes, columns, 'no volumes; make one: scoria volume create NAME --size 1GiB')
    })
  withCommon(command)
  withExamples(command, 'scoria volume list', 'scoria volume list --all-projects --status error -o json')
}

export function addVolumeShow(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('show')
    .description('show one volume, and why it is in error if it is')
    .argument('<volume>', 'name or id')
    .action(async (name: string, options: CommonOptions) => show(name, options, terminal))
  withCommon(command)
  withExamples(command, 'scoria volume show db', 'scoria volume show db -o value --columns status')
}

async function show(name: string, options: CommonOptions, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(options, terminal)
  const volume = await findVolume(client, name)
  const id = textOf(volume, 'id')
  const isInError = textOf(volume, 'status').startsWith('error')
  const messages = isInError
    ? itemsAt(await client.call({ method: 'GET', path: client.cinder(`/messages?resource_uuid=${id}`) }), 'messages')
    : []
  const why = messages.map((message): readonly [string, string] => ['message', textOf(message, 'user_message')])
  printOne(terminal, output, { volume }, id, [...volumeFields(volume), ...why])
}

function listVolumes({ client }: Context, options: ListOptions): Promise<readonly Item[]> {
  const query = new URLSearchParams()
  if (options.allProjects === true) query.set('all_tenants', '1')
  if (options.status !== undefined) query.set('status', options.status)
  if (options.name !== undefined) query.set('name', options.name)
  return listAll(client, 'volumes', query)
}
