/** `scoria service …`: which hosts and backends answer, and which of them take new volumes. */
import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { printList } from '../output/print.ts'
import { type Item, itemsAt, textOf } from '../rest/body.ts'
import type { CommonOptions } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, withCommon, withExamples } from './context.ts'

interface SetOptions extends CommonOptions {
  readonly enable?: boolean
  readonly disable?: boolean
  readonly disableReason?: string
  readonly freeze?: boolean
  readonly thaw?: boolean
}

const VOLUME = 'cinder-volume'

export function addService(program: Command, terminal: Terminal): void {
  const service = program.command('service').description('hosts and backends as Cinder’s services: list, set')
  const list = service
    .command('list')
    .description('list them')
    .action(async (options: CommonOptions) => listServices(await contextOf(options, terminal)))
  withCommon(list)
  withExamples(list, 'scoria service list', 'scoria service list -o json')

  const set = service
    .command('set')
    .description('say whether a host, or one backend of it, takes new volumes; those that are there go on')
    .argument('<host>', 'HOST for all of its backends, or HOST@BACKEND')
    .option('--enable', 'it takes new volumes')
    .option('--disable', 'it takes none')
    .option('--disable-reason <text>', 'why not; disables it')
    .option('--freeze', 'it takes none, beside being enabled or disabled')
    .option('--thaw', 'not frozen any more')
    .action(async (host: string, options: SetOptions) => setService(host, options, await contextOf(options, terminal)))
  withCommon(set)
  withExamples(set, "scoria service set alpha --disable-reason 'a new disk'", 'scoria service set alpha@lvm --enable')
}

async function setService(host: string, options: SetOptions, context: Context): Promise<void> {
  const isDisabled = options.disable === true || options.disableReason !== undefined
  if (isDisabled && options.enable === true) throw usage('--enable and --disable exclude each other')
  if (options.freeze === true && options.thaw === true) throw usage('--freeze and --thaw exclude each other')
  const calls: (readonly [action: string, body: object])[] = []
  const which = { host, binary: VOLUME }
  if (options.enable === true) calls.push(['enable', which])
  if (options.disableReason !== undefined) calls.push(['disable-log-reason', { ...which, disabled_reason: options.disableReason }])
  else if (isDisabled) calls.push(['disable', which])
  if (options.freeze === true) calls.push(['freeze', { host }])
  if (options.thaw === true) calls.push(['thaw', { host }])
  if (calls.length === 0) throw usage('nothing to set', 'say what: --enable, --disable, --disable-reason, --freeze, --thaw')
  const { client } = context
  for (const [action, body] of calls) await client.call({ method: 'PUT', path: client.cinder(`/os-services/${action}`), body })
  await listServices(context)
}

async function listServices({ client, output, terminal, paint }: Context): Promise<void> {
  const body = await client.call({ method: 'GET', path: client.cinder('/os-services') })
  const columns = [
    { header: 'BINARY', cell: (row: Item) => textOf(row, 'binary') },
    { header: 'HOST', cell: (row: Item) => textOf(row, 'host') },
    { header: 'ZONE', cell: (row: Item) => textOf(row, 'zone') },
    { header: 'STATUS', cell: (row: Item) => (row['frozen'] === true ? `${textOf(row, 'status')}, frozen` : textOf(row, 'status')) },
    { header: 'STATE', cell: (row: Item) => paint(textOf(row, 'state')) },
    { header: 'REASON', cell: (row: Item) => textOf(row, 'disabled_reason') },
    { header: 'UPDATED', cell: (row: Item) => textOf(row, 'updated_at'), wide: true as const },
  ]
  printList(terminal, output, body, itemsAt(body, 'services'), columns, 'no services')
}
