/** `scoria project …`: the cluster's own projects, with the verbs of `openstack project`. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { IDENTITY, identityId, identityItem } from './identity-id.ts'

interface ProjectOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly enable?: boolean
  readonly disable?: boolean
}

export function addProject(program: Command, terminal: Terminal): void {
  const project = program
    .command('project')
    .description('what volumes belong to, where agents keep users themselves (auth builtin): create, list, show, set, delete')
  const create = project
    .command('create')
    .description('make a project')
    .argument('<name>', 'no other project may have it')
    .option('--description <text>', 'what for')
    .action(async (name: string, options: ProjectOptions) => {
      const context = await contextOf(options, terminal)
      const wanted = { name, ...given({ description: options.description }) }
      const body = await context.client.call({ method: 'POST', path: `${IDENTITY}/projects`, body: { project: wanted } })
      printProject(context, itemAt(body, 'project'))
    })
  withCommon(create)
  withExamples(create, 'scoria project create demo', "scoria project create demo --description 'to try things'")

  const list = project
    .command('list')
    .description('list the projects')
    .action(async (options: CommonOptions) => listProjects(await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria project list', 'scoria project list -o json')

  const show = project
    .command('show')
    .description('show a project')
    .argument('<project>', 'name or id')
    .action(async (nameOrId: string, options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      printProject(context, await identityItem(context, 'project', nameOrId))
    })
  withCommon(show)
  withExamples(show, 'scoria project show demo', 'scoria project show demo -o yaml')

  const set = project
    .command('set')
    .description('change a project; what is not named stays')
    .argument('<project>', 'name or id')
    .option('--name <name>', 'another name')
    .option('--description <text>', 'what for')
    .option('--enable', 'its users may log in for it')
    .option('--disable', 'nobody may; its volumes go on')
    .action(async (nameOrId: string, options: ProjectOptions) => setProject(nameOrId, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(set, 'scoria project set demo --name trial', 'scoria project set demo --disable')

  const remove = project
    .command('delete')
    .description('delete projects; nobody can log in for them, and their volumes stay for an admin to see to')
    .argument('<projects...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      for (const name of names)
        await context.client.call({ method: 'DELETE', path: `${IDENTITY}/projects/${await identityId(context, 'project', name)}` })
    })
  withCommon(remove)
  withExamples(remove, 'scoria project delete demo', 'scoria project delete demo trial')
}

async function setProject(nameOrId: string, options: ProjectOptions, context: Context): Promise<void> {
  if (options.enable === true && options.disable === true) throw usage('--enable and --disable exclude each other')
  const enabled = options.enable === true ? true : options.disable === true ? false : undefined
  const wanted = given({ name: options.name, description: options.description, enabled })
  if (Object.keys(wanted).length === 0) throw usage('nothing to set', 'say what: --name, --description, --enable, --disable')
  const id = await identityId(context, 'project', nameOrId)
  const body = await context.client.call({ method: 'PATCH', path: `${IDENTITY}/projects/${id}`, body: { project: wanted } })
  printProject(context, itemAt(body, 'project'))
}

async function listProjects({ client, output, terminal }: Context): Promise<void> {
  const body = await client.call({ method: 'GET', path: `${IDENTITY}/projects` })
  const columns = [
    { header: 'NAME', cell: (project: Item) => textOf(project, 'name') },
    { header: 'ENABLED', cell: (project: Item) => textOf(project, 'enabled') },
    { header: 'DESCRIPTION', cell: (project: Item) => textOf(project, 'description') },
    { header: 'ID', cell: (project: Item) => textOf(project, 'id'), wide: true as const },
  ]
  printList(terminal, output, body, itemsAt(body, 'projects'), columns, 'no projects')
}

function printProject({ terminal, output }: Context, project: Item): void {
  printOne(terminal, output, { project }, textOf(project, 'id'), [
    ['id', textOf(project, 'id')],
    ['name', textOf(project, 'name')],
    ['enabled', textOf(project, 'enabled')],
    ['description', textOf(project, 'description')],
  ])
}
