/** `scoria group list` and `show`. */
import type { Command } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { itemAt, textOf } from '../rest/body.ts'
import { findGroup } from '../rest/find.ts'
import { listAll } from '../rest/pages.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { groupColumns, groupFields, groupPath } from './group-rows.ts'

interface ListOptions extends CommonOptions {
  readonly allProjects?: boolean
}

export function addGroupList(parent: Command, terminal: Terminal): void {
  const list = parent
    .command('list')
    .description('list groups, newest first')
    .option('--all-projects', 'of every project')
    .action(async (options: ListOptions) => listGroups(await contextOf(options, terminal), options))
  withCommon(list)
  withExamples(list, 'scoria group list', 'scoria group list --all-projects -o wide')
}

export function addGroupShow(parent: Command, terminal: Terminal): void {
  const show = parent
    .command('show')
    .description('show a group, and the ids of its volumes')
    .argument('<group>', 'name or id')
    .action(async (name: string, options: CommonOptions) => showGroup(await contextOf(options, terminal), name))
  withCommon(show)
  withExamples(show, 'scoria group show shop', 'scoria group show shop -o json')
}

async function listGroups({ client, terminal, output, paint }: Context, { allProjects }: ListOptions): Promise<void> {
  const filters = new URLSearchParams({ list_volume: 'true', ...(allProjects === true ? { all_tenants: '1' } : {}) })
  const groups = await listAll(client, 'groups', filters)
  const none = 'no groups; make one: scoria group create --group-type TYPE --volume-type TYPE'
  printList(terminal, output, { groups }, groups, groupColumns(terminal.nowMs(), paint), none)
}

async function showGroup(context: Context, name: string): Promise<void> {
  const { client, terminal, output } = context
  const id = textOf(await findGroup(client, name), 'id')
  const body = await client.call({ method: 'GET', path: groupPath(context, id) })
  printOne(terminal, output, body, id, groupFields(itemAt(body, 'group')))
}
