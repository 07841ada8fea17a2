/** `scoria qos associate …`: which volume types have which QoS specs. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { printList } from '../output/print.ts'
import { type Item, itemsAt, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'
import { qosPath } from './qos-id.ts'
import { typeId } from './type-id.ts'

interface DisassociateOptions extends CommonOptions {
  readonly all?: boolean
}

export function addQosAssociations(qos: Command, terminal: Terminal): void {
  const associate = qos
    .command('associate')
    .description('give QoS specs to a volume type; what is attached then is told of them')
    .argument('<qos>', 'their name or id')
    .argument('<type>', 'its name or id')
    .action(async (nameOrId: string, type: string, options: CommonOptions) =>
      change(await contextOf(options, terminal), nameOrId, 'associate', type),
    )
  withCommon(associate)
  withExamples(associate, 'scoria qos associate slow cheap', 'scoria qos associate 6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0006 cheap')

  const disassociate = qos
    .command('disassociate')
    .description('take QoS specs from a volume type, or from all')
    .argument('<qos>', 'their name or id')
    .argument('[type]', 'its name or id')
    .option('--all', 'from all types')
    .action(async (nameOrId: string, type: string | undefined, options: DisassociateOptions) => {
      if ((type === undefined) !== (options.all === true)) throw usage('from which type?', 'name one, or all of them: --all')
      await change(await contextOf(options, terminal), nameOrId, type === undefined ? 'disassociate_all' : 'disassociate', type)
    })
  withCommon(disassociate)
  withExamples(disassociate, 'scoria qos disassociate slow cheap', 'scoria qos disassociate slow --all')

  const associations = qos
    .command('associations')
    .description('list the volume types that have QoS specs')
    .argument('<qos>', 'their name or id')
    .action(async (nameOrId: string, options: CommonOptions) => listAssociations(await contextOf(options, terminal), nameOrId))
  withCommon(associations)
  withExamples(associations, 'scoria qos associations slow', 'scoria qos associations slow -o json')
}

async function change(context: Context, nameOrId: string, verb: string, type: string | undefined): Promise<void> {
  const query = type === undefined ? '' : `?vol_type_id=${encodeURIComponent(await typeId(context, type))}`
  await context.client.call({ method: 'GET', path: `${await qosPath(context, nameOrId)}/${verb}${query}` })
  await listAssociations(context, nameOrId)
}

async function listAssociations(context: Context, nameOrId: string): Promise<void> {
  const { client, output, terminal } = context
  const body = await client.call({ method: 'GET', path: `${await qosPath(context, nameOrId)}/associations` })
  const columns = [
    { header: 'TYPE', cell: (item: Item) => textOf(item, 'name') },
    { header: 'ID', cell: (item: Item) => textOf(item, 'id'), wide: true as const },
  ]
  printList(terminal, output, body, itemsAt(body, 'qos_associations'), columns, 'no volume type has them')
}
