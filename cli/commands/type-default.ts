/** `scoria type default …`: the volume types that projects get if they name none. */
import type { Command } from 'commander'
import { printList } from '../output/print.ts'
import { type Item, itemAt, itemsAt, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { typeId } from './type-id.ts'

export function addTypeDefault(type: Command, terminal: Terminal): void {
  const defaults = type.command('default').description("projects' default volume types: list, show, set, unset")
  const list = defaults
    .command('list')
    .description('list the projects that have one of their own')
    .action(async (options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      const body = await context.client.call({ method: 'GET', path: context.client.cinder('/default-types') })
      print(context, body, itemsAt(body, 'default_types'))
    })
  withCommon(list)
  withExamples(list, 'scoria type default list', 'scoria type default list -o json')

  const show = defaults
    .command('show')
    .description("show a project's")
    .argument('<project>', 'its id')
    .action(async (project: string, options: CommonOptions) => showDefault(await contextOf(options, terminal), project))
  withCommon(show)
  withExamples(show, 'scoria type default show web', 'scoria type default show web -o json')

  const set = defaults
    .command('set')
    .description('give a project a default type in place of the cluster’s')
    .argument('<project>', 'its id')
    .argument('<type>', 'its name or id')
    .action(async (project: string, nameOrId: string, options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      const body = { default_type: { volume_type: await typeId(context, nameOrId) } }
      await context.client.call({ method: 'PUT', path: defaultPath(context, project), body })
      await showDefault(context, project)
    })
  withCommon(set)
  withExamples(set, 'scoria type default set web fast', 'scoria type default set web 6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0005')

  const unset = defaults
    .command('unset')
    .description('let projects have the cluster’s again')
    .argument('<projects...>', 'their ids')
    .action(async (projects: readonly string[], options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      for (const project of projects) await context.client.call({ method: 'DELETE', path: defaultPath(context, project) })
    })
  withCommon(unset)
  withExamples(unset, 'scoria type default unset web', 'scoria type default unset web shop')
}

async function showDefault(context: Context, project: string): Promise<void> {
  const body = await context.client.call({ method: 'GET', path: defaultPath(context, project) })
  print(context, body, [itemAt(body, 'default_type')])
}

function print({ terminal, output }: Context, body: unknown, items: readonly Item[]): void {
  const columns = [
    { header: 'PROJECT', cell: (item: Item) => textOf(item, 'project_id') },
    { header: 'TYPE', cell: (item: Item) => textOf(item, 'volume_type_id') },
  ]
  printList(terminal, output, body, items, columns, 'every project has the cluster’s default type')
}

function defaultPath({ client }: Context, project: string): string {
  return client.cinder(`/default-types/${encodeURIComponent(project)}`)
}
