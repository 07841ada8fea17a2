/** `scoria qos …`: QoS specs, with the verbs of `openstack volume qos`. Asked for by name or id, changed by id. */
import { type Command, Option } from 'commander'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure, usage } from '../failure.ts'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, itemsAt, partOf, textOf } from '../rest/body.ts'
import { given } from '../rest/given.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { collect, type Context, contextOf, property, withCommon, withExamples } from './context.ts'
import { addQosAssociations } from './qos-associations.ts'
import { qosPath } from './qos-id.ts'

interface QosOptions extends CommonOptions {
  readonly consumer?: string
  readonly property?: Readonly<Record<string, string>>
}

interface UnsetOptions extends CommonOptions {
  readonly property: readonly string[]
}

interface DeleteOptions extends CommonOptions {
  readonly force?: boolean
}

const PROPERTY = 'a limit, such as total_iops_sec=500 or total_iops_sec_per_gb=30; may be repeated'
const CONSUMERS = ['front-end', 'back-end', 'both']

export function addQos(program: Command, terminal: Terminal): void {
  const qos = program
    .command('qos')
    .description('QoS specs of volume types: create, list, show, set, unset, delete, associate, disassociate, associations')
  const create = qos
    .command('create')
    .description('make QoS specs')
    .argument('<name>', 'no others may have it')
    .addOption(consumerOption().default('front-end'))
    .option('--property <key=value>', PROPERTY, property)
    .action(async (name: string, options: QosOptions) => createQos(name, options, await contextOf(options, terminal)))
  withCommon(create)
  withExamples(
    create,
    'scoria qos create slow --property total_iops_sec=500',
    'scoria qos create growing --property total_iops_sec_per_gb=30',
  )

  const list = qos
    .command('list')
    .description('list the QoS specs')
    .action(async (options: CommonOptions) => listQos(await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria qos list', 'scoria qos list -o json')

  const show = qos
    .command('show')
    .description('show QoS specs')
    .argument('<qos>', 'their name or id')
    .action(async (nameOrId: string, options: CommonOptions) => showQos(await contextOf(options, terminal), nameOrId))
  withCommon(show)
  withExamples(show, 'scoria qos show slow', 'scoria qos show slow -o yaml')

  const set = qos
    .command('set')
    .description('change QoS specs; what is not named stays')
    .argument('<qos>', 'their name or id')
    .addOption(consumerOption())
    .option('--property <key=value>', PROPERTY, property)
    .action(async (nameOrId: string, options: QosOptions) => setQos(nameOrId, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(set, 'scoria qos set slow --property total_iops_sec=1000', 'scoria qos set slow --consumer both')

  const unset = qos
    .command('unset')
    .description('take limits out of QoS specs')
    .argument('<qos>', 'their name or id')
    .requiredOption('--property <key>', 'which; may be repeated', collect)
    .action(async (nameOrId: string, options: UnsetOptions) => {
      const context = await contextOf(options, terminal)
      const path = await qosPath(context, nameOrId)
      await context.client.call({ method: 'PUT', path: `${path}/delete_keys`, body: { keys: options.property } })
      await showQos(context, nameOrId)
    })
  withCommon(unset)
  withExamples(unset, 'scoria qos unset slow --property total_iops_sec', 'scoria qos unset slow --property a --property b')

  const remove = qos
    .command('delete')
    .description('delete QoS specs that no volume type has')
    .argument('<qos...>', 'their names or ids')
    .option('--force', 'also such that types have; these have none then')
    .action(async (names: readonly string[], options: DeleteOptions) => {
      const context = await contextOf(options, terminal)
      const query = options.force === true ? '?force=true' : ''
      for (const nameOrId of names) await context.client.call({ method: 'DELETE', path: `${await qosPath(context, nameOrId)}${query}` })
    })
  withCommon(remove)
  withExamples(remove, 'scoria qos delete slow', 'scoria qos delete slow --force')
  addQosAssociations(qos, terminal)
}

function consumerOption(): Option {
  return new Option('--consumer <who>', 'who is to keep to them; no pool does, so that back-end is only a note').choices(CONSUMERS)
}

async function createQos(name: string, options: QosOptions, context: Context): Promise<void> {
  const { client, output, terminal } = context
  const wanted = { ...specsOf(options), ...given({ name, consumer: options.consumer }) }
  const body = await client.call({ method: 'POST', path: client.cinder('/qos-specs'), body: { qos_specs: wanted } })
  const made = itemAt(body, 'qos_specs')
  printOne(terminal, output, body, textOf(made, 'id'), fieldsOf(made))
}

async function listQos({ client, output, terminal }: Context): Promise<void> {
  const body = await client.call({ method: 'GET', path: client.cinder('/qos-specs') })
  const columns = [
    { header: 'NAME', cell: (qos: Item) => textOf(qos, 'name') },
    { header: 'CONSUMER', cell: (qos: Item) => textOf(qos, 'consumer') },
    { header: 'PROPERTIES', cell: propertiesOf },
    { header: 'ID', cell: (qos: Item) => textOf(qos, 'id'), wide: true as const },
  ]
  printList(terminal, output, body, itemsAt(body, 'qos_specs'), columns, 'no QoS specs')
}

async function showQos(context: Context, nameOrId: string): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: await qosPath(context, nameOrId) })
  const qos = itemAt(body, 'qos_specs')
  printOne(terminal, output, body, textOf(qos, 'id'), fieldsOf(qos))
}

async function setQos(nameOrId: string, options: QosOptions, context: Context): Promise<void> {
  const wanted = { ...specsOf(options), ...given({ consumer: options.consumer }) }
  if (Object.keys(wanted).length === 0) throw usage('nothing to set', 'say what: --consumer, --property')
  await context.client.call({ method: 'PUT', path: await qosPath(context, nameOrId), body: { qos_specs: wanted } })
  await showQos(context, nameOrId)
}

/** In the body the specs stand beside what they are called by. */
function specsOf({ property: specs = {} }: QosOptions): Readonly<Record<string, string>> {
  for (const word of ['name', 'consumer'])
    if (specs[word] !== undefined) throw new CliFailure(EXIT.usage, `${word} is no limit`, 'use --consumer; the name stays')
  return specs
}

function fieldsOf(qos: Item): readonly (readonly [string, string])[] {
  return [
    ['id', textOf(qos, 'id')],
    ['name', textOf(qos, 'name')],
    ['consumer', textOf(qos, 'consumer')],
    ['properties', propertiesOf(qos)],
  ]
}

function propertiesOf(qos: Item): string {
  const specs = partOf(qos, 'specs')
  return Object.keys(specs)
    .map((key) => `${key}=${textOf(specs, key)}`)
    .join(', ')
}
