/** `scoria type access …`: the projects that a private volume type is there for. */
import type { Command } from 'commander'
import { printList } from '../output/print.ts'
import { type Item, itemsAt, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { typeId, typePath } from './type-id.ts'

export function addTypeAccess(type: Command, terminal: Terminal): void {
  const access = type.command('access').description('who may use a private volume type: add, remove, list')
  const add = access
    .command('add')
    .description('let projects use a private volume type')
    .argument('<type>', 'its name or id')
    .argument('<projects...>', 'their ids')
    .action(async (nameOrId: string, projects: readonly string[], options: CommonOptions) =>
      changeAccess('addProjectAccess', nameOrId, projects, await contextOf(options, terminal)),
    )
  withCommon(add)
  withExamples(add, 'scoria type access add own web', 'scoria type access add own web shop')

  const remove = access
    .command('remove')
    .description('take it from them; what they made stays')
    .argument('<type>', 'its name or id')
    .argument('<projects...>', 'their ids')
    .action(async (nameOrId: string, projects: readonly string[], options: CommonOptions) =>
      changeAccess('removeProjectAccess', nameOrId, projects, await contextOf(options, terminal)),
    )
  withCommon(remove)
  withExamples(remove, 'scoria type access remove own web', 'scoria type access remove own web shop')

  const list = access
    .command('list')
    .description('list the projects that may use it')
    .argument('<type>', 'its name or id')
    .action(async (nameOrId: string, options: CommonOptions) => listAccess(await contextOf(options, terminal), nameOrId))
  withCommon(list)
  withExamples(list, 'scoria type access list own', 'scoria type access list own -o json')
}

async function changeAccess(action: string, nameOrId: string, projects: readonly string[], context: Context): Promise<void> {
  const id = await typeId(context, nameOrId)
  for (const project of projects)
    await context.client.call({ method: 'POST', path: `${typePath(context, id)}/action`, body: { [action]: { project } } })
  await listAccess(context, id)
}

async function listAccess(context: Context, nameOrId: string): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: `${typePath(context, nameOrId)}/os-volume-type-access` })
  const columns = [
    { header: 'PROJECT', cell: (item: Item) => textOf(item, 'project_id') },
    { header: 'TYPE', cell: (item: Item) => textOf(item, 'volume_type_id'), wide: true as const },
  ]
  printList(terminal, output, body, itemsAt(body, 'volume_type_access'), columns, 'no project but the admins’')
}
