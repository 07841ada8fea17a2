/** `scoria group type …`: group types, with the verbs of `openstack volume group type`. Asked for by name or id, changed by id. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, partOf, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { collect, type Context, contextOf, property, withCommon, withExamples } from './context.ts'

interface GroupTypeOptions extends CommonOptions {
  readonly name?: string
  readonly description?: string
  readonly public?: boolean
  readonly private?: boolean
  readonly property?: Readonly<Record<string, string>>
}

interface UnsetOptions extends CommonOptions {
  readonly property: readonly string[]
}

interface ListOptions extends CommonOptions {
  readonly default?: boolean
}

const PROPERTY = "what groups of it are promised to be, such as consistent_group_snapshot_enabled='<is> True'; may be repeated"
const ID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0007'

export function addGroupType(group: Command, terminal: Terminal): void {
  const type = group.command('type').description('types of groups: create, list, show, set, unset, delete')
  const create = withVisibility(type.command('create').description('make a group type').argument('<name>', 'no other may have it'))
    .option('--description <text>', 'what it is for')
    .option('--property <key=value>', PROPERTY, property)
    .action(async (name: string, options: GroupTypeOptions) => createGroupType(name, options, await contextOf(options, terminal)))
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

  const set = withVisibility(
    type.command('set').description('change a group type; what is not named stays').argument('<type>', 'its name or id'),
  )
    .option('--name <name>', 'another name')
    .option('--description <text>', 'what it is for')
    .option('--property <key=value>', PROPERTY, property)
    .action(async (nameOrId: string, options: GroupTypeOptions) => setGroupType(nameOrId, options, await contextOf(options, terminal)))
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

function withVisibility(command: Command): Command {
  return command.option('--public', 'everybody sees it').option('--private', 'only admins see it')
}

async function createGroupType(name: string, options: GroupTypeOptions, { client, output, terminal }: Context): Promise<void> {
  const { description, property: specs } = options
  const wanted = given({ name, description, is_public: visibilityOf(options), group_specs: specs })
  const body = await client.call({ method: 'POST', path: client.cinder('/group_types'), body: { group_type: wanted } })
  const made = itemAt(body, 'group_type')
  printOne(terminal, output, body, textOf(made, 'id'), fieldsOf(made))
}

async function listGroupTypes(options: ListOptions, { client, output, terminal }: Context): Promise<void> {
  const isDefault = options.default === true
  const body = await client.call({ method: 'GET', path: client.cinder(`/group_types${isDefault ? '/default' : '?is_public=None'}`) })
  const columns = [
    { header: 'NAME', cell: (type: Item) => textOf(type, 'name') },
    { header: 'PUBLIC', cell: (type: Item) => textOf(type, 'is_public') },
    { header: 'PROPERTIES', cell: propertiesOf },
    { header: 'ID', cell: (type: Item) => textOf(type, 'id'), wide: true as const },
  ]
  const types = isDefault ? [itemAt(body, 'group_type')] : itemsAt(body, 'group_types')
  printList(terminal, output, body, types, columns, 'no group types')
}

function showGroupType(context: Context, nameOrId: string): Promise<void> {
  return print(context, pathOf(context, nameOrId))
}

async function setGroupType(nameOrId: string, options: GroupTypeOptions, context: Context): Promise<void> {
  const changes = given({ name: options.name, description: options.description, is_public: visibilityOf(options) })
  const isUpdate = Object.keys(changes).length > 0
  if (!isUpdate && options.property === undefined)
    throw usage('nothing to set', 'say what: --name, --description, --public, --private, --property')
  const path = await pathById(context, nameOrId)
  if (isUpdate) await context.client.call({ method: 'PUT', path, body: { group_type: changes } })
  if (options.property !== undefined)
    await context.client.call({ method: 'POST', path: `${path}/group_specs`, body: { group_specs: options.property } })
  await print(context, path)
}

async function print({ client, output, terminal }: Context, path: string): Promise<void> {
  const body = await client.call({ method: 'GET', path })
  const type = itemAt(body, 'group_type')
  printOne(terminal, output, body, textOf(type, 'id'), fieldsOf(type))
}

/** What changes something names the id, so that a repeat cannot meet another type that took the name meanwhile. */
async function pathById(context: Context, nameOrId: string): Promise<string> {
  const body = await context.client.call({ method: 'GET', path: pathOf(context, nameOrId) })
  return pathOf(context, textOf(itemAt(body, 'group_type'), 'id'))
}

function pathOf({ client }: Context, nameOrId: string): string {
  return client.cinder(`/group_types/${encodeURIComponent(nameOrId)}`)
}

function fieldsOf(type: Item): readonly (readonly [string, string])[] {
  return [
    ['id', textOf(type, 'id')],
    ['name', textOf(type, 'name')],
    ['description', textOf(type, 'description')],
    ['public', textOf(type, 'is_public')],
    ['properties', propertiesOf(type)],
  ]
}

function propertiesOf(type: Item): string {
  const specs = partOf(type, 'group_specs')
  return Object.keys(specs)
    .map((key) => `${key}=${textOf(specs, key)}`)
    .join(', ')
}

/** Undefined: not said. */
function visibilityOf(options: GroupTypeOptions): boolean | undefined {
  if (options.public === true && options.private === true) throw usage('a group type is public or private, not both')
  return options.public === true ? true : options.private === true ? false : undefined
}
