/** `scoria type …`: volume types, with the verbs and nouns of `openstack volume type`. */
import type { Command } from 'commander'
import { printList, printOne } from '../output/print.ts'
import { itemAt, itemsAt, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type AnyTypeOptions, changesIn, typeColumns, typeFields, type UnsetOptions, visibilityOf, withTypeOptions } from './any-type.ts'
import { collect, type Context, contextOf, withCommon, withExamples } from './context.ts'
import { addTypeAccess } from './type-access.ts'
import { addTypeDefault } from './type-default.ts'
import { addTypeEncryption } from './type-encryption.ts'
import { typeId, typePath } from './type-id.ts'

const SAYS = {
  privately: 'only admins see it, and projects that are let in: scoria type access',
  properties: 'a demand on the pools, such as volume_backend_name=ssd; may be repeated',
}

export function addType(program: Command, terminal: Terminal): void {
  const type = program.command('type').description('volume types: create, list, show, set, unset, delete, access, default, encryption')
  const create = withTypeOptions(
    type.command('create').description('make a volume type').argument('<name>', 'nobody else may have it'),
    SAYS,
  ).action(async (name: string, options: AnyTypeOptions) => createType(name, options, await contextOf(options, terminal)))
  withCommon(create)
  withExamples(create, 'scoria type create fast --property volume_backend_name=ssd', 'scoria type create own --private')

  const list = type
    .command('list')
    .description('list the volume types')
    .action(async (options: CommonOptions) => listTypes(await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria type list', 'scoria type list -o json')

  const show = type
    .command('show')
    .description('show a volume type')
    .argument('<type>', 'its name or id')
    .action(async (nameOrId: string, options: CommonOptions) => showType(await contextOf(options, terminal), nameOrId))
  withCommon(show)
  withExamples(show, 'scoria type show fast', 'scoria type show __DEFAULT__ -o yaml')

  const set = withTypeOptions(
    type.command('set').description('change a volume type; what is not named stays').argument('<type>', 'its name or id'),
    SAYS,
  )
    .option('--name <name>', 'another name')
    .action(async (nameOrId: string, options: AnyTypeOptions) => setType(nameOrId, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(set, 'scoria type set fast --property volume_backend_name=nvme', 'scoria type set fast --name faster')

  const unset = type
    .command('unset')
    .description('take demands out of a volume type')
    .argument('<type>', 'its name or id')
    .requiredOption('--property <key>', 'which; may be repeated', collect)
    .action(async (nameOrId: string, options: UnsetOptions) => unsetType(nameOrId, options.property, await contextOf(options, terminal)))
  withCommon(unset)
  withExamples(unset, 'scoria type unset fast --property volume_backend_name', 'scoria type unset fast --property a --property b')

  const remove = type
    .command('delete')
    .description('delete volume types that no volume has')
    .argument('<types...>', 'their names or ids')
    .action(async (types: readonly string[], options: CommonOptions) => deleteTypes(types, await contextOf(options, terminal)))
  withCommon(remove)
  withExamples(remove, 'scoria type delete fast', 'scoria type delete fast slow')
  addTypeAccess(type, terminal)
  addTypeDefault(type, terminal)
  addTypeEncryption(type, terminal)
}

async function createType(name: string, options: AnyTypeOptions, { client, output, terminal }: Context): Promise<void> {
  const { description, property: demands } = options
  const wanted = given({ name, description, 'os-volume-type-access:is_public': visibilityOf(options), extra_specs: demands })
  const body = await client.call({ method: 'POST', path: client.cinder('/types'), body: { volume_type: wanted } })
  const made = itemAt(body, 'volume_type')
  printOne(terminal, output, body, textOf(made, 'id'), typeFields(made, 'extra_specs'))
}

async function listTypes({ client, output, terminal }: Context): Promise<void> {
  const body = await client.call({ method: 'GET', path: client.cinder('/types?is_public=None') })
  printList(terminal, output, body, itemsAt(body, 'volume_types'), typeColumns('extra_specs'), 'no volume types')
}

async function showType(context: Context, nameOrId: string): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: typePath(context, nameOrId) })
  const type = itemAt(body, 'volume_type')
  printOne(terminal, output, body, textOf(type, 'id'), typeFields(type, 'extra_specs'))
}

async function setType(nameOrId: string, options: AnyTypeOptions, context: Context): Promise<void> {
  const { client } = context
  const changes = changesIn(options)
  const id = await typeId(context, nameOrId)
  if (changes !== null) await client.call({ method: 'PUT', path: typePath(context, id), body: { volume_type: changes } })
  if (options.property !== undefined)
    await client.call({ method: 'POST', path: `${typePath(context, id)}/extra_specs`, body: { extra_specs: options.property } })
  await showType(context, id)
}

async function unsetType(nameOrId: string, keys: readonly string[], context: Context): Promise<void> {
  const id = await typeId(context, nameOrId)
  for (const key of keys)
    await context.client.call({ method: 'DELETE', path: `${typePath(context, id)}/extra_specs/${encodeURIComponent(key)}` })
  await showType(context, id)
}

async function deleteTypes(types: readonly string[], context: Context): Promise<void> {
  // By id, so that a repeat cannot meet another type that took the name meanwhile.
  for (const nameOrId of types) await context.client.call({ method: 'DELETE', path: typePath(context, await typeId(context, nameOrId)) })
}
