/** `scoria group type …`: group types, with the verbs of `openstack volume group type`. Asked for by name or id, changed by id. */
import type { Command } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { itemAt, itemsAt, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type AnyTypeOptions, changesIn, typeColumns, typeFields, type UnsetOptions, visibilityOf, withTypeOptions } from './any-type.ts'
import { collect, type Context, contextOf, withCommon, withExamples } from './context.ts'

interface ListOptions extends CommonOptions {
  readonly default?: boolean
}

const SAYS = {
  privately: 'only admins see it',
  properties: "what groups of it are promised to be, such as consistent_group_snapshot_enabled='<is> True'; may be repeated",
}
const ID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0007'

export function addGroupType(group: Command, terminal: Terminal): void {
  const type = group.command('type').description('types of groups: create, list, show, set, unset, delete')
  const create = withTypeOptions(
    type.command('create').description('make a group type').argument('<name>', 'no other may have it'),
    SAYS,
  ).action(async (name: string, options: AnyTypeOptions) => createGroupType(name, options, await contextOf(options, terminal)))
  withCommon(create)
  withExamples(
    create,
    "scoria group type create consistent --property consistent_group_snapshot_enabled='<is> True'",
    'scoria group type create own --private',
  )

  const list = type
    .command('list')
    .description('list the group types')
    .option('--default', 'only the one that is called __DEFAULT__')
    .action(async (options: ListOptions) => listGroupTypes(options, await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria group type list', 'scoria group type list --default -o json')

  const show = type
    .command('show')
    .description('show a group type')
    .argument('<type>', 'its name or id')
    .action(async (nameOrId: string, options: CommonOptions) => showGroupType(await contextOf(options, terminal), nameOrId))
  withCommon(show)
  withExamples(show, 'scoria group type show consistent', `scoria group type show ${ID} -o yaml`)

  const set = withTypeOptions(
    type.command('set').description('change a group type; what is not named stays').argument('<type>', 'its name or id'),
    SAYS,
  )
    .option('--name <name>', 'another name')
    .action(async (nameOrId: string, options: AnyTypeOptions) => setGroupType(nameOrId, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(set, 'scoria group type set consistent --name snapped', 'scoria group type set own --public --property tier=gold')

  const unset = type
    .command('unset')
    .description('take properties out of a group type')
    .argument('<type>', 'its name or id')
    .requiredOption('--property <key>', 'which; may be repeated', collect)
    .action(async (nameOrId: string, { property: keys, ...options }: UnsetOptions) => {
      const context = await contextOf(options, terminal)
      const path = await pathById(context, nameOrId)
      for (const key of keys) await context.client.call({ method: 'DELETE', path: `${path}/group_specs/${encodeURIComponent(key)}` })
      await print(context, path)
    })
  withCommon(unset)
  withExamples(unset, 'scoria group type unset own --property tier', 'scoria group type unset own --property a --property b')

  const remove = type
    .command('delete')
    .description('delete group types')
    .argument('<types...>', 'their names or ids')
    .action(async (types: readonly string[], options: CommonOptions) => {
      const context = await contextOf(options, terminal)
      for (const nameOrId of types) await context.client.call({ method: 'DELETE', path: await pathById(context, nameOrId) })
    })
  withCommon(remove)
  withExamples(remove, 'scoria group type delete consistent', 'scoria group type delete consistent own')
}

async function createGroupType(name: string, options: AnyTypeOptions, { client, output, terminal }: Context): Promise<void> {
  const { description, property: specs } = options
  const wanted = given({ name, description, is_public: visibilityOf(options), group_specs: specs })
  const body = await client.call({ method: 'POST', path: client.cinder('/group_types'), body: { group_type: wanted } })
  const made = itemAt(body, 'group_type')
  printOne(terminal, output, body, textOf(made, 'id'), typeFields(made, 'group_specs'))
}

async function listGroupTypes(options: ListOptions, { client, output, terminal }: Context): Promise<void> {
  const isDefault = options.default === true
  const body = await client.call({ method: 'GET', path: client.cinder(`/group_types${isDefault ? '/default' : '?is_public=None'}`) })
  const types = isDefault ? [itemAt(body, 'group_type')] : itemsAt(body, 'group_types')
  printList(terminal, output, body, types, typeColumns('group_specs'), 'no group types')
}

function showGroupType(context: Context, nameOrId: string): Promise<void> {
  return print(context, pathOf(context, nameOrId))
}

async function setGroupType(nameOrId: string, options: AnyTypeOptions, context: Context): Promise<void> {
  const changes = changesIn(options)
  const path = await pathById(context, nameOrId)
  if (changes !== null) await context.client.call({ method: 'PUT', path, body: { group_type: changes } })
  if (options.property !== undefined)
    await context.client.call({ method: 'POST', path: `${path}/group_specs`, body: { group_specs: options.property } })
  await print(context, path)
}

async function print({ client, output, terminal }: Context, path: string): Promise<void> {
  const body = await client.call({ method: 'GET', path })
  const type = itemAt(body, 'group_type')
  printOne(terminal, output, body, textOf(type, 'id'), typeFields(type, 'group_specs'))
}

/** What changes something names the id, so that a repeat cannot meet another type that took the name meanwhile. */
async function pathById(context: Context, nameOrId: string): Promise<string> {
  const body = await context.client.call({ method: 'GET', path: pathOf(context, nameOrId) })
  return pathOf(context, textOf(itemAt(body, 'group_type'), 'id'))
}

function pathOf({ client }: Context, nameOrId: string): string {
  return client.cinder(`/group_types/${encodeURIComponent(nameOrId)}`)
}
