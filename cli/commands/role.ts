/** `scoria role …`: who may do what in which project, with the verbs of `openstack role`. */
import { type Command, Option } from 'commander'
import { ROLES } from '../../lib/model/identity.ts'
import { printList } from '../output/print.ts'
import { type Item, itemsAt, partOf, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { IDENTITY, identityId } from './identity-id.ts'

interface RoleOptions extends CommonOptions {
  readonly of: string
  readonly in: string
}

interface ListOptions extends CommonOptions {
  readonly of?: string
  readonly in?: string
}

export function addRole(program: Command, terminal: Terminal): void {
  const role = program
    .command('role')
    .description('who may do what in which project (auth builtin): add, remove, list. reader looks, member changes, admin does everything')
  const add = naming(role.command('add').description('give a user a role in a project'))
    .argument('<role>', ROLES.join(', '))
    .action(async (name: string, options: RoleOptions) => change('PUT', name, options, await contextOf(options, terminal)))
  withCommon(add)
  withExamples(add, 'scoria role add member --of ada --in demo', 'scoria role add admin --of ada --in admin')

  const remove = naming(role.command('remove').description('take it from him'))
    .argument('<role>', ROLES.join(', '))
    .action(async (name: string, options: RoleOptions) => change('DELETE', name, options, await contextOf(options, terminal)))
  withCommon(remove)
  withExamples(remove, 'scoria role remove member --of ada --in demo', 'scoria role remove admin --of ada --in admin')

  const list = role
    .command('list')
    .description('list who has which')
    .option('--of <user>', 'of this user alone: name or id')
    .option('--in <project>', 'in this project alone: name or id')
    .action(async (options: ListOptions) => listRoles(options, await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria role list', 'scoria role list --in demo')
}

function naming(command: Command): Command {
  return command
    .addOption(new Option('--of <user>', 'name or id').makeOptionMandatory())
    .addOption(new Option('--in <project>', 'name or id').makeOptionMandatory())
}

async function change(method: 'PUT' | 'DELETE', role: string, options: RoleOptions, context: Context): Promise<void> {
  const user = await identityId(context, 'user', options.of)
  const project = await identityId(context, 'project', options.in)
  await context.client.call({ method, path: `${IDENTITY}/projects/${project}/users/${user}/roles/${encodeURIComponent(role)}` })
}

async function listRoles(options: ListOptions, context: Context): Promise<void> {
  const { client, output, terminal } = context
  const query = new URLSearchParams({ include_names: 'true' })
  if (options.of !== undefined) query.set('user.id', await identityId(context, 'user', options.of))
  if (options.in !== undefined) query.set('scope.project.id', await identityId(context, 'project', options.in))
  const body = await client.call({ method: 'GET', path: `${IDENTITY}/role_assignments?${query}` })
  const columns = [
    { header: 'USER', cell: (one: Item) => textOf(partOf(one, 'user'), 'name') },
    { header: 'ROLE', cell: (one: Item) => textOf(partOf(one, 'role'), 'name') },
    { header: 'PROJECT', cell: (one: Item) => textOf(partOf(partOf(one, 'scope'), 'project'), 'name') },
  ]
  printList(terminal, output, body, itemsAt(body, 'role_assignments'), columns, 'nobody has a role')
}
