/** `scoria volume transfer request …`: volumes that go from one project to another, with the verbs and flags of `openstack`. */
import type { Command } from 'commander'
import type { CommonOptions } from '../settings.ts'
import { usage } from '../failure.ts'
import type { ListColumn } from '../output/print.ts'
import { printList, printOne } from '../output/print.ts'
import { type Item, itemAt, textOf } from '../rest/body.ts'
import { findTransfer, findVolume, UUID } from '../rest/find.ts'
import { given } from '../rest/given.ts'
import { listAll } from '../rest/pages.ts'
import type { Terminal } from '../terminal.ts'
import { type Context, contextOf, newKey, withCommon, withExamples } from './context.ts'
import { forEachNamed } from './for-each-named.ts'
import { ageText } from './volume-rows.ts'

interface CreateOptions extends CommonOptions {
  readonly name?: string
  readonly snapshots?: boolean
  readonly idempotencyKey?: string
}

interface AcceptOptions extends CommonOptions {
  readonly authKey: string
}

interface ListOptions extends CommonOptions {
  readonly allProjects?: boolean
}

export function addVolumeTransfer(volume: Command, terminal: Terminal): void {
  const transfer = volume.command('transfer').description('give a volume to another project: request')
  const request = transfer.command('request').description('offers of volumes: create, list, show, accept, delete')
  addCreate(request, terminal)
  addReads(request, terminal)
  addEnds(request, terminal)
}

function addCreate(request: Command, terminal: Terminal): void {
  const create = request
    .command('create')
    .description('offer a volume, with its snapshots, to whoever knows the key that is printed')
    .argument('<volume>', 'name or id')
    .option('--name <name>', 'name of the offer; need not be unique')
    .option('--snapshots', 'with its snapshots, if it has any (default)')
    .option('--no-snapshots', 'only if the volume has none: they live with it')
    .option('--idempotency-key <key>', 'repeats of the same key make one offer (default: a new one)')
    .action(async (name: string, options: CreateOptions) => offer(await contextOf(options, terminal), name, options))
  withCommon(create)
  withExamples(
    create,
    'scoria volume transfer request create db --name for-shop',
    'scoria volume transfer request create db -o value --columns auth_key',
  )
}

function addReads(request: Command, terminal: Terminal): void {
  const list = request
    .command('list')
    .description('list what the project offers, newest first')
    .option('--all-projects', 'of every project')
    .action(async (options: ListOptions) => listOffers(await contextOf(options, terminal), options))
  withCommon(list)
  withExamples(list, 'scoria volume transfer request list', 'scoria volume transfer request list -o json')

  const show = request
    .command('show')
    .description('show one offer of the project')
    .argument('<transfer-request>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const { client, output } = await contextOf(options, terminal)
      const transfer = await findTransfer(client, name)
      printOne(terminal, output, { transfer }, textOf(transfer, 'id'), fields(transfer))
    })
  withCommon(show)
  withExamples(show, 'scoria volume transfer request show for-shop', 'scoria volume transfer request show for-shop -o json')
}

function addEnds(request: Command, terminal: Terminal): void {
  const accept = request
    .command('accept')
    .description('take a volume over that another project offers')
    .argument('<transfer-request-id>', 'its id: names are known to the project that offers alone')
    .requiredOption('--auth-key <key>', 'as it was printed when the volume was offered')
    .action(async (id: string, options: AcceptOptions) => acceptOffer(await contextOf(options, terminal), id, options))
  withCommon(accept)
  withExamples(
    accept,
    'scoria volume transfer request accept 5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10 --auth-key 9266c59563c84664',
    'scoria volume transfer request accept ID --auth-key KEY --project shop',
  )

  const remove = request
    .command('delete')
    .description('take offers back; their volumes are available again')
    .argument('<transfer-requests...>', 'names or ids')
    .action(async (names: readonly string[], options: CommonOptions) => removeOffers(await contextOf(options, terminal), names))
  withCommon(remove)
  withExamples(remove, 'scoria volume transfer request delete for-shop', 'scoria volume transfer request delete one two')
}

async function offer({ client, terminal, output }: Context, name: string, options: CreateOptions): Promise<void> {
  const volume = textOf(await findVolume(client, name), 'id')
  const transfer = given({ volume_id: volume, name: options.name, no_snapshots: options.snapshots === false })
  const key = options.idempotencyKey ?? newKey()
  const body = await client.call({ method: 'POST', path: client.cinder('/volume-transfers'), body: { transfer }, idempotencyKey: key })
  const made = itemAt(body, 'transfer')
  printOne(terminal, output, body, textOf(made, 'id'), [...fields(made), ['auth_key', textOf(made, 'auth_key')]])
  terminal.err('the key is told this once: whoever has it and the id can accept the volume\n')
}

async function listOffers({ client, terminal, output }: Context, { allProjects }: ListOptions): Promise<void> {
  const transfers = await listAll(client, 'volume-transfers', new URLSearchParams(allProjects === true ? { all_tenants: '1' } : {}))
  const none = 'no offers; make one: scoria volume transfer request create VOLUME'
  printList(terminal, output, { transfers }, transfers, columns(terminal.nowMs()), none)
}

async function acceptOffer({ client, terminal, output }: Context, id: string, { authKey }: AcceptOptions): Promise<void> {
  if (!UUID.test(id)) throw usage(`${id} is no id of a transfer request`, 'the project that offers the volume knows it')
  const path = client.cinder(`/volume-transfers/${id}/accept`)
  const body = await client.call({ method: 'POST', path, body: { accept: { auth_key: authKey } } })
  const taken = itemAt(body, 'transfer')
  const shown = [
    ['name', textOf(taken, 'name')],
    ['id', textOf(taken, 'id')],
    ['volume', textOf(taken, 'volume_id')],
  ] as const
  printOne(terminal, output, body, textOf(taken, 'id'), shown)
}

async function removeOffers({ client, terminal }: Context, names: readonly string[]): Promise<void> {
  await forEachNamed(terminal, names, 'offers were not taken back', async (name) => {
    const id = textOf(await findTransfer(client, name), 'id')
    await client.call({ method: 'DELETE', path: client.cinder(`/volume-transfers/${id}`) })
    terminal.err(`transfer request ${name} (${id}) is taken back\n`)
  })
}

function columns(nowMs: number): readonly ListColumn<Item>[] {
  return [
    { header: 'NAME', cell: (transfer) => textOf(transfer, 'name') },
    { header: 'ID', cell: (transfer) => textOf(transfer, 'id') },
    { header: 'VOLUME', cell: (transfer) => textOf(transfer, 'volume_id') },
    { header: 'PROJECT', cell: (transfer) => textOf(transfer, 'source_project_id'), wide: true },
    { header: 'AGE', cell: (transfer) => ageText(transfer, 'created_at', nowMs) },
  ]
}

function fields(transfer: Item): readonly (readonly [string, string])[] {
  return [
    ['name', textOf(transfer, 'name')],
    ['id', textOf(transfer, 'id')],
    ['volume', textOf(transfer, 'volume_id')],
    ['project', textOf(transfer, 'source_project_id')],
    ['snapshots', textOf(transfer, 'no_snapshots') === 'true' ? 'none' : 'with the volume'],
    ['created', textOf(transfer, 'created_at')],
  ]
}
